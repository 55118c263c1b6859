"""What is true of a generated suite: who fails, why, what it would be right to say; and how running it shows that.

Owns the records and their JSON. Must not generate, run or score anything. Before a suite is woven the same records hold *roles*
("polluter", "victim") where they hold test ids afterwards.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

FILE = "truth.json"
EVERY = "every:"  # before a role: every test of the file in which it stands


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A state that a finding may name: any of these kinds, with a key in which the expression is found."""

    kinds: tuple[str, ...]
    key: str


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """One test that fails in some orders (or leaves state behind), and what is right to say of it.

    `plant` names the kind of plant. `kinds`: the kinds of finding that are right. `sets`: alternatives, each a set needed together;
    they are state-setters where the test is brittle, else polluters, and empty where nobody is to be accused. With `all_named`
    a report that leaves an alternative out is incomplete. Of truths of one `group` one finding is enough.
    `pythons`: how many interpreters the hunt needs to see it. A latent one only leaves state behind.
    """

    plant: str
    test: str
    kinds: tuple[str, ...]
    sets: tuple[tuple[str, ...], ...] = ()
    ordered: bool = False
    all_named: bool = False
    cleaners: tuple[str, ...] = ()
    counterparts: tuple[str, ...] = ()
    state: tuple[State, ...] = ()
    carrier: str = ""
    group: str = ""
    rate: float = 1.0
    pythons: int = 1
    latent: bool = False

    @property
    def is_brittle(self) -> bool:
        """Whether `sets` are state-setters."""
        return self.kinds[:1] == ("brittle",)


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """An order to run in one process, and how its tests must end.

    `outcomes`: for a test of `order` `passed`, `failed`, `error`, `skipped`, `crashed` (or hangs), `sometimes` (passes in one run, fails in
    another), `conflicts` (fails in one of several runs, or the other process's test does).
    A `private` one shares its process with no other, and nothing but the files of its tests is collected.
    `elsewhere`: an order that another process runs first, in the same tree; at the same time, if `together`. `seconds`: when it is ended.
    """

    order: tuple[str, ...]
    outcomes: dict[str, str]
    private: bool = False
    elsewhere: tuple[str, ...] = ()
    together: bool = False
    seconds: float = 120.0


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """All that is true of one suite. `tests` are those that have a part in a plant; `options` are for the hunt."""

    name: str
    seed: int
    kind: str
    tests: int
    truths: tuple[Truth, ...]
    checks: tuple[tuple[Check, ...], ...]
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


Resolve = Callable[[str], tuple[str, ...]]


def resolve_truth(truth: Truth, ids: Resolve) -> Truth:
    """The truth with test ids in place of roles; a set of one role that stands for several tests becomes so many alternatives."""
    return msgspec.structs.replace(
        truth,
        test=ids(truth.test)[0],
        sets=tuple(alternative for roles in truth.sets for alternative in _alternatives(roles, ids)),
        cleaners=tuple(test for role in truth.cleaners for test in ids(role)),
        counterparts=tuple(test for role in truth.counterparts for test in ids(role)),
    )


def _alternatives(roles: tuple[str, ...], ids: Resolve) -> list[tuple[str, ...]]:
    if len(roles) == 1:
        return [(test,) for test in ids(roles[0])]
    return [tuple(ids(role)[0] for role in roles)]


def resolve_check(check: Check, ids: Resolve) -> Check:
    """The check with test ids in place of roles."""
    return msgspec.structs.replace(
        check,
        order=tuple(ids(role)[0] for role in check.order),
        outcomes={ids(role)[0]: outcome for role, outcome in check.outcomes.items()},
        elsewhere=tuple(ids(role)[0] for role in check.elsewhere),
    )


def write(planted: Planted, folder: Path) -> None:
    """Beside the suite, never in it: the detector must not find it."""
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(planted), indent=1))


def read(folder: Path) -> Planted:
    """What `write` wrote."""
    return msgspec.json.decode((folder / FILE).read_bytes(), type=Planted)


def is_state(state: State, entry: Mapping[str, object]) -> bool:
    """Whether an entry of a finding's `state` names it."""
    return entry.get("kind") in state.kinds and re.search(state.key, str(entry.get("key", ""))) is not None
