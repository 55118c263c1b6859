"""What the prover is given for one symptom, and how far it may go.

Owns two records. Must not ask or decide anything.
"""

import time
from collections.abc import Mapping

import msgspec

from flaky_detector.model import Order, StateChange, Suspect, Symptom, TestId


class Docket(msgspec.Struct, frozen=True, kw_only=True):
    """One symptom with everything that the runs tell of it.

    `failing` is an order in which it failed: what its own worker ran before it, without the victim; `failing_on` what that worker ran from
    it on, it among them. `elsewhere` is what other
    workers had begun by then, in time's order. `beside` are tests that other workers were running while it failed, most often first.
    `passing` are orders in which it passed, shortest first, without the victim. `everything` is the whole suite in its own order, without
    tests that crash or hang. `warm_up` are harmless tests that set a database up: one for each worker; `idle` is a harmless test that
    stands in where a worker must have something to do. `left` says what each test leaves behind, without what is `noisy`; of that, what is
    `frequent` may be told once a proof holds, and who leaves it. `known` are sets of tests, by worker, that were proven for a failure of
    the same family: tried first; `known_elsewhere` those of other families; `kindred` are all sets that were proven for the family,
    alternatives among them. `fellows` are all tests that failed in some run, it among them;
    `is_kin_broken` says that others of its family were found broken and nobody's victim, `came_after_all` that every other test ran
    before it, in one of several runs in which it failed nevertheless. `seconds` estimates how long the failing order takes,
    `victim_seconds` how long the victim itself does, `suite_seconds` the whole suite.
    """

    symptom: Symptom
    suspects: tuple[Suspect, ...] = ()
    failing: tuple[TestId, ...] = ()
    failing_on: tuple[TestId, ...] = ()
    elsewhere: tuple[TestId, ...] = ()
    beside: tuple[TestId, ...] = ()
    passing: tuple[tuple[TestId, ...], ...] = ()
    everything: tuple[TestId, ...] = ()
    warm_up: tuple[TestId, ...] = ()
    idle: TestId | None = None
    left: Mapping[TestId, tuple[StateChange, ...]] = {}
    noisy: frozenset[tuple[str, str]] = frozenset()
    frequent: Mapping[tuple[str, str], tuple[TestId, ...]] = {}
    known: tuple[Order, ...] = ()
    known_elsewhere: tuple[Order, ...] = ()
    kindred: tuple[tuple[TestId, ...], ...] = ()
    fellows: tuple[TestId, ...] = ()
    is_kin_broken: bool = False
    came_after_all: bool = False
    app_labels: tuple[str, ...] = ()
    python: str = ""
    other_pythons: tuple[str, ...] = ()
    seconds: float = 0.0
    victim_seconds: float = 0.0
    suite_seconds: float = 0.0


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How far the prover may go.

    `repeats` is how often each order of a proof is run; `deadline` a `time.monotonic()` value; `most_singles` how many suspects are tried
    alone; `jobs` how many trials may run at once. `look_further` says whether to look for a second polluter in what remains of the failing
    order once a first is proven.
    """

    repeats: int = 3
    deadline: float = float("inf")
    most_singles: int = 12
    jobs: int = 1
    look_further: bool = True

    @property
    def seconds_left(self) -> float:
        """Until the deadline."""
        return self.deadline - time.monotonic()
