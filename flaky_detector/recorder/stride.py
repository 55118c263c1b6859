"""How many tests a walk runs before it tries its tail again. PYTEST_DONT_REWRITE

Owns that number. Tries cost time, and so does running a stretch of tests again, in smaller steps, once it is known to hold the test that
is looked for. Where that test may be any of n, a step of b tests costs n / 2b tries and b tests on average, which is least at

    b = √(n × seconds of a try ÷ 2 × seconds of a test)

Both seconds are guessed first, and then as seen.

In a stretch that is known to hold the test, what its tests left behind tells more: where few left anything, it is one of them most of the
time. Then a step goes to the middle of what is held against the tests, so that either side is as likely.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

OF_WHO_LEFT = 0.9
FEW = 4
"""Those who left something share 0.9 of the guilt, where they are a quarter of the tests at most."""

GUESSED_TESTS = 4
"""How many tests that were seen weigh as much as the guess."""

LEAST_SECONDS, FORK_SECONDS = 0.0005, 0.01
"""What pytest takes for a test that does nothing, and for a fork."""


class Stride:
    """In seconds: what a test takes, and a try."""

    def __init__(self, test: float, tail: float) -> None:
        self._tests, self._tests_seconds = float(GUESSED_TESTS), GUESSED_TESTS * max(test, LEAST_SECONDS)
        self._tries, self._tries_seconds = 1, tail + FORK_SECONDS

    def ran(self, tests: int, seconds: float) -> None:
        """So many tests took so long."""
        self._tests += tests
        self._tests_seconds += max(seconds, 0.0)

    def tried(self, seconds: float) -> None:
        """A try took so long."""
        self._tries += 1
        self._tries_seconds += seconds

    @property
    def try_seconds(self) -> float:
        """Of one try, on average."""
        return self._tries_seconds / self._tries

    def of(self, tests: int) -> int:
        """The step, where the test is one of so many; half of them at most, so that something is left to be told apart."""
        best = math.sqrt(tests * self.try_seconds / (2 * self._tests_seconds / self._tests))
        return max(1, min(round(best), tests // 2))


def to_the_middle(left: Sequence[int]) -> int:
    """The step in a stretch of which it is known who `left` something behind; 0 where that tells nothing.

    It ends before the test in the middle, or after it where that is the first: one alone who left something is told by two steps.
    """
    few = sum(map(bool, left))
    if not 0 < few * FEW <= len(left):
        return 0
    before = 0.0
    for place, has_left in enumerate(left):
        before += OF_WHO_LEFT / few if has_left else (1 - OF_WHO_LEFT) / (len(left) - few)
        if before >= 0.5:
            return max(place, 1)
    return 0
