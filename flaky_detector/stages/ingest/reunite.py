"""Papers of one run that came apart, and papers of several runs that came together: bundles in, bundles out.

Owns two judgements on foreign bundles, both by what the papers say:

- a JUnit file (of jobs of CI also the recorder's journals) in one artefact and a console log in another are of one run where they tell the
  same tests with the same outcomes, and nobody else does as well; where several do, the one that is of the same job of CI, else began at
  the same time, else took the same time. A log without `-v` tells of those that failed only: they must be the same;
- a JUnit file whose testsuites hold the same tests is several runs: somebody put the reports of a matrix into one file.

Runs of our own are left alone. What stays undecided is a Gap.
"""

from collections.abc import Callable, Iterator, Sequence

from lxml import etree

from flaky_detector.model import Gap
from flaky_detector.stages.ingest.journal import is_journal
from flaky_detector.stages.ingest.lone_papers import Reader, Told
from flaky_detector.stages.ingest.safe_xml import parse
from flaky_detector.stages.ingest.testimony import Bundle, Paper

ALIKE = 0.98  # of all tests that either tells, those of which both tell the same
SAME_TIME = 0.05  # of the longer one; a report's time leaves out the collection
SAME_BEGINNING_SECONDS = 2.0


def reunite(bundles: Sequence[Bundle]) -> tuple[tuple[Bundle, ...], tuple[Gap, ...]]:
    """Every run as one bundle, as far as the papers tell."""
    apart = [part for bundle in bundles for part in _taken_apart(bundle)]
    logs = [bundle for bundle in apart if len(bundle.papers) == 1 and _is_log(bundle.papers[0])]
    of_jobs = any(log.job for log in logs)
    reports = [bundle for bundle in apart if _is_lone_report(bundle) or (of_jobs and _is_recorded(bundle))]
    if not reports or not logs:
        return tuple(apart), ()
    reader = Reader()
    pairs, gaps = _paired(list(map(reader.report, reports)), list(map(reader.log, logs)))
    gone = {log.name for log in pairs.values()}
    whole = [_with(bundle, pairs.get(bundle.name)) for bundle in apart if bundle.name not in gone]
    return tuple(whole), gaps


def _is_lone_report(bundle: Bundle) -> bool:
    return len(bundle.papers) == 1 and _is_report(bundle.papers[0])


def _is_recorded(bundle: Bundle) -> bool:
    """What the recorder left in a job's own pytest: journals, and perhaps its report beside them. Every job has left a log as well."""
    kinds = {paper.name: is_journal(paper.name) or _is_report(paper) for paper in bundle.papers}
    return all(kinds.values()) and any(map(is_journal, kinds))


def _is_report(paper: Paper) -> bool:
    return paper.name.lower().endswith(".xml")


def _is_log(paper: Paper) -> bool:
    return not paper.name.lower().endswith((".xml", ".json", ".jsonl"))


def _with(bundle: Bundle, log: Bundle | None) -> Bundle:
    """One run; where CI's job is known, it is called by that."""
    if log is None:
        return bundle
    return Bundle(log.name if log.job else bundle.name, (*bundle.papers, *log.papers), log.job or bundle.job)


Pair = tuple[str, str]


def _paired(reports: Sequence[Told], logs: Sequence[Told]) -> tuple[dict[str, Bundle], tuple[Gap, ...]]:
    """The log of each report that has one, by the report's name. What is settled by a better reason is out of the question afterwards."""
    fits = {(report.bundle.name, log.bundle.name): (report, log) for report, log in _fitting(reports, logs)}
    reasons: tuple[Callable[[Told, Told], bool], ...] = (_same_job, _same_beginning, _anything, _same_time)
    sure: set[Pair] = set()
    for reason in reasons:
        settled = {name for pair in sure for name in pair}
        likely = {pair for pair, both in fits.items() if settled.isdisjoint(pair) and reason(*both)}
        sure |= {pair for pair in likely if _is_alone(pair, likely)}
    by_name = {log.bundle.name: log.bundle for log in logs}
    settled = {name for pair in sure for name in pair}
    open_questions = sorted({report for report, log in fits if report not in settled and log not in settled})
    text = "may be of the same run as a console log that tells the same outcomes: both are counted; give each run's report and log together"
    return {report: by_name[log] for report, log in sure}, tuple(Gap(name, text) for name in open_questions)


def _fitting(reports: Sequence[Told], logs: Sequence[Told]) -> Iterator[tuple[Told, Told]]:
    """Reports and logs that may be of one run. A report whose job has left a log of tests is of no other job."""
    jobs = {log.bundle.job for log in logs} - {""}
    for report in reports:
        for log in logs:
            if _likeness(report, log) >= ALIKE and (report.bundle.job not in jobs or _same_job(report, log)):
                yield report, log


def _is_alone(pair: tuple[str, str], pairs: set[tuple[str, str]]) -> bool:
    return sum(other[0] == pair[0] or other[1] == pair[1] for other in pairs) == 1


def _likeness(one: Told, other: Told) -> float:
    """The share of all tests that either tells of which both tell the same.

    A log that tells of failing tests only is held against those; one that tells of none is believed to be its job's.
    """
    if other.is_partial and other.tests <= one.tests:
        return float(other.failing == one.failing if other.tests else _same_job(one, other))
    both = one.tests if one.tests is other.tests else one.tests & other.tests
    everything = len(one.tests) + len(other.tests) - len(both)
    quarrels = sum(address in both for address in one.failing ^ other.failing)
    return (len(both) - quarrels) / everything if both else 0.0


def _same_job(one: Told, other: Told) -> bool:
    return one.bundle.job == other.bundle.job != ""


def _same_beginning(one: Told, other: Told) -> bool:
    """A log's stamp may be later, where output was buffered; so it tells who belongs together, and never who does not."""
    return one.began > 0 < other.began and abs(one.began - other.began) <= SAME_BEGINNING_SECONDS


def _anything(_one: Told, _other: Told) -> bool:
    return True


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
        Bundle(f"{bundle.name}#{number}", (Paper(f"{paper.name}#{number}.xml", etree.tostring(suite)),), bundle.job)
        for number, suite in enumerate(suites, start=1)
    ]


def _overlap(suites: Sequence[etree._Element]) -> bool:
    seen: set[tuple[str, str]] = set()
    for suite in suites:
        own = {(case.get("classname") or "", case.get("name") or "") for case in suite.iter("testcase")}
        if own & seen:
            return True
        seen |= own
    return False
