"""Which ordered pairs of some tests have met in one process, once or more often.

Owns the counting for plans: of a sample, so that many orders can be compared in no time. (The report counts pairs of all tests, see
`model.pairs`.) Must not choose between orders.

Each test has a number, and an int whose bits are the tests that have run after it in one process:

    a b c   ran      once[a] = 110   once[b] = 100   once[c] = 000      (bits c b a)
"""

import random
from collections.abc import Iterable, Iterator, Sequence

from flaky_detector.model import RunRecord, TestId

MOST_TESTS = 400


def sample_of(tests: Sequence[TestId], most: int = MOST_TESTS) -> tuple[TestId, ...]:
    """All tests, or as many of a large suite as are enough to compare orders, in their sequence."""
    if len(tests) <= most:
        return tuple(tests)
    chance = random.Random(len(tests))  # noqa: S311 -- has to be the same each time, not secret
    return tuple(tests[place] for place in sorted(chance.sample(range(len(tests)), most)))


class Meetings:
    """The pairs of a sample that have met."""

    def __init__(self, tests: Sequence[TestId]) -> None:
        self._numbers = {test: number for number, test in enumerate(tests)}
        self._once = [0] * len(self._numbers)
        self._twice = [0] * len(self._numbers)

    def copy(self) -> "Meetings":
        """The same meetings, to which others may be added."""
        other = Meetings(tuple(self._numbers))
        other._once, other._twice = list(self._once), list(self._twice)
        return other

    def see(self, orders: Iterable[Sequence[TestId]]) -> None:
        """One run: what each of its processes ran, in sequence."""
        for number, later in (found for order in orders for found in self._later(order)):
            self._twice[number] |= self._once[number] & later
            self._once[number] |= later

    def see_record(self, record: RunRecord) -> None:
        """The same for a run that was made; nothing where its order is not known."""
        if record.has_order:
            self.see([test for test in rows.tests if test in self._numbers] for rows in record.by_worker().values())

    def gain(self, order: Sequence[TestId]) -> tuple[int, int]:
        """Pairs that would meet for the first time if one process ran this order, and those that would for the second time."""
        first = second = 0
        for number, later in self._later(order):
            first += (later & ~self._once[number]).bit_count()
            second += (later & ~self._twice[number]).bit_count()
        return first, second - first

    @property
    def share(self) -> float:
        """Of all ordered pairs of the sample."""
        count = len(self._once)
        return sum(later.bit_count() for later in self._once) / (count * (count - 1)) if count > 1 else 0.0

    def _later(self, order: Sequence[TestId]) -> Iterator[tuple[int, int]]:
        numbers = [self._numbers[test] for test in dict.fromkeys(order) if test in self._numbers]
        later = 0
        for number in reversed(numbers):
            yield number, later
            later |= 1 << number
