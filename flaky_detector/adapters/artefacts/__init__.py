"""Files, folders and archives of CI artefacts → Bundles, one for each run.

Owns which papers belong together: a folder (on disk or in an archive) with journals or a `run.json` is one run of ours; elsewhere each
JUnit file is a run, with the console log that goes with it. What is opened, and its bounds, is `shelf`'s. Must not parse reports.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

from flaky_detector.adapters.artefacts.shelf import MIB, Limits, Shelf
from flaky_detector.errors import SettingsError
from flaky_detector.model import Gap
from flaky_detector.recorder import wire
from flaky_detector.stages.ingest import Bundle, Paper

LARGEST_FILE = 256 * MIB
LOG_TIMES = 16  # as large may a log be that lies there unpacked: only what `sieve` lets through is held
LARGE_LOG = 16 * MIB  # from here on a log is sifted
LARGEST_IN_ALL = 64 * 1024 * MIB  # of what is read, one run after the other; in memory is one run at a time
MOST_FILES = 100_000
REPORTS = (".xml",)
LOGS = (".log", ".txt", ".out")
OURS = ("run.json", wire.JOURNAL_SUFFIX)
GENERATED = re.compile(rb"generated xml file: (?:[^\n]*/)?([^\n/]+?\.xml)")
CONSOLE = re.compile(rb"test session starts|\.py::[^\n]{0,500} (?:PASSED|FAILED|ERROR)\b|\b(?:PASSED|FAILED|ERROR) \S+\.py::")
SESSION = re.compile(rb"^[^\n=]{0,300}=+ test session starts =+", re.MULTILINE)
INNER = b"/pytest-of-"
JUNIT_NAMES = re.compile(r"junit|test|report|result", re.IGNORECASE)
KIND_WORDS = frozenset(("junit", "report", "results", "test", "tests", "pytest", "console", "output", "log"))


def gather(paths: Sequence[Path]) -> tuple[tuple[Bundle, ...], tuple[Gap, ...]]:
    """All runs found under the paths, in order of name, and what could not be read.

    Papers are read when their data is asked for, each time anew; what has gone by then is empty.

    Raises:
        SettingsError: a path does not exist.
    """
    for path in paths:
        if not path.exists():
            raise SettingsError(f"there is no {str(path)!r}", "give JUnit files, console logs, folders or zips of CI artefacts that exist")
    shelf = Shelf(Limits(LARGEST_FILE, LARGEST_IN_ALL, MOST_FILES, LARGE_LOG, LOG_TIMES * LARGEST_FILE), _is_wanted, _is_log)
    for path in paths:
        shelf.add_all(path)
    bundles = tuple(_bundles(shelf))
    _say_unused(paths, bundles, shelf)
    if not bundles and not shelf.gaps:
        text = "there is no JUnit XML, journal or pytest console log in it; give a run's artefacts"
        shelf.gaps.append(Gap(", ".join(map(str, paths)), text))
    return bundles, tuple(shelf.gaps)


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((*REPORTS, *LOGS, *OURS))


def _is_log(name: str) -> bool:
    return name.lower().endswith(LOGS)


def _say_unused(paths: Sequence[Path], bundles: Sequence[Bundle], shelf: Shelf) -> None:
    """A file that was given by name and is no evidence."""
    used = {paper.name.split("#")[0] for bundle in bundles for paper in bundle.papers}
    for path in paths:
        name = path.name.removesuffix(".gz")
        if path.is_file() and name not in used and any(found.rsplit("/", 1)[-1] == name for found in shelf.found):
            shelf.gaps.append(Gap(str(path), "is neither JUnit XML, nor a journal, nor a pytest console log: left out"))


def _bundles(shelf: Shelf) -> Iterator[Bundle]:
    folders: dict[str, list[Paper]] = {}
    for name in sorted(shelf.found, key=lambda name: name.split("/")):  # a folder before one whose name goes on
        folder, _, base = name.rpartition("/")
        folders.setdefault(folder, []).append(Paper(base, partial(shelf.read, name), shelf.found[name].size))
    for folder, papers in folders.items():
        if any(_is_ours(paper.name) for paper in papers):
            yield Bundle(folder, tuple(papers))
        else:
            yield from _foreign(folder, papers)


def _is_ours(name: str) -> bool:
    return name == "run.json" or (name.startswith(wire.JOURNAL_PREFIX) and name.endswith(wire.JOURNAL_SUFFIX))


def _foreign(folder: str, papers: Sequence[Paper]) -> Iterator[Bundle]:
    """One bundle for each JUnit file, with its console log; logs that go with none stand for themselves."""
    reports = [paper for paper in papers if _is_report(paper)]
    logs = [part for paper in papers if not paper.name.lower().endswith(REPORTS) for part in _sessions(paper)]
    pairs = _paired(reports, logs)
    alone = len(reports) + len(logs) - len(pairs) == 1
    for report in reports:
        log = pairs.get(report.name)
        yield Bundle(_name(folder, report.name, alone=alone), (report, log) if log else (report,))
    taken = {log.name for log in pairs.values()}
    yield from (Bundle(_name(folder, log.name, alone=alone), (log,)) for log in logs if log.name not in taken)


def _sessions(paper: Paper) -> list[Paper]:
    """A job's log may hold several pytest runs: a paper for each; none where it holds no run.

    Runs that a test started (pytester) do not count.
    """
    data = paper.data
    if not CONSOLE.search(data):
        return []
    starts = [found.start() for found in SESSION.finditer(data) if INNER not in data[found.end() : found.end() + 2000]]
    if len(starts) < 2:
        return [paper]
    bounds = pairwise([*starts, len(data)])
    return [Paper(f"{paper.name}#{number}", _part(paper, *bound), bound[1] - bound[0]) for number, bound in enumerate(bounds, start=1)]


def _part(paper: Paper, start: int, end: int) -> Callable[[], bytes]:
    return lambda: paper.data[start:end]


def _name(folder: str, base: str, *, alone: bool) -> str:
    return folder if alone and folder else f"{folder}/{base}".lstrip("/")


def _is_report(paper: Paper) -> bool:
    """XML that is JUnit, or is called so (and will then be told what is wrong with it): not the coverage report beside it."""
    return paper.name.lower().endswith(REPORTS) and (bool(JUNIT_NAMES.search(paper.name)) or b"<testsuite" in paper.data)


def _paired(reports: Sequence[Paper], logs: Sequence[Paper]) -> dict[str, Paper]:
    """Which log goes with which JUnit file: the only two there are, or the log says so, or they are called alike."""
    if len(reports) == len(logs) == 1:
        return {reports[0].name: logs[0]}
    pairs: dict[str, Paper] = {}
    for log in logs:
        said = {match[1].decode(errors="replace") for match in GENERATED.finditer(log.data)}
        fitting = [report.name for report in reports if report.name in said and report.name not in pairs]
        fitting = fitting or [report.name for report in reports if _token(report.name) == _token(log.name) and report.name not in pairs]
        if len(fitting) == 1:
            pairs[fitting[0]] = log
    return pairs


def _token(name: str) -> str:
    """A file's name without what says which kind of file it is: `junit-3.11.xml`, `console-3.11.log` → `3.11`."""
    stem = name.lower()
    for suffix in (*REPORTS, *LOGS):
        stem = stem.removesuffix(suffix)
    return "-".join(part for part in re.split(r"[-_ ]+", stem) if part not in KIND_WORDS)
