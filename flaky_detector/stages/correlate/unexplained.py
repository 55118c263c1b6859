"""In words: that a victim's own worker does not explain its failure, and what may have crossed over from another.

Owns that sentence. Says only what the orders and the names of tests tell; must not rank.
"""

from collections.abc import Iterable, Sequence

from flaky_detector.model import Sighting, Suspect, Symptom, TestId, function_of
from flaky_detector.stages.correlate.names import is_named, words_of
from flaky_detector.stages.correlate.papers import Papers

ABOUT_MIGRATIONS = ("duplicate-table", "migration-drift")
MAKES = "makemigrations"


def unexplained(symptom: Symptom, suspects: Sequence[Suspect], papers: Papers) -> str:
    """Empty unless the best suspect ran on another worker, and nothing on the victim's own speaks of what the failure is about."""
    sighting = next((sighting for sighting in symptom.failing if papers.has_place(sighting)), None)
    if sighting is None or not suspects or suspects[0].worker != "other":
        return ""
    own = dict.fromkeys(papers.prefix(sighting).tests)
    words = words_of(symptom.signature)
    if any(is_named(test, words, papers) or test in papers.left for test in own):
        return ""
    where = [worker for worker, rows in papers.elsewhere(sighting).items() if suspects[0].test in rows.tests]
    return (
        f"its own worker, {sighting.worker}, does not explain the failure: {_ran(len(own), _about(symptom, words))};"
        f" tests of {' and '.join(sorted(where)) or 'another worker'} do. So it may cross processes{_crossing(symptom, sighting, papers)}"
    )


def _about(symptom: Symptom, words: Sequence[str]) -> str:
    return f"`{symptom.signature.resource or ', '.join(words)}`"


def _ran(tests: int, about: str) -> str:
    if not tests:
        return "nothing ran there before it"
    if tests == 1:
        return f"the one test that ran there before it says nothing of {about}"
    return f"none of the {tests} tests that ran there before it says anything of {about}"


def _crossing(symptom: Symptom, sighting: Sighting, papers: Papers) -> str:
    if symptom.signature.rule not in ABOUT_MIGRATIONS:
        return ", through a file, a database or a service that the workers share"
    makers = list(_makers(test for rows in papers.elsewhere(sighting).values() for test in rows.tests))
    told = f"; `{makers[0]}` ran there" + (f", and {len(makers) - 1} more that are called so" if len(makers) > 1 else "") if makers else ""
    return f", most likely as a migration file in the source tree{told}"


def _makers(tests: Iterable[TestId]) -> Iterable[str]:
    return dict.fromkeys(function_of(test) for test in tests if MAKES in test and MAKES in function_of(test))
