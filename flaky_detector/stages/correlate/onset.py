"""Since when a worker's tests fail: a change point, told by the tests of the victims' files.

Owns the arithmetic. Tests that fail only from some place on in a worker's order say more together than each alone:

    . . . . | F . F F . F .      F a victim, . a test of the victims' files that passed
      rate 0 | rate 4 in 7

A cut before the first victim has to explain why tests of those files passed after it; not all of them need what is gone, so this costs no
more than `LEAST_FIT`. A cut behind a victim does not explain that one: each costs `STRAY`, for it must have failed for a reason of its own.
Must not know what the tests are.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence

LEAST_FIT = -3.0
STRAY = -3.0


def cuts(victims: Sequence[int], passed: Sequence[int], places: Sequence[int]) -> list[float]:
    """How well each place does as the one from which on everything is different.

    Args:
        victims: positions at which the worker's victims failed, ascending, at least one.
        passed: positions at which other tests of the victims' files passed, ascending.
        places: positions to judge.

    Returns:
        The logarithm of each place's likelihood over that of the first victim's own: 0 there, less elsewhere.
    """
    late = len(passed) - bisect_left(passed, victims[0])
    told = []
    for place in places:
        strays = bisect_left(victims, place)
        between = len(passed) - bisect_left(passed, place) - late
        told.append(strays * STRAY if strays else max(_fit(len(victims), late + between) - _fit(len(victims), late), LEAST_FIT))
    return told


def _fit(failed: int, passed: int) -> float:
    """The likelihood of so many failures at their own rate."""
    total = failed + passed
    return sum(number * math.log(number / total) for number in (failed, passed) if number)
