"""Papers of one run that came apart, and papers of several runs that came together: bundles in, bundles out.

Owns two judgements on foreign bundles, both by what the papers say:

- a JUnit file in one artefact and a console log in another are of one run where they tell the same tests with the same outcomes, and nobody
  else does as well; where several do, the one that took the same time;
- a JUnit file whose testsuites hold the same tests is several runs: somebody put the reports of a matrix into one file.

Bundles of our own are left alone. What stays undecided is a Gap.
"""

from collections.abc import Sequence

import msgspec
from lxml import etree

from flaky_detector.model import Gap
from flaky_detector.stages.ingest.addresses import Address, address_of
from flaky_detector.stages.ingest.junit import read_junit
from flaky_detector.stages.ingest.safe_xml import parse
from flaky_detector.stages.ingest.testimony import Bundle, Paper, Testimony
from flaky_detector.stages.ingest.xdist_log import read_log

ALIKE = 0.98  # of all tests that either tells, those of which both tell the same
SAME_TIME = 0.05  # of the longer one; a report's time leaves out the collection

Addresses = frozenset[Address]


class Told(msgspec.Struct, frozen=True):
    """A bundle of one paper, with what that says: all tests, those that failed, and how long it took."""

    bundle: Bundle
    tests: Addresses
    failing: Addresses
    seconds: float


class Reader:
    """Reads lone papers. Runs of one suite tell of the same tests: those are kept once for all of them."""

    def __init__(self) -> None:
        self._addresses: dict[Address, Address] = {}
        self._suites: dict[Addresses, Addresses] = {}

    def report(self, bundle: Bundle) -> Told:
        """What a JUnit file says."""
        return self._told(bundle, read_junit(bundle.papers[0], bundle.name, {}))

    def log(self, bundle: Bundle) -> Told:
        """What a console log says."""
        return self._told(bundle, read_log(bundle.papers[0], bundle.name))

    def _told(self, bundle: Bundle, told: Testimony) -> Told:
        outcomes = {self._shared(address_of(row.test)): row.outcome.is_failure for row in told.executions}
        tests = frozenset(outcomes)
        failing = frozenset(address for address, failed in outcomes.items() if failed)
        return Told(bundle, self._suites.setdefault(tests, tests), failing, told.seconds)

    def _shared(self, address: Address) -> Address:
        return self._addresses.setdefault(address, address)


def reunite(bundles: Sequence[Bundle]) -> tuple[tuple[Bundle, ...], tuple[Gap, ...]]:
    """Every run as one bundle, as far as the papers tell."""
    apart = [part for bundle in bundles for part in _taken_apart(bundle)]
    reports = [bundle for bundle in apart if len(bundle.papers) == 1 and _is_report(bundle.papers[0])]
    logs = [bundle for bundle in apart if len(bundle.papers) == 1 and _is_log(bundle.papers[0])]
    if not reports or not logs:
        return tuple(apart), ()
    reader = Reader()
    pairs, gaps = _paired(list(map(reader.report, reports)), list(map(reader.log, logs)))
    gone = {log.name for log in pairs.values()}
    whole = [_with(bundle, pairs.get(bundle.name)) for bundle in apart if bundle.name not in gone]
    return tuple(whole), gaps


def _is_report(paper: Paper) -> bool:
    return paper.name.lower().endswith(".xml")


def _is_log(paper: Paper) -> bool:
    return not paper.name.lower().endswith((".xml", ".json", ".jsonl"))


def _with(bundle: Bundle, log: Bundle | None) -> Bundle:
    return bundle if log is None else msgspec.structs.replace(bundle, papers=(*bundle.papers, *log.papers))


def _paired(reports: Sequence[Told], logs: Sequence[Told]) -> tuple[dict[str, Bundle], tuple[Gap, ...]]:
    """The log of each report that has one, by the report's name."""
    fits = {
        (report.bundle.name, log.bundle.name): _same_time(report, log)
        for report in reports
        for log in logs
        if _likeness(report, log) >= ALIKE
    }
    sure = {pair for pair in fits if _is_alone(pair, set(fits))}
    timed = {pair for pair, same in fits.items() if same and pair not in sure}
    sure |= {pair for pair in timed if _is_alone(pair, timed)}
    by_name = {log.bundle.name: log.bundle for log in logs}
    settled = {name for pair in sure for name in pair}
    open_questions = sorted({report for report, log in fits if report not in settled and log not in settled})
    text = "may be of the same run as a console log that tells the same outcomes: both are counted; give each run's report and log together"
    return {report: by_name[log] for report, log in sure}, tuple(Gap(name, text) for name in open_questions)


def _is_alone(pair: tuple[str, str], pairs: set[tuple[str, str]]) -> bool:
    return sum(other[0] == pair[0] or other[1] == pair[1] for other in pairs) == 1


def _likeness(one: Told, other: Told) -> float:
    """The share of all tests that either tells of which both tell the same."""
    both = one.tests if one.tests is other.tests else one.tests & other.tests
    everything = len(one.tests) + len(other.tests) - len(both)
    quarrels = sum(address in both for address in one.failing ^ other.failing)
    return (len(both) - quarrels) / everything if both else 0.0


def _same_time(one: Told, other: Told) -> bool:
    longer = max(one.seconds, other.seconds)
    return longer > 0 and abs(one.seconds - other.seconds) <= max(SAME_TIME * longer, 0.5)


def _taken_apart(bundle: Bundle) -> list[Bundle]:
    """A bundle for each testsuite of a lone report whose testsuites tell of the same tests; else the bundle itself."""
    if len(bundle.papers) != 1 or not _is_report(bundle.papers[0]):
        return [bundle]
    (paper,) = bundle.papers
    root, is_cut = parse(paper.data, lambda _: None) if paper.data.count(b"<testsuite") > 2 else (None, False)
    suites = [child for child in root if child.tag == "testsuite"] if root is not None and not is_cut else []
    if len(suites) < 2 or not _overlap(suites):
        return [bundle]
    return [
        Bundle(f"{bundle.name}#{number}", (Paper(f"{paper.name}#{number}.xml", etree.tostring(suite)),))
        for number, suite in enumerate(suites, start=1)
    ]


def _overlap(suites: Sequence[etree._Element]) -> bool:
    seen: set[Address] = set()
    for suite in suites:
        own = {(case.get("classname") or "", case.get("name") or "") for case in suite.iter("testcase")}
        if own & seen:
            return True
        seen |= own
    return False
