"""What was seen: executions, failures, state changes, runs; and what follows from them: symptoms and suspects.

Frozen records, tuples only. Must not hold verdicts: those are in `findings`.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from flaky_detector.model.design import RunSpec
from flaky_detector.model.identity import Gap, TestId

Phase = Literal["setup", "call", "teardown"]


class Outcome(StrEnum):
    """How an execution ended, over all of its phases."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    CRASHED = "crashed"

    @property
    def is_failure(self) -> bool:
        """Whether a CI job would be red for it."""
        return self in (Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED)


class Raised(msgspec.Struct, frozen=True):
    """One exception of a chain: its qualified type and its message."""

    type: str
    message: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why one phase of one execution failed.

    `exception` is the qualified type (`psycopg2.errors.DuplicateTable`; from a foreign JUnit file often the bare name),
    `message` its text, `chain` the exceptions it was raised from, outermost cause last. `raised_at` is `path:function` of the
    innermost frame, `test_frame` that of the innermost frame inside the rootdir; no line numbers, they move. `text` is pytest's
    long representation, `output` what was captured on stdout, stderr and log, both cut to a bound.
    """

    phase: Phase
    exception: str
    message: str
    chain: tuple[Raised, ...] = ()
    raised_at: str = ""
    test_frame: str = ""
    line: int = 0
    text: str = ""
    output: str = ""


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a test left different.

    `before` and `after` are digests (never values), None where the thing did not exist. `scope` is `function`, or the
    wider fixture scope on whose account the change was seen. `origin` says where in source the thing came from
    (`tests.test_routers:test_x.<locals>.AnalyticsModel`, or empty).
    """

    kind: str
    key: str
    before: str | None = None
    after: str | None = None
    scope: str = "function"
    origin: str = ""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One test run once, at one position, by one worker.

    `position` counts from 0 on its worker; -1 where the order is not known. `started_seconds` is wall-clock time since the
    epoch, 0.0 where not known. `traits` are words about the test (`db`, `transactional_db`, `fixture:migrator`,
    `unittest`). `claims` are things that only one test can have at a time and that it took, if only for a while: a port, a file under
    a fixed name. `attempt` counts reruns from 0.
    """

    test: TestId
    worker: str
    position: int
    outcome: Outcome
    duration_seconds: float = 0.0
    started_seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    state: tuple[StateChange, ...] = ()
    claims: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    attempt: int = 0


class Imported(msgspec.Struct, frozen=True):
    """What a test file, by its path, left different when it was imported."""

    path: str
    state: tuple[StateChange, ...]


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known of one run, from all of its witnesses.

    `executions` are sorted by worker, then position. `witnesses` names what was read (`journal-gw0`, `junit`, `console`).
    `has_order` is False where positions are unknown. `app_labels` are the Django app labels seen by the recorder.
    `collected` is the project's own collection order where the recorder saw it, else empty. `imported_originals` lists
    files that the run imported from the user's own tree although it ran in a copy. `shared` names what two runs at once would meet over:
    ports that were bound by number, files written outside the tree and the scratch folder. `imports` are files that left something
    different when they were imported, as far as deep probes looked on.
    """

    spec: RunSpec
    python: str = ""
    executions: tuple[Execution, ...] = ()
    exit_code: int = 0
    seconds: float = 0.0
    timed_out: bool = False
    has_order: bool = True
    witnesses: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    collected: tuple[TestId, ...] = ()
    app_labels: tuple[str, ...] = ()
    imported_originals: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    imports: tuple[Imported, ...] = ()
    bundle: str = ""

    @property
    def failed(self) -> int:
        """Number of executions that failed."""
        return sum(execution.outcome.is_failure for execution in self.executions)

    def by_worker(self) -> dict[str, tuple[Execution, ...]]:
        """Executions of each worker, in the order in which it ran them."""
        workers: dict[str, list[Execution]] = {}
        for execution in self.executions:
            workers.setdefault(execution.worker, []).append(execution)
        return {worker: tuple(sorted(rows, key=lambda row: row.position)) for worker, rows in workers.items()}


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of a failure.

    `resources` are the contested things (model `app.Model`, table name, …), sorted; a drift may name several. `exception` is the
    bare exception type, with its message where the rule says that the message is stable (`SystemExit: 1`). `where` is
    used by the fallback rule only.
    """

    rule: str
    resources: tuple[str, ...] = ()
    exception: str = ""
    where: str = ""

    @property
    def resource(self) -> str:
        """The resources as one text."""
        return ", ".join(self.resources)

    def matches(self, other: "Signature") -> bool:
        """Whether two failures are the same one.

        Rule, exception and place are equal; resources overlap, or one side does not know them. Two polluters may leave
        different models behind, so a drift after either names other models and is the same drift.
        """
        return (
            self.rule == other.rule
            and self.exception == other.exception
            and self.where == other.where
            and (not self.resources or not other.resources or bool(set(self.resources) & set(other.resources)))
        )

    def is_like(self, other: "Signature") -> bool:
        """Whether no rule knows either, and both are of one type and from one file of the project: texts differ between runs."""
        return (
            self.rule == other.rule == "fallback"
            and bool(self.where)
            and self.where == other.where
            and self.exception.partition(":")[0] == other.exception.partition(":")[0]
        )


class Sighting(msgspec.Struct, frozen=True):
    """Where an execution of a symptom's test stands: which run, which worker, which position."""

    run: str
    worker: str
    position: int


class Symptom(msgspec.Struct, frozen=True, kw_only=True):
    """A test with one signature, the executions that failed with it and those that passed.

    `also` are further signatures of the test that no rule knows and that were raised in the same file: the text of a failure, and even
    its type, may differ from run to run.
    """

    test: TestId
    signature: Signature
    also: tuple[Signature, ...] = ()
    failing: tuple[Sighting, ...]
    passing: tuple[Sighting, ...] = ()
    pythons: tuple[str, ...] = ()
    passing_pythons: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    example: Failure | None = None

    @property
    def always_fails(self) -> bool:
        """Whether no execution was ever seen to pass."""
        return not self.passing


class Evidence(msgspec.Struct, frozen=True):
    """One reason to suspect a test: `kind` is `order`, `state`, `name` or `tree`; `text` tells its numbers."""

    kind: str
    text: str


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A test that may be the cause; `score` is between 0 and 1, comparable within one symptom only.

    `worker` tells on which worker it ran in the failing order: "same" as the victim's, or "other".
    """

    test: TestId
    score: float
    role: Literal["polluter", "state-setter", "cleaner"] = "polluter"
    worker: Literal["same", "other"] = "same"
    evidence: tuple[Evidence, ...] = ()
