"""Plants in which the way a test ends matters: polluters skipped or failing, chains, victims in setup or teardown, failures that vary.

Owns kinds 8 to 14 of the list in kinds.py. Must not know where they will stand.
"""

from bench.accuracy.maker import Maker, fixture, truth
from bench.accuracy.pieces import Plant, indented
from bench.accuracy.plants import expect
from bench.accuracy.truth import Check, Truth

PYTEST = ("import pytest",)


def skipped_polluter(m: Maker) -> Plant:
    """A polluter that is skipped, in the test or in its fixture, after it left the state behind."""
    kind, c = "skipped polluter", m.carried()
    skip = (*c.put[0], f'pytest.skip("no {m.words.noun()} here")')
    if m.rng.random() < 0.5:
        polluter = m.piece("polluter", skip, c, imports=PYTEST)
    else:
        name = m.words.noun()
        polluter = m.piece("polluter", ("assert True",), c, imports=PYTEST, arguments=(name,), prelude=fixture(name, *skip))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(polluter, m.victim(c), *m.decoys(c)),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed", polluter="skipped")),
        sequences=m.sequences("polluter"),
        places=m.places(c),
    )


def broken_polluter(m: Maker) -> Plant:
    """A polluter that itself always fails."""
    kind, c = "broken polluter", m.carried()
    polluter = m.piece("polluter", (*c.put[0], "assert 6 * 9 == 42"), c)
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(polluter, m.victim(c)),
        truths=(truth(kind, c, ("polluter",), all_named=True), Truth(plant="always broken", test="polluter", kinds=("broken",))),
        checks=(
            expect("victim", victim="passed"),
            expect("polluter", "victim", victim="failed", polluter="failed"),
            Check(order=("polluter",), outcomes={"polluter": "failed"}),
        ),
        sequences=m.sequences("polluter"),
        places=m.places(c),
    )


def chain(m: Maker) -> Plant:
    """A makes B fail, and so B never cleans up after itself, which breaks C."""
    kind, c = "chain", m.carried(2)
    middle = (*c.put[1], *m.fails_if(c.has[0]), *c.clear[1])
    pieces = (m.piece("first", c.put[0], c), m.piece("second", middle, c), m.victim(c, c.has[1]))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=pieces,
        truths=(
            truth(kind, c, ("first",), all_named=True, test="second"),
            truth(kind, c, ("first", "second"), flags=2, ordered=True, all_named=True),
        ),
        checks=(
            expect("victim", victim="passed"),
            expect("first", "second", "victim", victim="failed", second="failed"),
            expect("first", "victim", victim="passed"),
            expect("second", "victim", victim="passed"),
        ),
        sequences=(("victim", "second", "first"), ("second", "first", "victim"), ("second", "victim", "first")),
        places=m.places(c),
    )


def victim_in_setup(m: Maker) -> Plant:
    """The victim's fixture fails before the test."""
    return _in_fixture(m, "fails in setup", lambda lines: (*lines, "yield 1"))


def victim_in_teardown(m: Maker) -> Plant:
    """The victim's fixture fails after the test."""
    return _in_fixture(m, "fails in teardown", lambda lines: ("yield 1", *lines))


def _in_fixture(m: Maker, kind: str, around: object) -> Plant:
    c, name = m.carried(), m.words.noun()
    source = fixture(name, *around(m.fails_if(c.has[0])))  # type: ignore[operator]
    victim = m.piece("victim", (f"assert {name} == 1",), c, imports=PYTEST, prelude=source, arguments=(name,))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(m.polluter("polluter", c), victim),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="error")),
        sequences=m.sequences("polluter"),
        places=m.places(c),
    )


VARYING = (
    ('f"at {time.time_ns()}: {object()!r}"', ("import time",)),
    ('f"request {uuid.uuid4()} of {datetime.datetime.now()} was lost"', ("import datetime", "import uuid")),
    ('f"port {random.SystemRandom().randint(20000, 60000)} answered {time.perf_counter()}"', ("import random", "import time")),
    ('" ".join({uuid.uuid4().hex[:6] for _ in range(5)}) + f" in /tmp/run-{os.getpid()}"', ("import os", "import uuid")),
)


def varying_text(m: Maker) -> Plant:
    """The failure reads differently each time: times, addresses, random numbers, sets."""
    kind, c = "text that varies", m.carried()
    text, imports = m.rng.choice(VARYING)
    lines = m.rng.choice(((f"if {c.has[0]}:", f"    raise RuntimeError({text})"), (f"assert not ({c.has[0]}), {text}",)))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(m.polluter("polluter", c), m.piece("victim", lines, c, imports=imports)),
        truths=(truth(kind, c, ("polluter",), all_named=True),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="failed")),
        sequences=m.sequences("polluter"),
        places=m.places(c),
    )


def sometimes(m: Maker) -> Plant:
    """A victim that fails only at a rate after its polluter, and never without."""
    kind, c = "sometimes after its polluter", m.carried()
    rate = m.rng.choice((0.5, 0.7, 0.9))
    lines = (f"if {c.has[0]} and random.SystemRandom().random() < {rate}:", *indented(m.fails_if("True")))
    victim = m.piece("victim", lines, c, imports=("import random",))
    return Plant(
        kind=kind,
        modules=c.modules,
        pieces=(m.polluter("polluter", c), victim, *m.decoys(c)),
        truths=(truth(kind, c, ("polluter",), all_named=True, rate=rate),),
        checks=(expect("victim", victim="passed"), expect("polluter", "victim", victim="sometimes")),
        sequences=m.sequences("polluter"),
        places=m.places(c),
    )
