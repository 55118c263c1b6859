"""What was seen: runs; and what follows from them: symptoms and suspects.

Frozen records, tuples only. Must not hold verdicts: those are in `findings`.
"""

from typing import Literal

import msgspec

from flaky_detector.model.design import RunSpec, Slice
from flaky_detector.model.execution import Failure, StateChange
from flaky_detector.model.executions import Executions
from flaky_detector.model.identity import Gap, TestId


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
    different when they were imported, as far as deep probes looked on. `slice` says which part of which plan the run was, where it was
    made on a runner of its own. `outage` says what gave way while it ran, the disk or the database server; empty where all went well.
    """

    spec: RunSpec
    python: str = ""
    executions: Executions = Executions()
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
    slice: Slice | None = None
    outage: str = ""
    bundle: str = ""

    def __post_init__(self) -> None:
        """Executions that were given in a tuple are put into columns."""
        given: object = self.executions
        if isinstance(given, tuple):
            msgspec.structs.force_setattr(self, "executions", Executions(given))

    @property
    def failed(self) -> int:
        """Number of executions that failed."""
        return self.executions.failed

    def by_worker(self) -> dict[str, Executions]:
        """Executions of each worker, in the order in which it ran them."""
        return self.executions.by_worker()


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
