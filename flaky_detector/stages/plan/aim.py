"""Which seed the next shuffled run shall have, where the user leaves it open.

Owns the choice among the first `CANDIDATES` seeds, by what the order of each would show. First, where tests fail and only the order speaks
against their suspects: how evenly it parts these. A polluter that stands before its victim makes it fail, so the best order puts half of
the remaining weight before it; over W workers a test that stands before it also runs on its worker in one of W cases, so that a share s
before the victim tells as much as s / W in one process.

    suspects a b c d, victim v      a b v c d   tells 1 bit        a b c d v   tells nothing in one process, 1 bit over two workers

Else, and where seeds part the suspects equally well: the seed with the most ordered pairs of tests that have not met in one process, then
the one with the most that have met only once. Must not decide which runs are made.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from flaky_detector.model import Arrangement, RunRecord, RunSpec, TestId, short_name
from flaky_detector.model.questions import Question
from flaky_detector.settings import Settings
from flaky_detector.stages.plan.foresight import Foresight
from flaky_detector.stages.plan.known import Known
from flaky_detector.stages.plan.meetings import Meetings
from flaky_detector.stages.plan.shuffles import Block, Shuffles

CANDIDATES = 64


def shuffled(spec: RunSpec) -> str:
    """`shuffled with seed 3, 2 workers, --dist load`."""
    where = f"{spec.workers} workers, --dist {spec.distribution}" if spec.workers else "one process"
    return f"shuffled with seed {spec.seed}, {where}"


class _Shown(NamedTuple):
    """What a seed would show; the greatest is the best, of equal ones the first seed. Tenths of bits are all that can be meant."""

    bits: float
    first: int
    second: int
    minus_seed: int


class Aim:
    """Asked for one seed after the other; what it needs is worked out when the first is wanted.

    Args:
        settings: with seeds of the user's every run stays as it is.
        records: the runs made so far.
        known: how shuffles come about, and what is open.
    """

    def __init__(self, settings: Settings, records: Sequence[RunRecord], known: Known) -> None:
        self._records = records
        self._known = known
        self._is_free = not settings.seeds and bool(known.namings)
        self._foresight = Foresight(records, known, keep_sort=settings.keep_sort)

    def best(self, spec: RunSpec, chosen: Sequence[RunSpec]) -> RunSpec:
        """The run with the seed that shows most after the runs made and those chosen; unchanged where its order cannot be computed."""
        if not self._is_free or spec.arrangement is not Arrangement.SHUFFLED:
            return spec
        shuffles = self._foresight.shuffles(spec.python)
        found = self._judged(spec, chosen, shuffles) if shuffles else []
        if not found:
            return spec
        shown = max(found)
        aimed = msgspec.structs.replace(spec, seed=-shown.minus_seed)
        return msgspec.structs.replace(aimed, why=shuffled(aimed) + self._because(shown))

    def _judged(self, spec: RunSpec, chosen: Sequence[RunSpec], shuffles: Shuffles) -> list[_Shown]:
        specs = (*(record.spec for record in self._records), *chosen)
        used = {one.seed for one in specs if one.arrangement is Arrangement.SHUFFLED}
        met, workers = self._met_before(chosen), max(spec.workers, 1)
        parted = [part for question in self._open for part in _parted(question, shuffles)]
        shown = []
        for seed in range(1, CANDIDATES + 1):
            if seed not in used:
                bits = sum(_bits(part.before(seed, shuffles) / workers) for part in parted)
                shown.append(_Shown(round(bits, 1), *met.gain(shuffles.order(seed, self._foresight.sample)), -seed))
        return shown

    def _because(self, shown: _Shown) -> str:
        of = f"; of the first {CANDIDATES} seeds"
        if shown.bits:
            more = f" and {len(self._open) - 1} more" if len(self._open) > 1 else ""
            return f"{of} it parts the suspects of {short_name(self._open[0].victim)}{more} best"
        if shown.first:
            return f"{of} it has the most pairs of tests that have not met"
        return f"{of} it has the most pairs of tests that have met only once" if shown.second else ""

    def _met_before(self, chosen: Sequence[RunSpec]) -> Meetings:
        met = self._met.copy()
        for spec in chosen:
            met.see(self._foresight.orders(spec))
        return met

    @cached_property
    def _met(self) -> Meetings:
        met = Meetings(self._foresight.sample)
        for record in self._records:
            met.see_record(record)
        return met

    @cached_property
    def _open(self) -> tuple[Question, ...]:
        return self._known.questions(self._records)


class _Part(NamedTuple):
    """A question by blocks: the weights of other modules as a whole, those of the victim's own one by one."""

    victim: TestId
    block: Block
    elsewhere: dict[Block, float]
    mates: dict[TestId, float]

    def before(self, seed: int, shuffles: Shuffles) -> float:
        """Which share of the weight this seed puts before the victim."""
        place, own = shuffles.block_key(seed, self.block), shuffles.key(seed, self.victim)
        earlier = sum(weight for block, weight in self.elsewhere.items() if shuffles.block_key(seed, block) < place)
        mates = sum(weight for test, weight in self.mates.items() if shuffles.key(seed, test) < own)
        return (earlier + mates) / (sum(self.elsewhere.values()) + sum(self.mates.values()))


def _parted(question: Question, shuffles: Shuffles) -> Iterator[_Part]:
    own = shuffles.block(question.victim)
    elsewhere: dict[Block, float] = {}
    mates: dict[TestId, float] = {}
    for test, weight in question.weights.items():
        block = shuffles.block(test)
        if block == own:
            mates[test] = weight
        elif block:
            elsewhere[block] = elsewhere.get(block, 0.0) + weight
    if own and sum(elsewhere.values()) + sum(mates.values()) > 0:
        yield _Part(question.victim, own, elsewhere, mates)


def _bits(share: float) -> float:
    if share <= 0 or share >= 1:
        return 0.0
    return -share * math.log2(share) - (1 - share) * math.log2(1 - share)
