"""Failures that are no affair of any test: the disk was full, the database server went away.

Owns the wordings, of Python, PostgreSQL, MySQL and SQLite, and what of a run's executions does not count when there was such an outage.
Words alone never decide that there was one: a test may close a connection, or pretend that the disk is full, and so break another one,
which is to be found. Whether there was one is seen from outside (see `RunPaper.outage`); only the server's own words about itself do.
"""

import re
from collections.abc import Sequence

from flaky_detector.model import Execution, Failure, Outcome

DISK = "disk"
SERVER = "server"

SERVER_SAYS = re.compile(
    r"the database system is (?:shutting down|starting up|in recovery mode|not yet accepting connections|not accepting connections)"
    r"|terminating connection (?:because of crash of another server process|due to immediate shutdown command)"
    r"|could not (?:extend|write to|write) file [^\n]{0,300}?No space left on device"
)
"""Nothing that a test does through its connection has these words."""

MAY_BE_THE_SERVER = re.compile(
    SERVER_SAYS.pattern + r"|server closed the connection|terminating connection due to administrator command|[Cc]onnection refused"
    r"|the connection is (?:closed|lost)|connection already closed|connection not open|consuming input failed"
    r"|Is the server running|could not connect to server|connection to server |MySQL server has gone away"
    r"|Lost connection to (?:MySQL )?server"
    r"|Can't connect to (?:local )?(?:MySQL )?server|no connection to the server|SSL connection has been closed unexpectedly"
)
MAY_BE_THE_DISK = re.compile(r"No space left on device|database or disk is full|Disk quota exceeded|\[Errno (?:28|122)\]")


def may_be_of(outage: str, failure: Failure) -> bool:
    """Whether a failure's words fit an outage, of the disk or of the server."""
    words = MAY_BE_THE_DISK if outage == DISK else MAY_BE_THE_SERVER
    told = (failure.message, failure.text, *(raised.message for raised in failure.chain))
    return any(words.search(text) for text in told)


def counted(executions: Sequence[Execution], outage: str) -> tuple[Execution, ...]:
    """Those that count although there was an outage: what passed, and what failed before the first failure that fits it.

    Where the disk was full, a test without an end did not crash: its end could not be written.
    """
    if outage == DISK:
        executions = [row for row in executions if row.outcome is not Outcome.CRASHED]
    fitting = [row.started_seconds for row in executions if any(may_be_of(outage, failure) for failure in row.failures)]
    first = min(fitting, default=float("inf"))
    return tuple(row for row in executions if not row.outcome.is_failure or row.started_seconds < first)
