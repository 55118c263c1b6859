"""How far a plan goes: which share of the ordered pairs of tests will have met in one process by the end of each run.

Owns the two bounds. A run in one process meets half of all pairs, whichever order it takes; over workers it meets at most as many. Which
halves are the same can be told only of orders that are certain: at least the union of those have met, at most as many more as the other
runs could add. Pure. Must not choose runs.
"""

from collections.abc import Sequence

import msgspec

from flaky_detector.model import Arrangement, RunRecord, RunSpec
from flaky_detector.stages.plan.foresight import Foresight
from flaky_detector.stages.plan.known import NOTHING, Known
from flaky_detector.stages.plan.meetings import Meetings

HALF = 0.5


class ExpectedOfRun(msgspec.Struct, frozen=True, array_like=True):
    """A run, and the shares by its end, 0 to 1."""

    run: str
    at_least: float
    at_most: float


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan will have met at its end, and run by run; `tests` is 0 where it is not known which tests there are."""

    tests: int = 0
    at_least: float = 0.0
    at_most: float = 0.0
    runs: tuple[ExpectedOfRun, ...] = ()


def outlook(specs: Sequence[RunSpec], seen: Sequence[RunRecord] = (), made: Sequence[RunRecord] = (), known: Known = NOTHING) -> Expected:
    """The shares that a plan will reach.

    Args:
        specs: the runs of the plan.
        seen: runs of the same suite at any time, by which the tests are known.
        made: those of them that count as part of this hunt.
        known: how shuffles come about.
    """
    foresight = Foresight(seen, known, keep_sort=all(spec.keep_sort for spec in specs))
    met, least, open_halves, told = Meetings(foresight.sample), 0.0, 0, []
    for record in made:
        met.see_record(record)
    for spec in specs:
        if foresight.is_certain(spec):
            met.see(foresight.orders(spec))
        elif foresight.tests or not _is_own(spec) or least:
            open_halves += 1
        least = met.share if foresight.tests else max(least, HALF if _is_own(spec) else 0.0)
        told.append(ExpectedOfRun(spec.id, round(least, 4), round(min(1.0, least + HALF * open_halves), 4)))
    last = told[-1] if told else ExpectedOfRun("", 0.0, 0.0)
    return Expected(tests=len(foresight.tests), at_least=last.at_least, at_most=last.at_most, runs=tuple(told))


def _is_own(spec: RunSpec) -> bool:
    return spec.arrangement is Arrangement.OWN and not spec.workers and not spec.order and not spec.without
