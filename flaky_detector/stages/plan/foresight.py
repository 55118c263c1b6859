"""What a run would execute, in which sequence, before it is made.

Owns that prediction, for a sample of the tests, and whether it can be relied on. Nothing is predicted of a shuffle whose arithmetic is
not known (another version of pytest-randomly, a plugin that sorts in its own way): shuffled runs that were made are held against what would
have been predicted. Must not choose between runs.
"""

import random
from collections.abc import Mapping, Sequence
from functools import cached_property

from flaky_detector.model import Arrangement, RunRecord, RunSpec, TestId, path_of
from flaky_detector.model.footprint import own_order
from flaky_detector.model.sorts import kept_ranks
from flaky_detector.stages.plan.known import Known
from flaky_detector.stages.plan.meetings import sample_of
from flaky_detector.stages.plan.shuffles import Shuffles

MOVED = (Arrangement.SHUFFLED, Arrangement.REVERSED)
BY_FILE = ("loadfile", "loadscope")
CLOSE = 0.9
"""A computed order that is so much like the one that was seen is good enough to choose a seed by."""

Orders = tuple[tuple[TestId, ...], ...]


class Foresight:
    """Asked about runs to come.

    Args:
        records: runs of the same suite, made now or earlier.
        known: how shuffles come about.
        keep_sort: whether the project's plugins sort after a shuffle.
    """

    def __init__(self, records: Sequence[RunRecord], known: Known, *, keep_sort: bool) -> None:
        self._records = records
        self._known = known
        self._keep_sort = keep_sort
        self._computed: dict[str, tuple[Shuffles | None, float]] = {}

    @cached_property
    def tests(self) -> tuple[TestId, ...]:
        """The project's own order; empty where no run tells it."""
        return own_order([record for record in self._records if record.spec.arrangement not in MOVED])

    @cached_property
    def sample(self) -> tuple[TestId, ...]:
        """The tests about which everything here is told."""
        return sample_of(self.tests)

    @cached_property
    def _ranks(self) -> Mapping[TestId, int]:
        return kept_ranks(self._records, self.tests) if self._keep_sort else {}

    def shuffles(self, python: str) -> Shuffles | None:
        """The orders of seeds in this Python ("" stands for any); None where they cannot be computed."""
        return self._look(python)[0]

    def orders(self, spec: RunSpec) -> Orders:
        """What each process of the run would execute of the sample; empty where that is not known. Over workers it is one split of many."""
        if spec.order:
            workers = range(max(step.worker for step in spec.order) + 1)
            wanted = set(self.sample)
            return tuple(tuple(step.test for step in spec.order if step.worker == worker and step.test in wanted) for worker in workers)
        order = self._one(spec)
        left = tuple(test for test in order if test not in spec.without)
        return self._split(left, spec) if spec.workers else (left,) if left else ()

    def is_certain(self, spec: RunSpec) -> bool:
        """Whether the run will execute exactly this: its order is its own, forced, or a shuffle that was seen to be as computed."""
        if spec.order:
            return bool(self.tests)
        if spec.workers or not self.tests:
            return False
        return spec.arrangement is Arrangement.OWN or (spec.arrangement in MOVED and self._look(spec.python)[1] == 1.0)

    def _one(self, spec: RunSpec) -> tuple[TestId, ...]:
        if spec.arrangement is Arrangement.OWN:
            return self.sample
        if spec.arrangement is Arrangement.REVERSED:
            backwards = list(reversed(self.sample))
            backwards.sort(key=lambda test: self._ranks.get(test, 0))  # stable, as the plugin's own
            return tuple(backwards)
        shuffles = self.shuffles(spec.python) if spec.arrangement is Arrangement.SHUFFLED else None
        return shuffles.order(spec.seed, self.sample) if shuffles and spec.seed is not None else ()

    def _split(self, order: Sequence[TestId], spec: RunSpec) -> Orders:
        """A seed does not fix which worker gets a test: here chance gives it one, or its file."""
        chance = random.Random(f"{spec.seed} {spec.distribution}")  # noqa: S311 -- has to be the same each time, not secret
        units = [path_of(test) if spec.distribution in BY_FILE else test for test in order]
        worker_of = {unit: chance.randrange(spec.workers) for unit in dict.fromkeys(units)}
        pairs = list(zip(order, units, strict=True))
        return tuple(tuple(test for test, unit in pairs if worker_of[unit] == worker) for worker in range(spec.workers))

    def _look(self, python: str) -> tuple[Shuffles | None, float]:
        if python not in self._computed:
            self._computed[python] = self._tried(python)
        return self._computed[python]

    def _tried(self, python: str) -> tuple[Shuffles | None, float]:
        """The shuffles, and how well they were seen to agree with what was run; 0 where nothing was run to hold them against."""
        namings = self._known.namings if self.tests else ()
        made = [one for one in self._records if self._shows_a_shuffle(one) and (one.spec.python == python or not python)]
        if not made:
            trusted = namings[:1] if python in self._known.computed else ()
            return (Shuffles(self.tests, trusted[0], self._ranks), 0.0) if trusted else (None, 0.0)
        tried = [(Shuffles(self.tests, naming, self._ranks), self._seen(made)) for naming in namings]
        judged = [(shuffles, min(shuffles.agreement(seed, order) for seed, order in seen)) for shuffles, seen in tried]
        best = max(judged, key=lambda one: one[1], default=(None, 0.0))
        return best if best[1] >= CLOSE else (None, best[1])

    def _shows_a_shuffle(self, record: RunRecord) -> bool:
        spec = record.spec
        is_shuffled = spec.arrangement is Arrangement.SHUFFLED and spec.seed is not None
        return is_shuffled and bool(record.collected) and self._keep_sort == spec.keep_sort and spec.keep_sort

    def _seen(self, made: Sequence[RunRecord]) -> list[tuple[int, list[TestId]]]:
        wanted = set(self.sample)
        return [(one.spec.seed or 0, [test for test in one.collected if test in wanted]) for one in made]
