"""The registry of rules: one failure family a file, asked in this order; the last one recognises everything."""

import re
from collections.abc import Sequence

from flaky_detector.model import Execution, Failure, Outcome, Signature, StateChange, Symptom
from flaky_detector.rules.conflicting_models import ConflictingModels
from flaky_detector.rules.duplicate_table import DuplicateTable
from flaky_detector.rules.fallback import Fallback
from flaky_detector.rules.migration_drift import MigrationDrift
from flaky_detector.rules.own_words import speaks_of
from flaky_detector.rules.rule import Rule

FALLBACK = Fallback()
RULES: tuple[Rule, ...] = (DuplicateTable(), ConflictingModels(), MigrationDrift(), FALLBACK)
BY_NAME = {rule.name: rule for rule in RULES}
CRASH = Failure(phase="call", exception="crash", message="the process died while it ran this test")
HANG = Failure(phase="call", exception="hang", message="this test did not come to its end")

SUMMING_UP = re.compile(r"contains \d+ failed subtests?$")  # pytest's failure of a test whose subtests failed: they tell why


def rule_of(name: str) -> Rule:
    """The rule that a signature names; the fallback for a name that a later version may have written."""
    return BY_NAME.get(name, FALLBACK)


def explains(symptom: Symptom, change: StateChange) -> bool:
    """Whether a thing left behind is what the failure is about: by its rule, or, where none knows it, by the failure's own words."""
    rule = rule_of(symptom.signature.rule)
    return rule.explains(symptom.signature, change) or (rule is FALLBACK and speaks_of(symptom.example, change))


def signature_of(failure: Failure, app_labels: Sequence[str] = ()) -> Signature:
    """The signature by the first rule that recognises the failure."""
    found = (rule.recognise(failure, app_labels) for rule in RULES)
    return next(signature for signature in found if signature is not None)


def signatures_of(execution: Execution, app_labels: Sequence[str] = ()) -> tuple[Signature, ...]:
    """The distinct signatures of an execution's failures, the first phase first; empty where it did not fail."""
    if not execution.outcome.is_failure:
        return ()
    if execution.outcome is Outcome.CRASHED:  # whatever witnesses make of it: xdist's controller tells it otherwise than a serial run
        hung = any(failure.exception == HANG.exception for failure in execution.failures)
        return (signature_of(HANG if hung else CRASH, app_labels),)
    nothing_told = (Failure(phase="call", exception="", message=""),)
    failures = tuple(failure for failure in execution.failures if not SUMMING_UP.match(failure.message))
    failures = failures or execution.failures or nothing_told
    return tuple(dict.fromkeys(signature_of(failure, app_labels) for failure in failures))
