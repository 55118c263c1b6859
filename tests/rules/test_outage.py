"""What of a run counts in which the disk was full or the database server went away."""

import pytest

from flaky_detector.model import Execution, Failure, Outcome, TestId
from flaky_detector.rules.outage import DISK, SERVER, SERVER_SAYS, counted, may_be_of
from tests.rules.samples import failure


def row(name: str, started: float, *failures: Failure, outcome: Outcome | None = None) -> Execution:
    ended = outcome or (Outcome.FAILED if failures else Outcome.PASSED)
    return Execution(test=TestId(name), worker="main", position=int(started), outcome=ended, failures=failures, started_seconds=started)


FULL = failure("OSError", "[Errno 28] No space left on device: '/tmp/x'")
GONE = failure("OperationalError", "server closed the connection unexpectedly")
OTHER = failure("AssertionError", "assert 1 == 2")


def test_what_failed_before_the_outage_counts_and_what_failed_from_it_on_does_not() -> None:
    rows = [row("a", 1), row("b", 2, OTHER), row("c", 3, GONE), row("d", 4), row("e", 5, OTHER), row("f", 6, GONE)]
    assert [one.test for one in counted(rows, SERVER)] == ["a", "b", "d"]


def test_an_outage_that_no_failure_speaks_of_takes_nothing() -> None:
    rows = [row("a", 1, OTHER), row("b", 2, outcome=Outcome.CRASHED)]
    assert counted(rows, SERVER) == tuple(rows)


def test_on_a_full_disk_a_test_without_an_end_did_not_crash() -> None:
    rows = [row("a", 1, OTHER), row("b", 2, outcome=Outcome.CRASHED), row("c", 3, FULL), row("d", 4, OTHER)]
    assert [one.test for one in counted(rows, DISK)] == ["a"]


@pytest.mark.parametrize(
    "message",
    [
        "FATAL:  the database system is shutting down",
        'connection to server on socket "/tmp/.s.PGSQL.5432" failed: FATAL:  the database system is starting up',
        "FATAL:  the database system is in recovery mode",
        "FATAL:  the database system is not yet accepting connections",
        "WARNING:  terminating connection because of crash of another server process",
        "FATAL:  terminating connection due to immediate shutdown command",
        'could not extend file "base/16384/2601": No space left on device',
    ],
)
def test_the_servers_own_words_about_itself_are_certain(message: str) -> None:
    assert SERVER_SAYS.search(message)
    assert may_be_of(SERVER, failure("OperationalError", message))


@pytest.mark.parametrize(
    "message",
    [
        "terminating connection due to administrator command",
        "server closed the connection unexpectedly",
        "the connection is closed",
        "connection already closed",
        "consuming input failed: server closed the connection unexpectedly",
        'connection to server at "127.0.0.1", port 5432 failed: Connection refused',
        "(2006, 'MySQL server has gone away')",
        "(2013, 'Lost connection to MySQL server during query')",
        "(2002, \"Can't connect to local MySQL server through socket '/run/mysqld.sock' (2)\")",
    ],
)
def test_words_that_a_test_may_bring_about_too_fit_but_are_not_certain(message: str) -> None:
    assert may_be_of(SERVER, failure("OperationalError", message))
    assert not SERVER_SAYS.search(message)


@pytest.mark.parametrize(
    "message",
    [
        'relation "shop_product" does not exist',
        "no such table: shop_product",
        "database is locked",
        "current transaction is aborted, commands ignored until end of transaction block",
        "the system is shutting down",
        "deadlock detected",
        "canceling statement due to statement timeout",
        "terminating connection due to idle-in-transaction timeout",
        "too many clients already",
        "assert 'disk' == 'full'",
    ],
)
def test_other_words_fit_no_outage(message: str) -> None:
    assert not may_be_of(SERVER, failure("OperationalError", message))
    assert not may_be_of(DISK, failure("OperationalError", message))


@pytest.mark.parametrize("message", ["[Errno 28] No space left on device", "database or disk is full", "[Errno 122] Disk quota exceeded"])
def test_words_of_a_full_disk_fit(message: str) -> None:
    assert may_be_of(DISK, failure("OSError", message))
