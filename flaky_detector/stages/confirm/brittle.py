"""It fails alone: brittle, broken, or a matter of the Python?

Owns the search for state-setters. A brittle test is a victim with the question negated: it fails alone and passes after its state-setter.
"""

from collections.abc import Sequence

from flaky_detector.model import Confidence, Kind, Order, TestId
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.minimise import minimise


class Verdict:
    """What a test that fails alone turned out to be."""

    def __init__(self, kind: Kind, confidence: Confidence, setters: tuple[TestId, ...] = (), order: Order = ()) -> None:
        self.kind = kind
        self.confidence = confidence
        self.setters = setters
        self.order = order


def judge(bench: Bench) -> Verdict:
    """What the victim is, given that it fails alone, every time."""
    symptom = bench.docket.symptom
    if not symptom.passing:
        runs = len({sighting.run for sighting in symptom.failing})
        bench.tried.append(f"it fails alone and in every run ({runs}): no order was seen in which it passes")
        return Verdict("broken", "likely" if runs > 1 else "suspected")
    if set(symptom.passing_pythons) and not set(symptom.pythons) & set(symptom.passing_pythons):
        bench.tried.append(f"it passes on {', '.join(symptom.passing_pythons)} only")
        return Verdict("environment", "likely")
    for tests in bench.docket.passing:
        if tests and bench.passes(Cast(own=tests)):
            return _smallest_setter(bench, tests)
    bench.tried.append("orders in which it had passed, replayed: it failed in them as well")
    return Verdict("unknown", "suspected")


def _smallest_setter(bench: Bench, tests: Sequence[TestId]) -> Verdict:
    leavers = [index for index in reversed(range(len(tests))) if bench.docket.left.get(tests[index])]
    ranked = [*leavers, *(index for index in reversed(range(len(tests))) if index not in set(leavers))]
    smallest = minimise(ranked, lambda chosen: bench.passes(Cast(own=tuple(tests[index] for index in chosen))))
    setters = tuple(tests[index] for index in smallest or ())
    order = bench.order(Cast(own=setters))
    tally = bench.ledger.attempt([order], "after-state-setter", bench.policy.repeats)[0]
    if smallest and tally.passed == tally.attempts:
        return Verdict("brittle", "proven", setters, order)
    return Verdict("unknown", "suspected")
