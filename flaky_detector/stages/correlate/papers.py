"""All runs, laid out for looking up.

Owns the questions that correlating asks of the runs: what ran before, what ran elsewhere meanwhile, who left what, what a test's source
says. Must not rank anybody.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence

import msgspec

from flaky_detector.model import Execution, RunRecord, Sighting, StateChange, TestId
from flaky_detector.model.footprint import footprints, noise
from flaky_detector.recorder import wire
from flaky_detector.stages.correlate.functions import functions

SLACK_SECONDS = 0.02  # clocks are read before a test's setup and durations leave the gaps between phases out

Sources = Callable[[str], str | None]
"""Text of a file by its path relative to the rootdir, None where it cannot be had."""


class Papers(msgspec.Struct, frozen=True):
    """Executions by run and worker, what each test left behind, sources.

    `writes` holds the executions that changed the tree, by run and worker; `function` gives the source of a test's function.
    """

    orders: Mapping[tuple[str, str], tuple[Execution, ...]]
    left: Mapping[TestId, tuple[StateChange, ...]]
    writes: Mapping[tuple[str, str], tuple[Execution, ...]]
    ordered_runs: frozenset[str]
    sources: Sources
    function: Callable[[TestId], str | None]

    def prefix(self, sighting: Sighting) -> tuple[Execution, ...]:
        """What the sighting's worker ran before it; empty where the order is not known."""
        if not self.has_place(sighting):
            return ()
        rows = self.orders.get((sighting.run, sighting.worker), ())
        return rows[: bisect_left(rows, sighting.position, key=lambda row: row.position)]

    def has_place(self, sighting: Sighting) -> bool:
        """Whether it is known where in its worker's order the sighting stands."""
        return sighting.run in self.ordered_runs and sighting.position >= 0

    def elsewhere(self, sighting: Sighting) -> dict[str, tuple[Execution, ...]]:
        """What the run's other workers had begun before the sighting, by worker; all of it where times are not known."""
        return self._of_others(sighting, self.orders)

    def written_elsewhere(self, sighting: Sighting) -> dict[str, tuple[Execution, ...]]:
        """Of those, the executions that changed the tree; only workers with such."""
        return self._of_others(sighting, self.writes)

    def beside(self, sighting: Sighting) -> tuple[Execution, ...]:
        """What other workers were running while the sighting's test ran, where times are known."""
        own = next((row for row in self.orders.get((sighting.run, sighting.worker), ()) if row.position == sighting.position), None)
        if own is None or not own.started_seconds:
            return ()
        return tuple(
            row
            for (run, worker), rows in self.orders.items()
            if run == sighting.run and worker != sighting.worker
            for row in rows
            if row.started_seconds < own.started_seconds + own.duration_seconds + SLACK_SECONDS
            and row.started_seconds + row.duration_seconds + SLACK_SECONDS > own.started_seconds
        )

    def _of_others(self, sighting: Sighting, rows: Mapping[tuple[str, str], tuple[Execution, ...]]) -> dict[str, tuple[Execution, ...]]:
        others = {worker: told for (run, worker), told in rows.items() if run == sighting.run and worker != sighting.worker}
        began = self._began(sighting) if others else 0.0
        return {worker: tuple(row for row in told if not began or row.started_seconds < began) for worker, told in others.items()}

    def _began(self, sighting: Sighting) -> float:
        own = self.orders.get((sighting.run, sighting.worker), ())
        at = bisect_left(own, sighting.position, key=lambda row: row.position)
        return own[at].started_seconds if at < len(own) else 0.0


def lay_out(records: Sequence[RunRecord], sources: Sources) -> Papers:
    """The papers that `correlate` reads, made once for all symptoms."""
    noisy = noise(records)
    orders = {(record.spec.id, worker): rows for record in records for worker, rows in record.by_worker().items()}
    writes = {place: tuple(row for row in rows if _wrote(row, noisy)) for place, rows in orders.items()}
    return Papers(
        orders=orders,
        left=footprints(records),
        writes={place: rows for place, rows in writes.items() if rows},
        ordered_runs=frozenset(record.spec.id for record in records if record.has_order),
        sources=sources,
        function=functions(sources),
    )


def _wrote(row: Execution, noisy: frozenset[tuple[str, str]]) -> bool:
    return any(change.kind == wire.FILE and change.after and (change.kind, change.key) not in noisy for change in row.state)
