"""Many executions, in columns: six million of them fit into a quarter of a gigabyte.

Owns how executions are kept. As a sequence it gives `Execution` records, made anew each time; who goes over all executions of all runs
asks for columns instead. Must not interpret anything.

    tests      a.py::a   a.py::b   a.py::c     references to one string each, shared by all runs
    outcomes   passed    failed    passed      a byte each
    rest                 failures              kept only where there is any: failures, state changes, claims, reruns
"""

import sys
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import compress, pairwise
from operator import eq, le
from typing import Any, overload

import msgspec

from flaky_detector.model.execution import Execution, Failure, Outcome, StateChange
from flaky_detector.model.identity import TestId

OUTCOMES = tuple(Outcome)
CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}
FAILING = bytes(outcome.is_failure for outcome in OUTCOMES) + bytes(256 - len(OUTCOMES))
LEAST_PACKED = 400  # characters of failures; fewer gain nothing
QUICKLY = 1

Changes = tuple[StateChange, ...]


class _Rest(msgspec.Struct, frozen=True, gc=False):
    """What few executions have. Failures are packed, for their texts are long and much alike."""

    failures: bytes | tuple[Failure, ...]
    state: Changes
    claims: tuple[str, ...]
    attempt: int


class _Columns(msgspec.Struct, frozen=True):
    """All that is known of the executions, by place.

    `worker_starts` are the places from which on each of `worker_names` ran; `is_in_order` tells that each has one stretch, by position.
    `traits` are numbers into `trait_sets`.
    """

    tests: tuple[TestId, ...]
    worker_names: tuple[str, ...]
    worker_starts: tuple[int, ...]
    is_in_order: bool
    positions: Sequence[int]
    outcomes: bytes
    durations: Sequence[float]
    started: Sequence[float]
    traits: Sequence[int]
    trait_sets: tuple[tuple[str, ...], ...]
    rest: dict[int, _Rest]


class Executions(Sequence[Execution]):
    """A frozen sequence of executions; a slice shares the columns of the whole."""

    __slots__ = ("_columns", "_places")

    def __init__(self, rows: Iterable[Execution] = ()) -> None:
        told = tuple(rows)
        self._columns = _in_columns(told)
        self._places: Sequence[int] = range(len(told))

    def _part(self, places: Sequence[int]) -> "Executions":
        part = Executions.__new__(Executions)
        part._columns, part._places = self._columns, places
        return part

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Execution: ...
    @overload
    def __getitem__(self, index: slice) -> "Executions": ...
    def __getitem__(self, index: int | slice) -> "Execution | Executions":
        return self._part(self._places[index]) if isinstance(index, slice) else self._row(self._places[index])

    def __iter__(self) -> Iterator[Execution]:
        return map(self._row, self._places)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Executions | tuple) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Executions({list(self)!r})"

    def _row(self, place: int) -> Execution:
        columns = self._columns
        rest = columns.rest.get(place, NOTHING)
        return Execution(
            test=columns.tests[place],
            worker=columns.worker_names[bisect_right(columns.worker_starts, place) - 1],
            position=columns.positions[place],
            outcome=OUTCOMES[columns.outcomes[place]],
            duration_seconds=columns.durations[place],
            started_seconds=columns.started[place],
            failures=_unpacked(rest.failures) if rest.failures else (),
            state=rest.state,
            claims=rest.claims,
            traits=columns.trait_sets[columns.traits[place]],
            attempt=rest.attempt,
        )

    def _column(self, values: Any) -> Any:
        """The part of a column that belongs to these executions."""
        if isinstance(self._places, range):
            start, stop, step = self._places.start, self._places.stop, self._places.step
            return values[start : stop if stop >= 0 else None : step]
        return tuple(values[place] for place in self._places)

    @property
    def tests(self) -> tuple[TestId, ...]:
        """Who ran, in sequence."""
        told: tuple[TestId, ...] = self._column(self._columns.tests)
        return told

    @property
    def positions(self) -> Sequence[int]:
        """Where each stood in its worker's order."""
        told: Sequence[int] = self._column(self._columns.positions)
        return told

    @property
    def durations(self) -> Sequence[float]:
        """Seconds that each took."""
        told: Sequence[float] = self._column(self._columns.durations)
        return told

    @property
    def outcomes(self) -> Iterator[Outcome]:
        """How each ended."""
        return map(OUTCOMES.__getitem__, self._column(self._columns.outcomes))

    @property
    def traits(self) -> Iterator[tuple[str, ...]]:
        """Words about each test."""
        return map(self._columns.trait_sets.__getitem__, self._column(self._columns.traits))

    @property
    def failed(self) -> int:
        """How many failed."""
        told: bytes = bytes(self._column(self._columns.outcomes))
        return told.translate(FAILING).count(1)

    def failing(self) -> "Executions":
        """Those that failed."""
        told = bytes(self._column(self._columns.outcomes)).translate(FAILING)
        return self._part(tuple(compress(self._places, told)))

    def that(self, outcome: Outcome) -> "Executions":
        """Those that ended so."""
        code = CODES[outcome]
        told: bytes = bytes(self._column(self._columns.outcomes))
        return self._part(tuple(compress(self._places, (one == code for one in told))) if code in told else ())

    def of(self, tests: Container[TestId]) -> "Executions":
        """Those of these tests."""
        return self._part(tuple(compress(self._places, map(tests.__contains__, self.tests))))

    def states(self) -> Iterator[tuple[TestId, Changes]]:
        """Who left something different, in sequence, with all changes."""
        tests = self._columns.tests
        return ((tests[place], rest.state) for place, rest in self._told() if rest.state)

    def leaving(self, wanted: Callable[[Changes], bool]) -> "Executions":
        """Those whose changes of state are as wanted."""
        return self._part(tuple(place for place, rest in self._told() if rest.state and wanted(rest.state)))

    def claims(self) -> Iterator[tuple[TestId, tuple[str, ...]]]:
        """Who claimed something, in sequence, with all claims."""
        tests = self._columns.tests
        return ((tests[place], rest.claims) for place, rest in self._told() if rest.claims)

    def _told(self) -> Iterator[tuple[int, _Rest]]:
        rest, places = self._columns.rest, self._places
        if isinstance(places, range) and places.step == 1 and len(rest) < len(places):
            return ((place, told) for place, told in rest.items() if place in places)
        return ((place, rest[place]) for place in places if place in rest)

    def before(self, position: int) -> "Executions":
        """Those of one worker, in the order in which it ran them, that came before a position."""
        return self[: bisect_left(self.positions, position)]

    def begun_before(self, seconds: float) -> "Executions":
        """Those that had begun by a time."""
        return self._part(tuple(compress(self._places, (began < seconds for began in self._column(self._columns.started)))))

    def running(self, begin: float, end: float) -> "Executions":
        """Those that were under way at some moment between two times."""
        times = zip(self._column(self._columns.started), self.durations, strict=True)
        return self._part(tuple(compress(self._places, (began < end and began + seconds > begin for began, seconds in times))))

    def by_worker(self) -> dict[str, "Executions"]:
        """The executions of each worker by position; workers as they come."""
        columns = self._columns
        if self._places != range(len(columns.tests)):
            return Executions(self).by_worker()
        bounds = list(pairwise((*columns.worker_starts, len(self))))
        if columns.is_in_order:
            return {name: self._part(range(*bound)) for name, bound in zip(columns.worker_names, bounds, strict=True)}
        places: dict[str, list[int]] = {}
        for name, bound in zip(columns.worker_names, bounds, strict=True):
            places.setdefault(name, []).extend(range(*bound))
        return {name: self._part(tuple(sorted(told, key=columns.positions.__getitem__))) for name, told in places.items()}


