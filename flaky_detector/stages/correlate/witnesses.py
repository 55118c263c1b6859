"""What one worker's order says of a family of failing tests: who may have been before their onset, and what speaks against each.

Owns the odds within one order. Must not compare orders or rank over all of them.
"""

from collections.abc import Iterable, Sequence
from math import exp

import msgspec

from flaky_detector.model import Evidence, Execution, Outcome, TestId, path_of
from flaky_detector.stages.correlate.families import Family, Unit
from flaky_detector.stages.correlate.mechanisms import Circumstances, reasons
from flaky_detector.stages.correlate.onset import cuts
from flaky_detector.stages.correlate.papers import Papers


class Witness(msgspec.Struct, frozen=True):
    """One worker of one run. `victims` counts the family's failures; `odds` and `evidence` are of all tests before the last one."""

    unit: Unit
    victims: int
    odds: dict[TestId, float]
    evidence: dict[TestId, tuple[Evidence, ...]]

    def share(self, test: TestId) -> float:
        """A test's odds over those of all and of "none of them"."""
        return self.odds.get(test, 0.0) / (sum(self.odds.values()) + 1.0)


def witness(unit: Unit, family: Family, about: Circumstances, order: dict[TestId, float], papers: Papers) -> Witness:
    """What `unit`, a worker on which the family's tests fail, says; `order` are the odds that all orders together give each test."""
    victims = family.failing[unit]
    rows = papers.orders[unit]
    own, files = set(family.tests), {path_of(test) for test in family.tests}
    passed = [row.position for row in rows if row.outcome is Outcome.PASSED and path_of(row.test) in files]
    candidates = list({row.test: row for row in rows if row.position < victims[-1] and row.test not in own}.values())
    fits = cuts(victims, passed, [row.position + 1 for row in candidates])
    odds: dict[TestId, float] = {}
    evidence: dict[TestId, tuple[Evidence, ...]] = {}
    for row, fit in zip(candidates, fits, strict=True):
        told = tuple(reasons(row, about, papers))
        odds[row.test] = exp(fit) * order.get(row.test, 1.0) * _product(reason.odds for reason in told)
        evidence[row.test] = (_order(row, unit, victims), *(reason.evidence for reason in told))
    return Witness(unit, len(victims), odds, evidence)


def _product(factors: Iterable[float]) -> float:
    product = 1.0
    for factor in factors:
        product *= factor
    return product


def _order(row: Execution, unit: Unit, victims: Sequence[int]) -> Evidence:
    after = [position for position in victims if position > row.position]
    all_of = f"all {len(victims)}" if len(after) == len(victims) else f"{len(after)} of the {len(victims)}"
    which = "first" if len(after) == len(victims) else "next"
    distance = after[0] - row.position
    later = f"{distance} tests later" if distance > 1 else "right after it"
    return Evidence("order", f"ran on {unit[1]} before {all_of} that fail so there, the {which} of them {later}")
