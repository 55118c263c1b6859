"""What the papers of one kind say of a run, as far as it takes to see which others are of the same run.

Owns the digest: which tests, which of them failed, how long it took and when it began. Must not compare.
"""

import re
from datetime import UTC, datetime

import msgspec

from flaky_detector.stages.ingest.addresses import Address, address_of
from flaky_detector.stages.ingest.journal import is_journal, read_journals
from flaky_detector.stages.ingest.junit import read_junit
from flaky_detector.stages.ingest.testimony import Bundle, Paper, Testimony
from flaky_detector.stages.ingest.xdist_log import read_log

SUITE_BEGAN = re.compile(rb"<testsuite\b[^>]{0,2000}\btimestamp=\"([^\"]{19,40})\"")
LOG_BEGAN = re.compile(
    rb"^(?:\xef\xbb\xbf)?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*Z[^\n=]{0,200}=+ test session starts =", re.MULTILINE
)

Addresses = frozenset[Address]


class Told(msgspec.Struct, frozen=True):
    """A bundle of papers of one kind, with what they say: all tests, those that failed, how long it took, when it began (0 where unknown).

    `is_partial` is a log that has no line for each test.
    """

    bundle: Bundle
    tests: Addresses
    failing: Addresses
    seconds: float
    began: float = 0.0
    is_partial: bool = False


class Reader:
    """Reads lone papers. Runs of one suite tell of the same tests: those are kept once for all of them."""

    def __init__(self) -> None:
        self._addresses: dict[Address, Address] = {}
        self._suites: dict[Addresses, Addresses] = {}

    def report(self, bundle: Bundle) -> Told:
        """What a JUnit file says, or journals."""
        journals = [paper for paper in bundle.papers if is_journal(paper.name)]
        if journals:
            return self._told(bundle, read_journals(journals, bundle.name), 0.0)
        return self._told(bundle, read_junit(bundle.papers[0], bundle.name, {}), _beginning(bundle.papers[0], SUITE_BEGAN))

    def log(self, bundle: Bundle) -> Told:
        """What a console log says."""
        told = read_log(bundle.papers[0], bundle.name)
        is_partial = all(row.position < 0 for row in told.executions)
        return msgspec.structs.replace(self._told(bundle, told, _beginning(bundle.papers[0], LOG_BEGAN)), is_partial=is_partial)

    def _told(self, bundle: Bundle, told: Testimony, began: float) -> Told:
        outcomes = {self._shared(address_of(row.test)): row.outcome.is_failure for row in told.executions}
        tests = frozenset(outcomes)
        failing = frozenset(address for address, failed in outcomes.items() if failed)
        return Told(bundle, self._suites.setdefault(tests, tests), failing, told.seconds, began)

    def _shared(self, address: Address) -> Address:
        return self._addresses.setdefault(address, address)


def _beginning(paper: Paper, pattern: re.Pattern[bytes]) -> float:
    """When the session began, as far as a report or CI's stamp tells; in UTC, which is the clock of runners."""
    found = pattern.search(paper.data)
    try:
        told = datetime.fromisoformat(found[1].decode().replace(" ", "T")) if found else None
    except ValueError:
        return 0.0
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp() if told else 0.0
