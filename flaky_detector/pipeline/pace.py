"""How long a run may be silent before a test of it is taken to hang.

Owns that limit, learnt from the runs. Must not end anything itself.

    first run         a sixth of the budget, at least half a minute, at most five: nobody knows how long a database takes to be made
    later runs        what the slowest test and the start-up of earlier runs took, several times over
"""

import msgspec

from flaky_detector.model import RunRecord

LEAST_SECONDS, LEAST_SECONDS_OF_TRIAL = 30.0, 15.0
FIRST_SHARE, FIRST_MOST = 1 / 6, 300.0
TIMES_SLOWEST, TIMES_START = 5.0, 3.0


class Pace(msgspec.Struct):
    """The slowest test and the longest start-up so far, in seconds."""

    budget_seconds: float
    slowest: float = 0.0
    start: float = 0.0
    is_known: bool = False

    def learn(self, record: RunRecord) -> None:
        """A run that came to its end by itself."""
        if record.timed_out or not record.executions:
            return
        self.slowest = max(self.slowest, *record.executions.durations)
        busiest = max(sum(rows.durations) for rows in record.by_worker().values())
        self.start = max(self.start, record.seconds - busiest)
        self.is_known = True

    def quiet_seconds(self, *, trial: bool) -> float:
        """For the next run, or the next trial."""
        least = LEAST_SECONDS_OF_TRIAL if trial else LEAST_SECONDS
        if not self.is_known:
            return max(LEAST_SECONDS, min(FIRST_MOST, FIRST_SHARE * self.budget_seconds))
        return max(least, TIMES_SLOWEST * self.slowest + TIMES_START * self.start)
