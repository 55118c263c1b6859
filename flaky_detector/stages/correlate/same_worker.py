"""Suspects on the victim's own worker: by order, and by what they leave behind.

Owns those two kinds of evidence:

- order: how well "it fails when this test ran before it on its worker" tells the failing orders from the passing ones. A likelihood,
  not an elimination: a polluter that works nine times in ten must survive one pass after it.
- state: the test left behind the very thing that the failure is about, or, weaker, anything at all.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from flaky_detector.model import Sighting, Symptom, TestId
from flaky_detector.model.footprint import strong
from flaky_detector.rules import explains
from flaky_detector.stages.correlate.candidates import MATCHING, OTHER_STATE, Candidate, order_odds, tell
from flaky_detector.stages.correlate.papers import Papers


def on_the_same_worker(symptom: Symptom, papers: Papers) -> dict[TestId, Candidate]:
    """Everything that ran before the victim on its own worker in a failing run, the nearest first, with its odds."""
    failing = [sighting for sighting in symptom.failing if papers.has_place(sighting)]
    passing = [sighting for sighting in symptom.passing if papers.has_place(sighting)]
    hits = _counted(failing, papers)
    misses = _counted(passing, papers)
    hits.pop(symptom.test, None)
    candidates = {test: Candidate(test, "same") for test in hits}
    for candidate in candidates.values():
        f, p = hits[candidate.test], misses[candidate.test]
        text = f"ran before it on its worker in {f} of {len(failing)} failing and {p} of {len(passing)} passing executions"
        candidate.add("order", order_odds(f, len(failing), p, len(passing)), text)
    _weigh_state(candidates.values(), symptom, papers)
    return candidates


def _counted(sightings: Sequence[Sighting], papers: Papers) -> Counter[TestId]:
    """In how many prefixes each test stands; the nearest tests come first."""
    counted: Counter[TestId] = Counter()
    for sighting in sightings:
        counted.update(dict.fromkeys(reversed(papers.prefix(sighting).tests)).keys())
    return counted


def _weigh_state(candidates: Iterable[Candidate], symptom: Symptom, papers: Papers) -> None:
    for candidate in candidates:
        changes = papers.left.get(candidate.test, ())
        matching = [change for change in changes if explains(symptom, change)]
        if matching:
            candidate.add("state", MATCHING, f"leaves behind {tell(matching)}, which is what the failure is about")
        elif strong(changes):
            candidate.add("other-state", OTHER_STATE, f"leaves behind {tell(strong(changes))}, which the failure does not speak of")
