"""Failures of all runs → symptoms: a test, one signature, where it failed with it and where it passed.

Owns the counting. Must not ask why. Sightings of one test whose signatures match (the same drift naming other models) are one symptom, and
so are those that no rule knows and that were raised in the same file; the same test failing in another way is another symptom. A rerun
that passed after a failure is a failing sighting and a passing one.
"""

from collections.abc import Container, Sequence

import msgspec

from flaky_detector.model import Execution, Failure, Outcome, RunRecord, Sighting, Signature, Symptom, TestId
from flaky_detector.model.footprint import majors
from flaky_detector.rules import FALLBACK, signature_of, signatures_of

PASSED = frozenset((Outcome.PASSED, Outcome.XFAILED, Outcome.XPASSED))


class Tally(msgspec.Struct):
    """A symptom while it is counted."""

    signature: Signature
    resources: set[str]
    also: dict[Signature, None] = msgspec.field(default_factory=dict)
    failing: list[Sighting] = msgspec.field(default_factory=list)
    pythons: dict[str, None] = msgspec.field(default_factory=dict)
    phases: dict[str, None] = msgspec.field(default_factory=dict)
    example: Failure | None = None

    def knows(self, signature: Signature) -> bool:
        """Whether a signature is this one, with all the resources seen so far."""
        return msgspec.structs.replace(self.signature, resources=tuple(self.resources)).matches(signature)


def is_akin(signature: Signature, other: Signature) -> bool:
    """Whether no rule knows either of two signatures, and both were raised in the same file of the project's."""
    return signature.rule == other.rule == FALLBACK.name and bool(signature.where) and signature.where == other.where


def classify(records: Sequence[RunRecord]) -> tuple[Symptom, ...]:
    """All symptoms, in the order in which they were first seen."""
    tallies: dict[TestId, list[Tally]] = {}
    for record in records:
        for execution in record.executions.failing():
            sighting = Sighting(record.spec.id, execution.worker, execution.position)
            for signature in signatures_of(execution, record.app_labels):
                tally = _tally_of(tallies.setdefault(execution.test, []), signature)
                _count(tally, execution, record, sighting)
    passing = _passing(records, tallies)
    return tuple(_symptom(test, tally, passing.get(test, [])) for test, found in tallies.items() for tally in found)


def _passing(records: Sequence[RunRecord], tests: Container[TestId]) -> dict[TestId, list[tuple[Sighting, str]]]:
    """Where these tests passed, and on which Python; those that never failed are many and of no interest."""
    passing: dict[TestId, list[tuple[Sighting, str]]] = {}
    for record in records:
        python = majors(record.python) or record.spec.python
        for row in record.executions.of(tests):
            if row.outcome in PASSED:
                passing.setdefault(row.test, []).append((Sighting(record.spec.id, row.worker, row.position), python))
    return passing


def _tally_of(tallies: list[Tally], signature: Signature) -> Tally:
    for tally in tallies:
        if tally.knows(signature):
            tally.resources.update(signature.resources)
            return tally
        if is_akin(tally.signature, signature):
            tally.also[signature] = None
            return tally
    tallies.append(Tally(signature, set(signature.resources)))
    return tallies[-1]


def _count(tally: Tally, execution: Execution, record: RunRecord, sighting: Sighting) -> None:
    tally.failing.append(sighting)
    tally.pythons[majors(record.python) or record.spec.python] = None
    for failure in execution.failures:
        signature = signature_of(failure, record.app_labels)
        if tally.knows(signature) or is_akin(tally.signature, signature):
            tally.phases[failure.phase] = None
            tally.example = tally.example or failure


def _symptom(test: TestId, tally: Tally, passing: list[tuple[Sighting, str]]) -> Symptom:
    return Symptom(
        test=test,
        signature=msgspec.structs.replace(tally.signature, resources=tuple(sorted(tally.resources))),
        also=tuple(tally.also),
        failing=tuple(dict.fromkeys(tally.failing)),
        passing=tuple(sighting for sighting, _ in passing),
        pythons=tuple(sorted(tally.pythons)),
        passing_pythons=tuple(sorted({python for _, python in passing})),
        phases=tuple(tally.phases),
        example=tally.example,
    )
