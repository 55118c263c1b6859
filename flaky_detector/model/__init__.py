"""Nouns: identity, design, evidence, findings, and the versioned JSON codec. Frozen, no I/O."""

from flaky_detector.model.design import (
    Arrangement,
    Distribution,
    Order,
    Provided,
    RunSpec,
    Step,
    Suite,
    on_one_worker,
    workers_of,
)
from flaky_detector.model.evidence import (
    Evidence,
    Execution,
    Failure,
    Imported,
    Outcome,
    Phase,
    Raised,
    RunRecord,
    Sighting,
    Signature,
    StateChange,
    Suspect,
    Symptom,
)
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

__all__ = [
    "Arrangement", "Confidence", "Cost", "Diagnosis", "Distribution", "Evidence", "Execution", "Failure", "Finding", "Gap", "Imported",
    "Kind", "LatentPolluter", "Location", "Order", "Orders", "Outcome", "Pairs", "Phase", "Proof", "Provided", "Raised", "Remedy", "Result",
    "RunRecord", "RunSpec", "RunSummary", "Sighting", "Signature", "StateChange", "Step", "Suite", "Suspect", "Symptom", "TestId",
    "Trial", "bare_test_id", "function_of", "on_one_worker", "path_of", "short_name", "workers_of",
]  # fmt: skip
