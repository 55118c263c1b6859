"""Suspects on other workers: who changed the tree there before the failure, and what led to it.

Owns the evidence that crosses processes. A file in the source tree is the one thing that all workers share: whoever wrote it, and whoever
before it on that worker left the thing that was written, are suspects of every worker. Without a recorder nobody knows who changed the
tree; then tests of other workers come in by name, where the victim's own worker gives no reason.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from flaky_detector.model import Evidence, Execution, Executions, Sighting, Signature, StateChange, Symptom, TestId
from flaky_detector.recorder import wire
from flaky_detector.rules import rule_of
from flaky_detector.rules.rule import Rule
from flaky_detector.stages.correlate.candidates import MATCHING, Candidate, order_odds, tell
from flaky_detector.stages.correlate.names import is_named, words_of
from flaky_detector.stages.correlate.papers import Papers


def on_other_workers(symptom: Symptom, papers: Papers, own: Iterable[Candidate]) -> dict[TestId, Candidate]:
    """Tests of other workers with a reason to suspect them; by name only where nobody has any other reason."""
    failing = [_chain(sighting, symptom.signature, papers) for sighting in symptom.failing]
    passing = [_chain(sighting, symptom.signature, papers) for sighting in symptom.passing] if any(failing) else []
    hits = Counter(test for chain in failing for test in chain)
    misses = Counter(test for chain in passing for test in chain)
    found: dict[TestId, Candidate] = {}
    for chain in failing:
        for test, (worker, kind, text) in chain.items():
            if test not in found and test != symptom.test:
                found[test] = candidate = Candidate(test, worker)
                candidate.add(kind, MATCHING * order_odds(hits[test], len(failing), misses[test], len(passing)), text)
    if not found and not any(candidate.has_reason for candidate in own):
        return _by_name(symptom, papers)
    return found


def _chain(sighting: Sighting, signature: Signature, papers: Papers) -> dict[TestId, tuple[str, str, str]]:
    """Who changed the tree elsewhere before the sighting, and who left the contested thing there before that: worker, kind, text."""
    rule = rule_of(signature.rule)
    chain: dict[TestId, tuple[str, str, str]] = {}
    for worker, rows in papers.written_elsewhere(sighting).items():
        writes = [(row, changes) for row in rows if (changes := _contested_files(row, signature, rule))]
        for row, changes in writes:
            chain[row.test] = (worker, "tree", f"changed {tell(changes)} on {worker}, before the failure on {sighting.worker}")
        for test in papers.prefix(Sighting(sighting.run, worker, writes[-1][0].position)).tests if writes else ():
            matching = [change for change in papers.left.get(test, ()) if rule.explains(signature, change)]
            if matching and test not in chain:
                chain[test] = (worker, "state", f"leaves behind {tell(matching)} on {worker}, where a test then changed the tree")
    return chain


def _contested_files(row: Execution, signature: Signature, rule: Rule) -> list[StateChange]:
    return [change for change in row.state if change.kind == wire.FILE and change.after and rule.explains(signature, change)]


def _by_name(symptom: Symptom, papers: Papers) -> dict[TestId, Candidate]:
    words = words_of(symptom.signature)
    found: dict[TestId, Candidate] = {}
    judged = {symptom.test}
    for sighting in symptom.failing if words else ():
        for worker, rows in _anywhere_else(sighting, papers).items():
            text = f"ran on {worker}; the victim failed on {sighting.worker}" if worker else "ran in the same run; the order is not known"
            fresh = dict.fromkeys(test for test in rows.tests if test not in judged)
            judged.update(fresh)
            for test in fresh:
                if is_named(test, words, papers):
                    found[test] = Candidate(test, worker or "same", evidence=[Evidence("order", text)])
    return found


def _anywhere_else(sighting: Sighting, papers: Papers) -> Mapping[str, Executions]:
    """Other workers' tests; every test of the run where no worker is known."""
    if papers.has_place(sighting):
        return papers.elsewhere(sighting)
    return {"": papers.order(sighting.run, sighting.worker)}
