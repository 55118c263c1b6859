"""The shape of findings.json, version 1: what users and their scripts may rely on.

Owns the published records; the JSON Schema is made from them. Fields are only ever added. Where a record of the model already has the
published fields under the published names it is used as it is. Must not convert anything: that is `findings_json`.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from flaky_detector.model import (
    Confidence,
    Cost,
    Gap,
    Kind,
    LatentPolluter,
    Location,
    Nights,
    Orders,
    Pairs,
    Remedy,
    RunSummary,
    StateChange,
    Suspect,
    TestId,
)

SCHEMA_VERSION: Literal[1] = 1

Sets = Annotated[
    tuple[tuple[TestId, ...], ...], Meta(description="Alternatives; each inner list is a set of tests needed together, in this order.")
]
Share = Annotated[str, Meta(pattern="^[0-9]+/[0-9]+$", description="Failures with the same signature / attempts.")]


class PublishedTool(msgspec.Struct, frozen=True):
    """The program that wrote the file."""

    name: str
    version: str


class PublishedSignature(msgspec.Struct, frozen=True, kw_only=True):
    """Identity of the failure. `resource` is `resources` as one text."""

    rule: str
    resource: str
    exception: str
    resources: tuple[str, ...] = ()
    where: str = ""


class PublishedTrial(msgspec.Struct, frozen=True, kw_only=True):
    """One order that was re-run. `order` names its steps as `worker:index`, the index into the top-level `tests`: `0:17 0:4 1:23`."""

    role: str
    same: int = 0
    passed: int = 0
    other: int = 0
    order: Annotated[str, Meta(pattern="^([0-9]+:[0-9]+( [0-9]+:[0-9]+)*)?$")] = ""
    collect: tuple[str, ...] = ()
    together: bool = False


class PublishedDiagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Why it happens. Text between backticks is code."""

    rule: str
    cause: str = ""
    steps: tuple[str, ...] = ()
    other_remedies: tuple[Remedy, ...] = ()


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What the pages are drawn from beside the published fields. May grow in any version."""

    trials: tuple[PublishedTrial, ...] = ()
    warm_up: tuple[TestId, ...] = ()
    phases: tuple[str, ...] = ()
    message: str = ""
    failed_in: int = 0
    seen_in: int = 0
    failing_runs: tuple[str, ...] = ()
    complete: bool = True
    notes: tuple[str, ...] = ()
    orders_note: str = ""
    imported: tuple[str, ...] = ()
    left_by: dict[TestId, tuple[Annotated[int, Meta(ge=0)], ...]] = {}
    diagnosis: PublishedDiagnosis | None = None


class PublishedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One failing test with all that is known of its cause."""

    test: Annotated[TestId, Meta(description="Full pytest node id of the test that fails.")]
    kind: Kind
    confidence: Annotated[Confidence, Meta(description="proven means re-run: passes alone, fails after the polluter, each repeated.")]
    polluters: Sets
    state_setters: Sets
    cleaners: Sets
    suspects: Annotated[tuple[Suspect, ...], Meta(description="Ranked, best first.")]
    signature: PublishedSignature
    state: Annotated[tuple[StateChange, ...], Meta(description="What the polluter left behind.")]
    minimal_order: tuple[TestId, ...]
    reproduce: Annotated[str, Meta(description="One command line to paste into a shell in the checkout.")]
    location: Annotated[Location | None, Meta(description="Where the polluter leaves the state behind.")]
    remedy: Annotated[Remedy | None, Meta(description="The remedy that fits best.")]
    trials: Annotated[dict[str, Share], Meta(description="Failures / attempts by role: alone, after_polluter, without, …")]
    pythons: Annotated[tuple[str, ...], Meta(description="Where it was seen to fail.")]
    fingerprint: Annotated[str, Meta(description="Stable from night to night.")]
    minimal_steps: Annotated[
        tuple[tuple[int, TestId], ...], Meta(description="The minimal order with its workers, where it needs several; else empty.")
    ] = ()
    counterparts: Annotated[
        tuple[TestId, ...], Meta(description="Tests of another worker with which it conflicts while both run; for cross-worker findings.")
    ] = ()
    victims: Annotated[
        tuple[TestId, ...],
        Meta(description="All tests of a suspected cause with many victims, `test` first; empty where the finding is about one test."),
    ] = ()
    victim_counts: Annotated[
        dict[str, int], Meta(description="How many of the victims fail with each exception; a test may have several.")
    ] = {}
    orders: Annotated[
        Orders,
        Meta(
            description="In which orders it can happen: own means in the project's own order in one process, distribution on a worker to"
            " which xdist hands the tests, unsorted only in an order that undoes the sort of the project's plugins."
        ),
    ] = "unknown"
    notes: Annotated[tuple[str, ...], Meta(description="What more is known, tried, or not known, a sentence each.")] = ()
    details: Details | None = None


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a hunt or an analysis."""

    schema_version: Literal[1]
    tool: PublishedTool
    status: Literal["complete", "budget-exhausted", "interrupted"]
    runs: tuple[RunSummary, ...]
    findings: tuple[PublishedFinding, ...]
    latent_polluters: Annotated[
        tuple[LatentPolluter, ...], Meta(description="Tests that leave state behind; no test was seen to fail from it.")
    ]
    gaps: Annotated[tuple[Gap, ...], Meta(description="Evidence that was missing, unreadable or cut short.")]
    cost: Cost
    pairs: Annotated[
        Pairs, Meta(description="Which share of the ordered pairs of tests met in one process, and by the end of which run.")
    ] = Pairs()
    settings: dict[str, Any] = {}
    tests: Annotated[tuple[TestId, ...], Meta(description="Node ids that the trials refer to by index.")] = ()
    nights: Annotated[
        Nights | None,
        Meta(
            description="What is remembered of earlier nights, where a history is kept. Verdicts: proven and seen mean that it failed"
            " tonight; quiet that its orders were re-run and passed, and no run met it; cured the same for cured_after nights in a row;"
            " gone that its tests are no longer in the suite; unclear that it could not be judged; untried that nobody looked."
        ),
    ] = None


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of findings.json."""
    made = msgspec.json.schema(Published)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "findings.json of flaky-detector, version 1",
        **made,
    }
