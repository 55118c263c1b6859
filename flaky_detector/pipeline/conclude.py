"""From symptoms, suspects and proofs to findings.

Owns how sure a finding is without a proof, the command to reproduce, and the fingerprint. Must not run or rank anything.
"""

import hashlib
import shlex
from collections.abc import Mapping, Sequence

import msgspec

from flaky_detector.model import (
    Confidence,
    Finding,
    Kind,
    LatentPolluter,
    Order,
    Proof,
    RunRecord,
    StateChange,
    Suspect,
    Symptom,
    TestId,
)
from flaky_detector.model.footprint import footprints, majors

LIKELY_SCORE = 0.5
ALWAYS_FAILING_RUNS = 2


def finding_of(symptom: Symptom, suspects: Sequence[Suspect], proof: Proof | None, records: Sequence[RunRecord]) -> Finding:
    """One finding; without a proof it says what the evidence allows and no more."""
    kind, confidence = (proof.kind, proof.confidence) if proof else _unproven(symptom, suspects)
    nobody = kind in ("broken", "non-deterministic", "environment")
    return Finding(
        test=symptom.test,
        kind=kind,
        confidence=confidence,
        signature=symptom.signature,
        polluters=proof.polluters if proof else (),
        state_setters=proof.state_setters if proof else (),
        cleaners=proof.cleaners if proof else (),
        suspects=() if nobody else tuple(suspects),
        state=proof.state if proof else (),
        minimal_order=proof.minimal_order if proof else (),
        warm_up=proof.warm_up if proof else (),
        reproduce=reproduce(symptom.test, proof, suspects if not nobody else ()),
        trials=proof.trials if proof else (),
        pythons=tuple(dict.fromkeys(map(majors, symptom.pythons))),
        phases=symptom.phases,
        message=symptom.example.message if symptom.example else "",
        failed_in=len({sighting.run for sighting in symptom.failing}),
        failing_runs=tuple(dict.fromkeys(sighting.run for sighting in symptom.failing)),
        seen_in=len({sighting.run for sighting in (*symptom.failing, *symptom.passing)}) or len(records),
        complete=proof.complete if proof else False,
        notes=proof.tried if proof else (),
        fingerprint=fingerprint(symptom),
    )


def _unproven(symptom: Symptom, suspects: Sequence[Suspect]) -> tuple[Kind, Confidence]:
    """`likely` takes two independent kinds of evidence that agree on the first suspect; everything else is suspected."""
    reasons = {reason.kind for reason in suspects[0].evidence} if suspects else set()
    runs = {sighting.run for sighting in symptom.failing}
    if symptom.always_fails and len(runs) >= ALWAYS_FAILING_RUNS and not reasons - {"order"}:
        return "broken", "suspected"
    if suspects and suspects[0].worker == "same" and suspects[0].score >= LIKELY_SCORE and {"state", "name"} <= reasons:
        return "victim", "likely"
    return "unknown", "suspected"


def fingerprint(symptom: Symptom) -> str:
    """Stable from night to night: the test, and what kind of failure it is, without what varies."""
    signature = symptom.signature
    text = "\0".join((symptom.test, signature.rule, signature.exception, signature.where))
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:16]


def reproduce(test: TestId, proof: Proof | None, suspects: Sequence[Suspect]) -> str:
    """One command line to paste into a shell in the user's checkout."""
    words = ["flaky-detector", "confirm", test]
    if proof and proof.minimal_order:
        words += _order_options(proof.minimal_order, skip={test, *proof.warm_up})
    elif suspects:
        words += ["--suspect", suspects[0].test]
    return shlex.join(words)


def _order_options(order: Order, skip: set[TestId]) -> list[str]:
    """`--suspect` for tests of the victim's own worker, `--elsewhere` for those of another."""
    victims_worker = order[-1].worker
    return [
        word
        for step in order
        if step.test not in skip
        for word in ("--suspect" if step.worker == victims_worker else "--elsewhere", step.test)
    ]


def latent_polluters(records: Sequence[RunRecord], findings: Sequence[Finding]) -> tuple[LatentPolluter, ...]:
    """Tests that leave state behind and were not proven to break anything. Never an accusation."""
    proven = {test for finding in findings for tests in (*finding.polluters, *finding.state_setters) for test in tests}
    left: Mapping[TestId, tuple[StateChange, ...]] = footprints(records)
    return tuple(LatentPolluter(test=test, state=state) for test, state in left.items() if test not in proven)


def with_diagnosis(finding: Finding, diagnosis: object) -> Finding:
    """The finding with what diagnose found."""
    return msgspec.structs.replace(finding, diagnosis=diagnosis)
