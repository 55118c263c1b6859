"""A conflict with a test that runs on another worker at the same time: a port, a lock, a row that both want.

Owns the search for counterparts. Nobody pollutes here: each of the two is right alone, and also one after the other, whichever comes first.

    together      0: warm-up · counterpart ▶ runs
                  1: warm-up ·            victim ▶ begins when the counterpart has begun
    apart         the same, but the victim waits until the counterpart is over
"""

from functools import partial

from flaky_detector.model import Step, TestId
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.oracle import Question

MOST_COUNTERPARTS = 6
TRIES = 2


def search_beside(bench: Bench) -> list[TestId]:
    """Tests during which the victim fails, and after which it passes, time and again; empty where there are none."""
    candidates = bench.candidates(bench.docket.beside)[:MOST_COUNTERPARTS]
    found = []
    for test in candidates:
        together, apart = _question(bench, test, together=True), _question(bench, test, together=False)
        if bench.asks(together, TRIES) and bench.holds(together, apart, partial(bench.needed, Cast(others=(test,))), "together"):
            found.append(test)
    if candidates and not found:
        bench.tried.append(f"while {len(candidates)} other tests ran on another worker, one at a time: it passed or failed otherwise")
    return found


def _question(bench: Bench, test: TestId, *, together: bool) -> Question:
    order = bench.order(Cast(others=(test,)))
    kept = tuple(step for step in order if step.test not in (test, bench.victim))
    return Question((*kept, Step(0, test), Step(1, bench.victim)), bench.docket.python, together=together)
