"""Which questions more runs in other orders can answer: symptoms against whose suspects only the order speaks.

Owns that choice. Must not rank: the odds are those of the ranking, of all suspects and not only the best.
"""

from collections.abc import Iterable, Iterator

from flaky_detector.model import Symptom
from flaky_detector.model.questions import Question
from flaky_detector.stages.correlate.papers import Papers
from flaky_detector.stages.correlate.same_worker import on_the_same_worker

MOST_QUESTIONS = 8
DECIDED = 0.9
BROKEN_RUNS = 2


def open_questions(symptoms: Iterable[Symptom], papers: Papers) -> tuple[Question, ...]:
    """At most `MOST_QUESTIONS`: those that came first, since others may follow from them."""
    asked: list[Question] = []
    for question in _questions(symptoms, papers):
        asked.append(question)
        if len(asked) == MOST_QUESTIONS:
            break
    return tuple(asked)


def _questions(symptoms: Iterable[Symptom], papers: Papers) -> Iterator[Question]:
    for symptom in symptoms:
        if symptom.always_fails and len(symptom.failing) >= BROKEN_RUNS:
            continue
        candidates = on_the_same_worker(symptom, papers)
        weights = {test: candidate.odds for test, candidate in candidates.items()}
        if any(candidate.has_reason for candidate in candidates.values()) or len(weights) < 2:
            continue
        if max(weights.values()) < DECIDED * sum(weights.values()):
            yield Question(symptom.test, weights)
