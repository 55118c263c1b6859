"""From symptoms, suspects and proofs to findings.

Owns how sure a finding is without a proof, the command to reproduce, and the fingerprint. Must not run or rank anything.
"""

import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence

import msgspec

from flaky_detector.adapters.scratch import PREFIX
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
from flaky_detector.model.footprint import footprints, majors, strong
from flaky_detector.rules import explains
from flaky_detector.stages.correlate import MOST_SUSPECTS, Papers, Pool, pool

LIKELY_SCORE = 0.5
ALWAYS_FAILING_RUNS = 2
MOST_LATENT = 300
MOST_IN_FULL, FEW_SUSPECTS = 100, 5

OURS = re.compile(rf"/[^\s'\"]*?{PREFIX}[^/\s'\"]+/(?:(?:template-[^/\s'\"]+/)?copy-[^/\s'\"]+/[^/\s'\"]+|(?P<room>[rf][0-9a-f]+/tmp))/")
"""The path of a private copy of the tree, or of a run's temporary folder: gone by the time when somebody reads of it."""

Ranked = tuple[Symptom, tuple[Suspect, ...]]


def finding_of(symptom: Symptom, suspects: Sequence[Suspect], proof: Proof | None, records: Sequence[RunRecord]) -> Finding:
    """One finding; without a proof it says what the evidence allows and no more."""
    kind, confidence = (proof.kind, proof.confidence) if proof else _unproven(symptom, suspects)
    nobody = kind in ("broken", "non-deterministic", "environment") or bool(proof and proof.counterparts)
    return Finding(
        test=symptom.test,
        kind=kind,
        confidence=confidence,
        signature=symptom.signature,
        polluters=proof.polluters if proof else (),
        state_setters=proof.state_setters if proof else (),
        cleaners=proof.cleaners if proof else (),
        counterparts=proof.counterparts if proof else (),
        suspects=() if nobody else tuple(suspects),
        state=proof.state if proof else (),
        left_by=proof.left_by if proof else {},
        minimal_order=proof.minimal_order if proof else (),
        warm_up=proof.warm_up if proof else (),
        reproduce=reproduce(symptom.test, proof, suspects if not nobody else ()),
        trials=proof.trials if proof else (),
        pythons=tuple(dict.fromkeys(filter(None, map(majors, symptom.pythons)))),
        phases=symptom.phases,
        message=OURS.sub(lambda path: "<tmp>/" if path["room"] else "", symptom.example.message) if symptom.example else "",
        failed_in=len({sighting.run for sighting in symptom.failing}),
        failing_runs=tuple(dict.fromkeys(sighting.run for sighting in symptom.failing)),
        seen_in=len({sighting.run for sighting in (*symptom.failing, *symptom.passing)}) or len(records),
        complete=proof.complete if proof else False,
        imported=proof.imported if proof else (),
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


def with_pooled_suspects(ranked: Sequence[Ranked], papers: Papers) -> list[Ranked]:
    """Every symptom with the suspects of the cause that it seems to share with many others before its own."""
    told = list(ranked)
    for found in pool(ranked, papers):
        pooled, least = {suspect.test for suspect in found.suspects}, found.suspects[-1].score
        for number in found.numbers:
            symptom, own = ranked[number]
            others = (suspect for suspect in own if suspect.test not in pooled)
            lowered = tuple(msgspec.structs.replace(suspect, score=min(suspect.score, least)) for suspect in others)
            told[number] = symptom, (*found.suspects, *lowered)[:MOST_SUSPECTS]
    return told


def told_together(findings: Sequence[Finding], ranked: Sequence[Ranked], papers: Papers) -> list[Finding]:
    """The findings, those of one suspected cause with many victims as one.

    Args:
        findings: one for each of `ranked`, at the same place. Only those that were not re-run, and say nothing but "unknown", are joined.
        ranked: the symptoms with their suspects.
        papers: the runs.
    """
    silent = [number for number, finding in enumerate(findings) if finding.kind == "unknown" and not finding.trials]
    joined: dict[int, Finding] = {}
    gone: set[int] = set()
    for found in pool([ranked[number] for number in silent], papers):
        numbers = [silent[number] for number in found.numbers]
        first = next(number for number in numbers if findings[number].test == found.tests[0])
        joined[first] = _joined(findings[first], [findings[number] for number in numbers], found)
        gone.update(numbers)
    return [joined.get(number, finding) for number, finding in enumerate(findings) if number in joined or number not in gone]


def _joined(first: Finding, members: Sequence[Finding], found: Pool) -> Finding:
    failing = tuple(dict.fromkeys(run for finding in members for run in finding.failing_runs))
    return msgspec.structs.replace(
        first,
        victims=found.tests,
        victim_counts=found.ways,
        suspects=found.suspects,
        reproduce=reproduce(first.test, None, found.suspects),
        pythons=tuple(dict.fromkeys(python for finding in members for python in finding.pythons)),
        phases=tuple(dict.fromkeys(phase for finding in members for phase in finding.phases)),
        failed_in=len(failing),
        failing_runs=failing,
        seen_in=max(finding.seen_in for finding in members),
        notes=found.notes,
    )


def is_spoken_of(symptom: Symptom, finding: Finding) -> bool:
    """Whether the failure of one polluter's victim speaks of what that leaves behind; of chains and set-ups nothing is asked."""
    is_plain = symptom.signature.rule == "fallback" and [len(tests) for tests in finding.polluters[:1]] == [1]
    return not is_plain or any(explains(symptom, change) for change in finding.state)


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
    elif proof and proof.counterparts:
        words += ["--beside", proof.counterparts[0]]
    elif suspects:
        words += ["--suspect", suspects[0].test]
    return shlex.join(words)


def command_of(finding: Finding) -> str:
    """The same from a finding, as far as it can be put together from its tests."""
    words = ["flaky-detector", "confirm", finding.test]
    if finding.minimal_order:
        words += _order_options(finding.minimal_order, skip={finding.test, *finding.warm_up})
    elif finding.counterparts:
        words += ["--beside", finding.counterparts[0]]
    elif finding.suspects:
        words += ["--suspect", finding.suspects[0].test]
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
    """Tests that leave state behind, were not proven to break anything and are no victims. Never an accusation."""
    proven = {test for finding in findings for tests in (*finding.polluters, *finding.state_setters) for test in tests}
    proven |= {finding.test for finding in findings if finding.kind == "victim"}  # what it leaves, it leaves because it failed
    left: Mapping[TestId, tuple[StateChange, ...]] = footprints(records)
    told = ((test, strong(state)) for test, state in left.items() if test not in proven)
    return tuple(LatentPolluter(test=test, state=state) for test, state in told if state)


def folded(latent: Sequence[LatentPolluter]) -> tuple[LatentPolluter, ...]:
    """Where there are very many: of each thing that is left behind the first who left it, and of those as many as a person may look at."""
    if len(latent) <= MOST_LATENT:
        return tuple(latent)
    known: set[tuple[str, str]] = set()
    kept = []
    for one in latent:
        things = {(change.kind, change.key) for change in one.state}
        kept += [one] if things - known else []
        known |= things
    return tuple(kept[:MOST_LATENT])


def with_few_suspects(finding: Finding, number: int) -> Finding:
    """Far down in a long list, an unproven finding keeps its best suspects only."""
    if number < MOST_IN_FULL or finding.trials:
        return finding
    return msgspec.structs.replace(finding, suspects=finding.suspects[:FEW_SUSPECTS])


def with_diagnosis(finding: Finding, diagnosis: object) -> Finding:
    """The finding with what diagnose found."""
    return msgspec.structs.replace(finding, diagnosis=diagnosis)
