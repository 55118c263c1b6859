"""What is concluded: trials, proofs, diagnoses, findings, and the whole result.

The shapes that `findings.json` publishes. Must not compute anything.
"""

from typing import Any, Literal

import msgspec

from flaky_detector.model.design import Order
from flaky_detector.model.evidence import Signature, Suspect
from flaky_detector.model.execution import StateChange
from flaky_detector.model.identity import Gap, Location, TestId
from flaky_detector.model.nights import Nights

Kind = Literal["victim", "brittle", "non-deterministic", "cross-worker", "environment", "broken", "unknown"]
Confidence = Literal["proven", "likely", "suspected"]
Orders = Literal["own", "distribution", "unsorted", "unknown"]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One order, re-run: how often its last test failed with the same signature, passed, or ended otherwise.

    `role` says what the trial is for: `alone`, `after-polluter`, `without` (a control that leaves one step out), `search`,
    `replay`, `after-state-setter`, `after-cleaner`, `after-import` (nothing runs before it, but `collect`, further files, are imported),
    `together` (the last step began while the one before it was running on another worker).
    """

    order: Order
    role: str
    collect: tuple[str, ...] = ()
    together: bool = False
    same: int = 0
    passed: int = 0
    other: int = 0

    @property
    def attempts(self) -> int:
        """How often the order was run to an answer."""
        return self.same + self.passed + self.other


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one symptom.

    `polluters` are alternatives, each a set needed together in order; all were re-run. `minimal_order` includes the warm-up
    test where one was needed (`warm_up` names it) and ends with the victim. `complete` is False where time ran out: then
    the minimal order is the smallest so far. `counterparts` are tests of another worker with which it conflicts while both run.
    `tried` says in words what was tried, for a reader who gets no polluter, and what more is known. `left_by` tells of each test that is
    named which of `state` it left, by their places.
    """

    test: TestId
    signature: Signature
    kind: Kind
    confidence: Confidence
    polluters: tuple[tuple[TestId, ...], ...] = ()
    state_setters: tuple[tuple[TestId, ...], ...] = ()
    cleaners: tuple[tuple[TestId, ...], ...] = ()
    counterparts: tuple[TestId, ...] = ()
    minimal_order: Order = ()
    warm_up: tuple[TestId, ...] = ()
    trials: tuple[Trial, ...] = ()
    state: tuple[StateChange, ...] = ()
    left_by: dict[TestId, tuple[int, ...]] = {}
    complete: bool = True
    tried: tuple[str, ...] = ()
    imported: tuple[str, ...] = ()


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """One way to mend the cause, and when it fits; `patch` is a unified diff or None."""

    title: str
    text: str
    fits: str = ""
    example: str = ""
    patch: str | None = None
    patch_verified: bool = False


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Why it happens, told from the proof and the sources.

    `cause` is prose for a person, one paragraph. `steps` tells a chain, one line a step, with the worker of each. `location` is
    where the polluter leaves the state behind. `remedies`: the first fits best.
    """

    rule: str
    cause: str = ""
    steps: tuple[str, ...] = ()
    location: Location | None = None
    remedies: tuple[Remedy, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One failing test with all that is known of its cause.

    `failed_in` and `seen_in` count runs; `failing_runs` are the ids of the runs in which it failed. Where many tests seem to have one
    cause and nothing is proven, they are one finding: `victims` are all of them as they came (`test` is the first), `victim_counts` counts
    them by exception; both are empty for a finding about one test. `orders` says in which orders it can happen, `orders_note` why.
    Of the polluters in `imported` files the import alone is enough. `left_by` tells of each test that is named which of `state` it left, by
    their places; of a test that is not in it that is not known.
    """

    test: TestId
    kind: Kind
    confidence: Confidence
    signature: Signature
    polluters: tuple[tuple[TestId, ...], ...] = ()
    state_setters: tuple[tuple[TestId, ...], ...] = ()
    cleaners: tuple[tuple[TestId, ...], ...] = ()
    counterparts: tuple[TestId, ...] = ()
    suspects: tuple[Suspect, ...] = ()
    state: tuple[StateChange, ...] = ()
    left_by: dict[TestId, tuple[int, ...]] = {}
    minimal_order: Order = ()
    warm_up: tuple[TestId, ...] = ()
    reproduce: str = ""
    diagnosis: Diagnosis | None = None
    trials: tuple[Trial, ...] = ()
    pythons: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    message: str = ""
    failed_in: int = 0
    seen_in: int = 0
    failing_runs: tuple[str, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()
    fingerprint: str = ""
    victims: tuple[TestId, ...] = ()
    victim_counts: dict[str, int] = {}
    orders: Orders = "unknown"
    orders_note: str = ""
    imported: tuple[str, ...] = ()

    @property
    def tests(self) -> tuple[TestId, ...]:
        """The tests that fail: one, or all victims of a cause."""
        return self.victims or (self.test,)


class LatentPolluter(msgspec.Struct, frozen=True, kw_only=True):
    """A test that leaves state behind; no test was seen to fail from it yet. Never an accusation."""

    test: TestId
    state: tuple[StateChange, ...]


class RunSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One run as the report shows it."""

    id: str
    python: str
    arrangement: str
    seed: int | None
    distribution: str
    workers: int
    tests: int
    failed: int
    seconds: float
    exit_code: int
    why: str = ""


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer cost; `suite_seconds` is what one run of the suite in its own order took, to compare with."""

    suite_seconds: float = 0.0
    wall_seconds: float = 0.0
    pytest_processes: int = 0
    trials: int = 0
    test_executions: int = 0


class PairsOfRun(msgspec.Struct, frozen=True, array_like=True):
    """A run, and the share of ordered pairs of tests that had met by its end."""

    run: str
    share: float


class Pairs(msgspec.Struct, frozen=True, kw_only=True):
    """Which share of the ordered pairs of tests met in one process, 0 to 1; `sampled` where it is an estimate."""

    share: float = 0.0
    sampled: bool = False
    runs: tuple[PairsOfRun, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """The whole result of a hunt or an analysis: what every voice of the report speaks from. `nights` where earlier ones are remembered."""

    status: Literal["complete", "budget-exhausted", "interrupted"] = "complete"
    runs: tuple[RunSummary, ...] = ()
    findings: tuple[Finding, ...] = ()
    latent_polluters: tuple[LatentPolluter, ...] = ()
    gaps: tuple[Gap, ...] = ()
    cost: Cost = Cost()
    pairs: Pairs = Pairs()
    settings: dict[str, Any] = {}
    nights: Nights | None = None
