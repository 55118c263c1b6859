"""What one worker's order says of a family of failing tests: who may have been before their onset, and what speaks against each.

Owns the odds within one order. Must not compare orders or rank over all of them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import exp

from flaky_detector.model import Evidence, Execution, Executions, Outcome, TestId, path_of
from flaky_detector.stages.correlate.families import Family, Unit
from flaky_detector.stages.correlate.mechanisms import Circumstances, reasons
from flaky_detector.stages.correlate.onset import cuts
from flaky_detector.stages.correlate.papers import Papers


class Witness:
    """One worker of one run. `victims` counts the family's failures; `odds` are of all tests before the last one."""

    def __init__(self, unit: Unit, family: Family, about: Circumstances, order: dict[TestId, float], papers: Papers) -> None:
        """What `unit`, a worker on which the family's tests fail, says; `order` are the odds that all orders together give each test."""
        self.unit = unit
        self._positions = family.failing[unit]
        self._about = about
        self._papers = papers
        self.victims = len(self._positions)
        self._places, fits = self._candidates(family)
        self.odds: dict[TestId, float] = {}
        for (test, place), fit in zip(self._places.items(), fits, strict=True):
            told = reasons(self._rows[place], about, papers)
            self.odds[test] = exp(fit) * order.get(test, 1.0) * _product(reason.odds for reason in told)
        self.total = sum(self.odds.values()) + 1.0

    def _candidates(self, family: Family) -> tuple[dict[TestId, int], list[float]]:
        """Where each test that may be the cause last ran, and how well that place does as the onset."""
        rows = self._rows
        own, files = set(family.tests), {path_of(test) for test in family.tests}
        told = zip(rows.tests, rows.positions, rows.outcomes, strict=True)
        passed = [position for test, position, outcome in told if outcome is Outcome.PASSED and path_of(test) in files]
        before = rows.before(self._positions[-1])
        places = {test: place for place, test in enumerate(before.tests) if test not in own}
        return places, cuts(self._positions, passed, [before.positions[place] + 1 for place in places.values()])

    @property
    def _rows(self) -> Executions:
        return self._papers.order(*self.unit)

    def share(self, test: TestId) -> float:
        """A test's odds over those of all and of "none of them"."""
        return self.odds.get(test, 0.0) / self.total

    def evidence(self, test: TestId) -> tuple[Evidence, ...]:
        """What is to be said of a test; nothing of one that did not run before the last failure."""
        if test not in self._places:
            return ()
        row = self._rows[self._places[test]]
        return (_order(row, self.unit, self._positions), *(reason.evidence for reason in reasons(row, self._about, self._papers)))


def _product(factors: Iterable[float]) -> float:
    product = 1.0
    for factor in factors:
        product *= factor
    return product


def _order(row: Execution, unit: Unit, victims: Sequence[int]) -> Evidence:
    after = victims[bisect_right(victims, row.position) :]
    all_of = f"all {len(victims)}" if len(after) == len(victims) else f"{len(after)} of the {len(victims)}"
    which = "first" if len(after) == len(victims) else "next"
    distance = after[0] - row.position
    later = f"{distance} tests later" if distance > 1 else "right after it"
    return Evidence("order", f"ran on {unit[1]} before {all_of} that fail so there, the {which} of them {later}")
