"""Nouns: identity, design, evidence, findings, and the versioned JSON codec. Frozen, no I/O."""

from flaky_detector.model.design import (
    Arrangement,
    Distribution,
    Order,
    Provided,
    RunSpec,
    Slice,
    Step,
    Suite,
    on_one_worker,
    workers_of,
)
from flaky_detector.model.evidence import (
    Evidence,
    Imported,
    RunRecord,
    Sighting,
    Signature,
    Suspect,
    Symptom,
)
from flaky_detector.model.execution import Execution, Failure, Outcome, Phase, Raised, StateChange
from flaky_detector.model.executions import Executions
from flaky_detector.model.findings import (
    Confidence,
    Cost,
    Diagnosis,
    Finding,
    Kind,
    LatentPolluter,
    Orders,
    Pairs,
    Proof,
    Remedy,
    Result,
    RunSummary,
    Trial,
)
from flaky_detector.model.identity import Gap, Location, TestId, bare_test_id, function_of, path_of, short_name
from flaky_detector.model.nights import CauseNight, History, KnownCause, KnownIssue, KnownOrder, Nights, Recheck, Remembered, Verdict

__all__ = [
    "Arrangement", "CauseNight", "Confidence", "Cost", "Diagnosis", "Distribution", "Evidence", "Execution", "Executions", "Failure",
    "Finding", "Gap", "History", "Imported", "Kind", "KnownCause", "KnownIssue", "KnownOrder", "LatentPolluter", "Location", "Nights",
    "Order", "Orders", "Outcome", "Pairs", "Phase", "Proof", "Provided", "Raised", "Recheck", "Remedy", "Remembered", "Result", "RunRecord",
    "RunSpec", "RunSummary", "Sighting", "Signature", "Slice", "StateChange", "Step", "Suite", "Suspect", "Symptom", "TestId", "Trial",
    "Verdict", "bare_test_id", "function_of", "on_one_worker", "path_of", "short_name", "workers_of",
]  # fmt: skip
