"""What every plant is made with: names, a state to carry the pollution, and the usual pieces.

Owns the choices that all plants share. Must not know any one plant.
"""

import random

from bench.accuracy.carriers import OWN, Carried, Names, here
from bench.accuracy.carriers_of_process import OF_PROCESS, ONCE, file, temporary_file, warnings_filter
from bench.accuracy.pieces import Lines, Piece, indented
from bench.accuracy.truth import State, Truth
from bench.accuracy.words import Words

CHANCE_OF_SAMPLES = 0.2
CHANCE_OF_ONCE = 0.4
BEFORE = 0.35
CLEARED_AS_A_WHOLE = ("lru_cache", "mutable default argument", "replaced function")


class Maker:
    """Makes pieces for one suite. States that exist once in a process are given out once."""

    def __init__(self, rng: random.Random, words: Words, *, warnings_are_free: bool = False) -> None:
        self.rng = rng
        self.words = words
        self.package = words.package
        self._once = [kind for kind in rng.sample(ONCE, len(ONCE)) if kind is not warnings_filter or warnings_are_free]

    def carried(self, flags: int = 1, *, stays: bool = False, anywhere: bool = False) -> Carried:
        """A state of so many flags; one that `stays` is of the project or the process, and outlives no process; `anywhere`: in any file."""
        names = Names(self.package, self.words.noun())
        if flags == 1 and self._once and self.rng.random() < CHANCE_OF_ONCE:
            return self._once.pop()(names)
        kinds = [kind for kind in (*OWN, *OF_PROCESS) if not (stays and kind in (file, temporary_file)) and not (anywhere and kind is here)]
        return self.rng.choice(kinds)(names)

    def named(self, kind: object) -> Carried:
        """A state of this kind."""
        return kind(Names(self.package, self.words.noun()))  # type: ignore[operator, no-any-return]

    def piece(self, role: str, lines: Lines, carried: Carried, **others: object) -> Piece:
        """A test of this role that touches the state."""
        imports = (*carried.imports, *others.pop("imports", ()))  # type: ignore[misc]
        prelude = (*carried.prelude, *others.pop("prelude", ()))  # type: ignore[misc]
        return Piece(role=role, name=self.words.test(), lines=lines, imports=imports, prelude=prelude, **others)  # type: ignore[arg-type]

    def polluter(self, role: str, carried: Carried, flag: int = 0) -> Piece:
        """A test that leaves the state behind; sometimes as one sample of several."""
        if self.rng.random() >= CHANCE_OF_SAMPLES:
            return self.piece(role, self.put(carried, flag), carried)
        samples = self.words.samples(self.rng.randint(2, 4))
        return self.piece(role, carried.put[flag], carried, samples=samples, acts_on=self.rng.choice(samples), imports=("import pytest",))

    def put(self, carried: Carried, flag: int = 0) -> Lines:
        """Lines that leave it behind, and perhaps look at it."""
        looks = self.rng.random() < 0.5 and carried.sticks
        return (*carried.put[flag], *((f"assert {carried.has[flag]}",) if looks else ()))

    def fails_if(self, condition: str) -> Lines:
        """Lines that fail where the condition holds, in one of several manners."""
        word = self.words.noun()
        return self.rng.choice(
            (
                (f"assert not ({condition})",),
                (f"if {condition}:", f'    raise ValueError("the {word} is not as it was")'),
                (f"{word} = 2 if {condition} else 1", f"assert {word} == 1"),
                (f"{word} = dict(here=1) if not ({condition}) else {{}}", f'assert {word}["here"]'),
            )
        )

    def victim(self, carried: Carried, condition: str = "", **others: object) -> Piece:
        """A test that fails where the condition (the first flag) holds."""
        return self.piece("victim", self.fails_if(condition or carried.has[0]), carried, **others)

    def decoys(self, carried: Carried) -> tuple[Piece, ...]:
        """Sometimes an innocent that touches the same state elsewhere, or looks at it, or leaves it as it was."""
        if carried.prelude or len(carried.put) < 2 or self.rng.random() < 0.5:
            return ()
        looks = (f"assert ({carried.has[2]}) in (True, False)",)
        restores = ("try:", *indented(carried.put[2]), "finally:", *indented(carried.clear[2]))
        beside = carried.put[2]
        harmless = (looks, beside) if carried.carrier in CLEARED_AS_A_WHOLE else (looks, beside, restores)
        return (self.piece("", self.rng.choice(harmless), carried),)

    def sequences(self, *polluters: str) -> tuple[Lines, ...]:
        """The own order: polluters before the victim in about a third of the plants, else after it."""
        before = self.rng.random() < BEFORE
        return ((*polluters, "victim"),) if before else (("victim", *polluters),)

    def places(self, carried: Carried) -> Lines:
        """Where the plant may stand: what a test module carries stays in its file."""
        return ("file", "class") if carried.prelude else ("files", "files", "files", "file", "class")


def truth(plant: str, carried: Carried | None, *sets: Lines, flags: int = 1, **others: object) -> Truth:
    """The truth of a victim, in terms of roles."""
    state: tuple[State, ...] = carried.state[:flags] if carried else ()
    values: dict[str, object] = {"test": "victim", "kinds": ("victim",), "carrier": carried.carrier if carried else ""} | others
    return Truth(plant=plant, sets=sets, state=state, **values)  # type: ignore[arg-type]


def fixture(name: str, *lines: str, scope: str = "function", autouse: bool = False) -> Lines:
    """The source of a pytest fixture."""
    options = ", ".join([*([f'scope="{scope}"'] if scope != "function" else []), *(["autouse=True"] if autouse else [])])
    return (f"@pytest.fixture({options})" if options else "@pytest.fixture", f"def {name}():", *indented(lines))
