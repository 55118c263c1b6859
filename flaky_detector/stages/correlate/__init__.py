"""Who may have done it: symptoms and all runs in, ranked suspects with their evidence out.

Owns the ranking. Must not accuse: a suspect is a place to look. Four kinds of evidence, none trusted alone: order and state on the victim's
own worker (`same_worker`), the tree changed on another (`other_workers`), names (`names`). Reasons multiply a test's odds (`candidates`);
the score is a test's odds over those of all and of "none of them".
"""

from collections.abc import Sequence

from flaky_detector.model import Suspect, Symptom, short_name
from flaky_detector.stages.correlate.candidates import Candidate
from flaky_detector.stages.correlate.names import weigh_names
from flaky_detector.stages.correlate.open import open_questions
from flaky_detector.stages.correlate.other_workers import on_other_workers
from flaky_detector.stages.correlate.papers import Papers, Sources, lay_out
from flaky_detector.stages.correlate.pooled import Pool, pool
from flaky_detector.stages.correlate.same_worker import on_the_same_worker
from flaky_detector.stages.correlate.unexplained import unexplained

__all__ = ["MOST_SUSPECTS", "Papers", "Pool", "Sources", "correlate", "lay_out", "open_questions", "pool", "undecided", "unexplained"]

MOST_SUSPECTS = 20
SAME = 0.02  # scores closer than this, relative to the best, are alike


def correlate(symptom: Symptom, papers: Papers) -> tuple[Suspect, ...]:
    """Suspects of one symptom, best first, at most `MOST_SUSPECTS`; scores are comparable within the symptom only."""
    own = on_the_same_worker(symptom, papers)
    others = on_other_workers(symptom, papers, own.values())
    everyone = list({**others, **own}.values())
    for candidate in (others[test] for test in others.keys() & own.keys()):
        everyone = [candidate if rival.test == candidate.test and candidate.odds > rival.odds else rival for rival in everyone]
    weigh_names(everyone, symptom.signature, papers)
    total = sum(candidate.odds for candidate in everyone) + 1.0
    ranked = sorted(everyone, key=lambda candidate: -candidate.odds)
    return tuple(_suspect(candidate, total) for candidate in ranked[:MOST_SUSPECTS])


def _suspect(candidate: Candidate, total: float) -> Suspect:
    return Suspect(
        test=candidate.test,
        score=round(candidate.odds / total, 4),
        worker="same" if candidate.worker == "same" else "other",
        evidence=tuple(candidate.evidence),
    )


def undecided(symptom: Symptom, suspects: Sequence[Suspect], papers: Papers) -> str:
    """What the evidence at hand cannot tell apart, and what would; empty where one suspect stands out.

    For unproven findings: a reader must not take the first of seven equal suspects for the polluter.
    """
    alike = [suspect for suspect in suspects if suspect.score >= suspects[0].score * (1 - SAME)]
    if len(alike) < 2:
        return ""
    wishes = []
    if not any(reason.kind in ("state", "tree") for suspect in alike for reason in suspect.evidence):
        wishes.append("a run with the recorder tells what each of them leaves behind")
    if all(papers.function(suspect.test) is None for suspect in alike):
        wishes.append("the sources tell which of them name what the error names")
    if len(symptom.failing) + len(symptom.passing) < 4:
        wishes.append("more runs in other orders separate them")
    wishes.append("re-running (`--confirm`) decides")
    more = f"{len(alike)}" if len(suspects) < MOST_SUSPECTS or len(alike) < len(suspects) else f"{len(alike)} or more"
    first = ", ".join(short_name(suspect.test) for suspect in alike[:3])
    return f"{more} suspects cannot be told apart by this evidence ({first}{', …' if len(alike) > 3 else ''}): {'; '.join(wishes)}"
