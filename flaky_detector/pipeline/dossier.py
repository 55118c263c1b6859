"""What is known so far, while a hunt goes on: it can be concluded at any moment, also when interrupted.

Owns the gathering of records, proofs, gaps and costs. Must not run or decide anything.
"""

import math
import threading
import time
from collections.abc import Sequence
from typing import Literal

from flaky_detector.errors import OutageError
from flaky_detector.model import Arrangement, Cost, Gap, KnownCause, Proof, Recheck, RunRecord, Suspect, Symptom
from flaky_detector.model.findings import RunSummary
from flaky_detector.model.footprint import majors

Status = Literal["complete", "budget-exhausted", "interrupted"]


KEPT_SHARE, KEPT_SECONDS = 0.04, 60.0
LEAST_KEPT_SECONDS, MOST_KEPT_SHARE = 2.0, 0.2
"""Of the budget: for ending what is under way, for dropping databases, and for putting the answer together, which takes its seconds."""


TIMES_START = 0.5


def kept_of(budget_seconds: float, start_seconds: float = 0.0) -> float:
    """So many seconds of the budget are kept for the end: more where the start took long, for then the machine is slow, or busy."""
    least = min(LEAST_KEPT_SECONDS + TIMES_START * start_seconds, MOST_KEPT_SHARE * budget_seconds)
    return max(least, min(KEPT_SHARE * budget_seconds, KEPT_SECONDS))


class Dossier:
    """Everything that a hunt or an analysis has found out; filled bit by bit.

    `known` are causes of earlier nights that are to be re-run. `start_seconds` is how long the command had been there before.
    """

    def __init__(self, budget_seconds: float = float("inf"), known: Sequence[KnownCause] = (), start_seconds: float = 0.0) -> None:
        self.started = time.monotonic() - start_seconds
        self.budget_seconds = budget_seconds
        self.deadline = self.started + budget_seconds - kept_of(budget_seconds, start_seconds)
        self.known = tuple(known)
        self.rechecks: dict[int, tuple[Recheck, ...]] = {}
        self.records: list[RunRecord] = []
        self.gaps: list[Gap] = []
        self.symptoms: list[tuple[Symptom, tuple[Suspect, ...]]] = []
        self.proofs: dict[int, Proof] = {}
        self.status: Status = "complete"
        self.pytest_processes = 0
        self.trials = 0
        self.test_executions = 0
        self._lock = threading.Lock()

    @property
    def seconds_left(self) -> float:
        """Of the budget, until nothing new is begun."""
        return self.deadline - time.monotonic()

    def keep(self, seconds: float) -> None:
        """So much is needed for the end, as a run's own start and end have shown; a fifth of the budget at most."""
        self.deadline = min(self.deadline, self.started + self.budget_seconds - min(seconds, MOST_KEPT_SHARE * self.budget_seconds))

    def has_left(self, share: float) -> bool:
        """Whether more than this share of the budget is left."""
        return math.isinf(self.budget_seconds) or self.seconds_left > share * self.budget_seconds

    def next_trial(self) -> int:
        """The number of one more trial; several threads may ask."""
        with self._lock:
            self.trials += 1
            return self.trials

    def add_trial(self, workers: int, executions: int) -> None:
        """What one trial cost."""
        with self._lock:
            self.pytest_processes += 1 + workers
            self.test_executions += executions

    def add_gap(self, source: str, text: str) -> None:
        """Evidence that is missing; the same gap counts once."""
        gap = Gap(source, text)
        if gap not in self.gaps:
            self.gaps.append(gap)

    def interrupt(self, end: BaseException) -> None:
        """The work has come to its end before it was done; where that is not what the user wanted, a gap says why."""
        self.status = "interrupted"
        if isinstance(end, OutageError):
            self.add_gap("hunt", f"{end.message}, so nothing more could be run, and what was found until then is told: {end.hint}")

    def add_record(self, record: RunRecord) -> None:
        """One run, with its cost."""
        self.records.append(record)
        self.pytest_processes += max(record.spec.workers, 0) + 1
        self.test_executions += len(record.executions)

    def all_gaps(self) -> tuple[Gap, ...]:
        """Those of the runs and our own, each once."""
        return tuple(dict.fromkeys((*(gap for record in self.records for gap in record.gaps), *self.gaps)))

    def cost(self) -> Cost:
        """What it took so far."""
        return Cost(
            suite_seconds=round(next((record.seconds for record in self.records if record.spec.arrangement is Arrangement.OWN), 0.0), 3),
            wall_seconds=round(time.monotonic() - self.started, 3),
            pytest_processes=self.pytest_processes,
            trials=self.trials,
            test_executions=self.test_executions,
        )


def summaries(records: Sequence[RunRecord]) -> tuple[RunSummary, ...]:
    """The runs as the report shows them."""
    return tuple(
        RunSummary(
            id=record.spec.id,
            python=record.python or majors(record.spec.python),
            arrangement=record.spec.arrangement.value,
            seed=record.spec.seed,
            distribution=record.spec.distribution,
            workers=record.spec.workers,
            tests=len(set(record.executions.tests)),
            failed=record.failed,
            seconds=round(record.seconds, 3),
            exit_code=record.exit_code,
            why=record.spec.why,
        )
        for record in records
    )
