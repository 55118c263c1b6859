"""All runs, laid out for looking up.

Owns the questions that correlating asks of the runs: what ran before, what ran elsewhere meanwhile, who left what, what a test's source
says. Must not rank anybody.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from flaky_detector.model import Execution, Executions, RunRecord, Sighting, StateChange, TestId
from flaky_detector.model.footprint import footprints, noise
from flaky_detector.recorder import wire
from flaky_detector.stages.correlate.functions import functions

SLACK_SECONDS = 0.02  # clocks are read before a test's setup and durations leave the gaps between phases out

Sources = Callable[[str], str | None]
"""Text of a file by its path relative to the rootdir, None where it cannot be had."""


NOTHING = Executions()


class Papers(msgspec.Struct, frozen=True):
    """Executions by run and worker, what each test left behind, sources.

    `writes` holds the executions that changed the tree, by run and worker; `function` gives the source of a test's function.
    """

    orders: Mapping[str, Mapping[str, Executions]]
    left: Mapping[TestId, tuple[StateChange, ...]]
    writes: Mapping[str, Mapping[str, Executions]]
    ordered_runs: frozenset[str]
    sources: Sources
    function: Callable[[TestId], str | None]

    def order(self, run: str, worker: str) -> Executions:
        """Everything that one worker of one run ran."""
        return self.orders.get(run, {}).get(worker, NOTHING)

    def prefix(self, sighting: Sighting) -> Executions:
        """What the sighting's worker ran before it; empty where the order is not known."""
        return self.order(sighting.run, sighting.worker).before(sighting.position) if self.has_place(sighting) else NOTHING

    def has_place(self, sighting: Sighting) -> bool:
        """Whether it is known where in its worker's order the sighting stands."""
        return sighting.run in self.ordered_runs and sighting.position >= 0

    def elsewhere(self, sighting: Sighting) -> dict[str, Executions]:
        """What the run's other workers had begun before the sighting, by worker; all of it where times are not known."""
        return self._of_others(sighting, self.orders)

    def written_elsewhere(self, sighting: Sighting) -> dict[str, Executions]:
        """Of those, the executions that changed the tree; only workers with such."""
        return self._of_others(sighting, self.writes)

    def beside(self, sighting: Sighting) -> tuple[Execution, ...]:
        """What other workers were running while the sighting's test ran, where times are known."""
        own = self._own(sighting)
        if own is None or own.position != sighting.position or not own.started_seconds:
            return ()
        others = (rows for worker, rows in self.orders[sighting.run].items() if worker != sighting.worker)
        begin, end = own.started_seconds - SLACK_SECONDS, own.started_seconds + own.duration_seconds + SLACK_SECONDS
        return tuple(row for rows in others for row in rows.running(begin, end))

    def _of_others(self, sighting: Sighting, rows: Mapping[str, Mapping[str, Executions]]) -> dict[str, Executions]:
        others = {worker: told for worker, told in rows.get(sighting.run, {}).items() if worker != sighting.worker}
        own = self._own(sighting) if others else None
        return (
            {worker: told.begun_before(own.started_seconds) for worker, told in others.items()} if own and own.started_seconds else others
        )

    def _own(self, sighting: Sighting) -> Execution | None:
        """The execution at the sighting's place, or the next one that its worker ran."""
        own = self.order(sighting.run, sighting.worker)
        at = len(own.before(sighting.position))
        return own[at] if at < len(own) else None


def lay_out(records: Sequence[RunRecord], sources: Sources) -> Papers:
    """The papers that `correlate` reads, made once for all symptoms."""
    noisy = noise(records)
    orders = {record.spec.id: record.by_worker() for record in records}
    writes = {
        run: {worker: wrote for worker, rows in told.items() if (wrote := rows.leaving(lambda state: _wrote(state, noisy)))}
        for run, told in orders.items()
    }
    return Papers(
        orders=orders,
        left=footprints(records),
        writes=writes,
        ordered_runs=frozenset(record.spec.id for record in records if record.has_order),
        sources=sources,
        function=functions(sources),
    )


def _wrote(state: Sequence[StateChange], noisy: frozenset[tuple[str, str]]) -> bool:
    return any(change.kind == wire.FILE and change.after and (change.kind, change.key) not in noisy for change in state)
