"""Plants of tests that depend on one another through one process's state: victims of one, of several, jointly, with cleaners, brittle ones.

Owns kinds 1 to 7 of the list in kinds.py. Must not know where they will stand.
"""

from bench.accuracy.maker import Maker, truth
from bench.accuracy.pieces import Plant
from bench.accuracy.truth import Check


def expect(*order: str, victim: str, **others: str) -> Check:
    """A check that ends so for the victim, and with success for the others."""
    outcomes = dict.fromkeys(order, "passed") | others | {"victim": victim}
    return Check(order=order, outcomes=outcomes)


def victim_of_one(m: Maker) -> Plant:
    """One polluter."""
    c = m.carried()
    return Plant(
        kind="one polluter",
        modules=c.modules,
        pieces=(m.polluter("polluter", c), m.victim(c), *m.decoys(c)),
        truths=(truth("one polluter", c, ("polluter",), all_named=True),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
        sequences=m.sequences("polluter"),
        places=m.places(c),
    )


def victim_of_any(m: Maker) -> Plant:
    """Either of two or three, by the same state or by two of them; each alone is enough."""
    roles = ("first", "second", "third")[: m.rng.randint(2, 3)]
    c = m.carried(3)
    same = m.rng.random() < 0.5
    flags = [0 if same else number for number in range(len(roles))]
    condition = " or ".join(dict.fromkeys(f"({c.has[flag]})" for flag in flags))
    pieces = (*(m.polluter(role, c, flag) for role, flag in zip(roles, flags, strict=True)), m.victim(c, condition))
    return Plant(
        kind="either of several",
        modules=c.modules,
        pieces=pieces,
        truths=(truth("either of several", c, *((role,) for role in roles), flags=1 if same else len(roles), all_named=True),),
        checks=(expect("victim", victim="passed"), *(expect(role, "victim", victim="failed") for role in roles)),
        sequences=_spread(m, roles),
        places=m.places(c),
    )


def _spread(m: Maker, roles: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Own orders with some polluters before the victim and some after, or all on one side."""
    at = m.rng.choice((0, 0, 1, len(roles)))
    return ((*roles[:at], "victim", *roles[at:]),)


def joint(m: Maker, kind: str, count: int, *, ordered: bool) -> Plant:
    """`count` polluters that are needed together, in any order or in one."""
    roles = ("first", "second", "third")[:count]
    c = m.carried(count)
    pieces = []
    for number, role in enumerate(roles):
        lines = c.put[number]
        if ordered and number:
            lines = (f"if {c.has[number - 1]}:", *(f"    {line}" for line in lines), "assert True")
        pieces.append(m.piece(role, lines, c))
    condition = c.has[count - 1] if ordered else " and ".join(f"({has})" for has in c.has[:count])
    less = [tuple(role for role in roles if role != left_out) for left_out in roles]
    turned = expect(*reversed(roles), "victim", victim="passed" if ordered else "failed")
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(*pieces, m.victim(c, condition)),
        truths=(truth(kind, c, roles, flags=count, ordered=ordered, all_named=True),),
        checks=(
            expect("victim", victim="passed"),
            expect(*roles, "victim", victim="failed"),
            *(expect(*order, "victim", victim="passed") for order in less),
            turned,
        ),
        sequences=((roles[0], "victim", *roles[1:]), ("victim", *roles), (*roles[1:], "victim", roles[0])),
        places=m.places(c),
    )


def two_in_any_order(m: Maker) -> Plant:
    """Two needed together."""
    return joint(m, "two together", 2, ordered=False)


def two_in_one_order(m: Maker) -> Plant:
    """Two needed together, one before the other."""
    return joint(m, "two in one order", 2, ordered=True)


def three_together(m: Maker) -> Plant:
    """Three needed together, in any order or in one."""
    return joint(m, "three together", 3, ordered=m.rng.random() < 0.3)


def cleaner(m: Maker) -> Plant:
    """A cleaner resets what the polluter left, so the own order passes."""
    c = m.carried()
    return Plant(
        kind="cleaner between",
        modules=c.modules,
        pieces=(m.polluter("polluter", c), m.piece("cleaner", c.clear[0], c), m.victim(c), *m.decoys(c)),
        truths=(truth("cleaner between", c, ("polluter",), cleaners=("cleaner",), all_named=True),),
        checks=(
            expect("victim", victim="passed"),
            expect("polluter", "victim", victim="failed"),
            expect("polluter", "cleaner", "victim", victim="passed"),
        ),
        sequences=(("polluter", "cleaner", "victim"),),
        places=m.places(c),
    )


def brittle(m: Maker, kind: str, count: int) -> Plant:
    """A test that needs what one of the state-setters leaves behind."""
    roles = ("first", "second", "third")[:count]
    c = m.carried(stays=True)
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(*(m.polluter(role, c) for role in roles), m.victim(c, f"not ({c.has[0]})")),
        truths=(truth(kind, c, *((role,) for role in roles), kinds=("brittle",)),),
        checks=(expect("victim", victim="failed"), *(expect(role, "victim", victim="passed") for role in roles)),
        sequences=_spread(m, roles),
        places=m.places(c),
    )


def brittle_of_one(m: Maker) -> Plant:
    """Brittle, with one state-setter."""
    return brittle(m, "brittle, one setter", 1)


def brittle_of_several(m: Maker) -> Plant:
    """Brittle, with two or three state-setters."""
    return brittle(m, "brittle, several setters", m.rng.randint(2, 3))