NOTHING = _Rest((), (), (), 0)


def _in_columns(rows: tuple[Execution, ...]) -> _Columns:
    trait_sets: dict[tuple[str, ...], int] = {}
    starts = [place for place, row in enumerate(rows) if not place or rows[place - 1].worker != row.worker]
    names = tuple(sys.intern(rows[place].worker) for place in starts)
    positions = _numbers("q", [row.position for row in rows])
    ascending = (all(map(le, positions[a:b], positions[a + 1 : b])) for a, b in pairwise((*starts, len(rows))))
    return _Columns(
        tests=tuple(TestId(sys.intern(row.test)) for row in rows),
        worker_names=names,
        worker_starts=tuple(starts),
        is_in_order=len(set(names)) == len(names) and all(ascending),
        positions=positions,
        outcomes=bytes([CODES[row.outcome] for row in rows]),
        durations=array("d", [row.duration_seconds for row in rows]),
        started=array("d", [row.started_seconds for row in rows]),
        traits=_numbers("H", [trait_sets.setdefault(row.traits, len(trait_sets)) for row in rows]),
        trait_sets=tuple(trait_sets),
        rest={
            place: _Rest(_packed(row.failures), tuple(map(_thrifty, row.state)), row.claims, row.attempt)
            for place, row in enumerate(rows)
            if row.failures or row.state or row.claims or row.attempt
        },
    )


def _numbers(kind: str, values: list[int]) -> Sequence[int]:
    """An array, unless a number of a damaged paper is too large for one."""
    try:
        return array(kind, values)
    except OverflowError:
        return tuple(values)


def _thrifty(change: StateChange) -> StateChange:
    """The same with words that all runs share; a digest is mostly the same in every run."""
    return StateChange(
        kind=sys.intern(change.kind),
        key=sys.intern(change.key),
        before=change.before and sys.intern(change.before),
        after=change.after and sys.intern(change.after),
        scope=sys.intern(change.scope),
        origin=sys.intern(change.origin),
    )


def _packed(failures: tuple[Failure, ...]) -> bytes | tuple[Failure, ...]:
    if sum(len(failure.text) + len(failure.output) for failure in failures) < LEAST_PACKED:
        return failures
    try:
        return zlib.compress(msgspec.msgpack.encode(failures), QUICKLY)
    except UnicodeEncodeError:  # half a surrogate pair
        return failures


def _unpacked(failures: bytes | tuple[Failure, ...]) -> tuple[Failure, ...]:
    if isinstance(failures, tuple):
        return failures
    return msgspec.msgpack.decode(zlib.decompress(failures), type=tuple[Failure, ...])
