"""Files, folders and archives of CI artefacts → Bundles, one for each run.

Owns what is opened and the bounds: archives are read in memory (no path of theirs is ever written), each file, each archive and the whole
are limited, so that an archive bomb costs a Gap and not the machine. Which papers belong together: a folder (on disk or in an archive)
with journals or a `run.json` is one run of ours; elsewhere each JUnit file is a run, with the console log that goes with it. Must not parse
reports.
"""

import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO

import msgspec

from flaky_detector.errors import SettingsError
from flaky_detector.model import Gap
from flaky_detector.recorder import wire
from flaky_detector.stages.ingest import Bundle, Paper

MIB = 1024 * 1024
LARGEST_FILE = 256 * MIB
LARGEST_IN_ALL = 1024 * MIB
MOST_FILES = 20_000
DEEPEST_ARCHIVE = 3
ARCHIVES = (".zip", ".gz")
REPORTS = (".xml",)
LOGS = (".log", ".txt", ".out")
OURS = ("run.json", wire.JOURNAL_SUFFIX)
NOT_ENTERED = frozenset((".git", ".hg", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__", ".mypy_cache", ".pytest_cache"))
GENERATED = re.compile(rb"generated xml file: (?:[^\n]*/)?([^\n/]+?\.xml)")
CONSOLE = re.compile(rb"test session starts|\.py::[^\n]{0,500} (?:PASSED|FAILED|ERROR)\b|\b(?:PASSED|FAILED|ERROR) \S+\.py::")
SESSION = re.compile(rb"^[^\n=]{0,300}=+ test session starts =+", re.MULTILINE)
INNER = b"/pytest-of-"
JUNIT_NAMES = re.compile(r"junit|test|report|result", re.IGNORECASE)
KIND_WORDS = frozenset(("junit", "report", "results", "test", "tests", "pytest", "console", "output", "log"))
CHUNK = MIB


class TooMuch(Exception):  # noqa: N818 -- a bound, not an error
    """A limit was reached."""


class Gathering(msgspec.Struct):
    """What has been read so far."""

    found: dict[str, bytes] = msgspec.field(default_factory=dict)
    gaps: list[Gap] = msgspec.field(default_factory=list)
    labels: dict[str, Path] = msgspec.field(default_factory=dict)
    size: int = 0

    def gap(self, source: str, text: str) -> None:
        self.gaps.append(Gap(source, text))

    def add(self, name: str, data: bytes) -> None:
        if len(self.found) >= MOST_FILES:
            raise TooMuch(f"more than {MOST_FILES} files")
        self.size += len(data)
        self.found[name] = data

    def room(self) -> int:
        """How many bytes the next file may have."""
        return min(LARGEST_FILE, LARGEST_IN_ALL - self.size)

    def label(self, folder: Path) -> str:
        """A short name for a folder, its whole path where another is called the same."""
        real = folder.resolve()
        if self.labels.setdefault(real.name, real) == real:
            return real.name
        return real.as_posix().lstrip("/")


def gather(paths: Sequence[Path]) -> tuple[tuple[Bundle, ...], tuple[Gap, ...]]:
    """All runs found under the paths, in order of name, and what could not be read.

    Raises:
        SettingsError: a path does not exist.
    """
    for path in paths:
        if not path.exists():
            raise SettingsError(f"there is no {str(path)!r}", "give JUnit files, console logs, folders or zips of CI artefacts that exist")
    gathering = Gathering()
    for path in paths:
        try:
            for file, name in _files(path, gathering):
                _read_file(file, name, gathering)
        except TooMuch as limit:
            gathering.gap(str(path), f"{limit}: the rest was not read; give fewer artefacts at once")
    bundles = tuple(_bundles(gathering.found))
    _say_unused(paths, bundles, gathering)
    if not bundles and not gathering.gaps:
        gathering.gap(", ".join(map(str, paths)), "there is no JUnit XML, journal or pytest console log in it; give a run's artefacts")
    return bundles, tuple(gathering.gaps)


def _say_unused(paths: Sequence[Path], bundles: Sequence[Bundle], gathering: Gathering) -> None:
    """A file that was given by name and is no evidence."""
    used = {paper.name.split("#")[0] for bundle in bundles for paper in bundle.papers}
    for path in paths:
        name = path.name.removesuffix(".gz")
        if path.is_file() and name not in used and any(found.rsplit("/", 1)[-1] == name for found in gathering.found):
            gathering.gap(str(path), "is neither JUnit XML, nor a journal, nor a pytest console log: left out")


def _files(path: Path, gathering: Gathering) -> Iterator[tuple[Path, str]]:
    if not path.is_dir():
        yield path, f"{gathering.label(path.parent)}/{path.name}"
        return
    label = gathering.label(path)
    for folder, inner, names in os.walk(path):
        inner[:] = sorted(name for name in inner if name not in NOT_ENTERED)
        for name in sorted(names):
            if _is_wanted(name):
                file = Path(folder, name)
                yield file, f"{label}/{file.relative_to(path).as_posix()}"


def _is_wanted(name: str) -> bool:
    return name.lower().endswith((*ARCHIVES, *REPORTS, *LOGS, *OURS))


def _read_file(file: Path, name: str, gathering: Gathering) -> None:
    try:
        size = file.stat().st_size
        if size > gathering.room():
            gathering.gap(name, f"larger than {LARGEST_FILE // MIB} MiB, or too much in all: not read")
            return
        _take(name, file.read_bytes(), gathering, depth=0)
    except OSError as error:
        gathering.gap(name, f"cannot be read ({error.strerror or error}); check its permissions")


def _take(name: str, data: bytes, gathering: Gathering, depth: int) -> None:
    if data[:4] == b"PK\x03\x04" or name.endswith(".zip"):
        _unzip(name, data, gathering, depth)
    elif data[:2] == b"\x1f\x8b" or name.endswith(".gz"):
        unpacked = _gunzip(name, data, gathering)
        if unpacked is not None:
            gathering.add(name.removesuffix(".gz"), unpacked)
    else:
        gathering.add(name, data)


def _gunzip(name: str, data: bytes, gathering: Gathering) -> bytes | None:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            return _bounded(stream, gathering.room())
    except (OSError, EOFError, zlib.error) as error:
        gathering.gap(name, f"is not a whole gzip file ({error}); download it again")
    except TooMuch as limit:
        gathering.gap(name, f"refused: {limit}")
    return None


def _bounded(stream: IO[bytes] | gzip.GzipFile, room: int) -> bytes:
    """Everything of a stream, whatever its header says of its size."""
    parts: list[bytes] = []
    size = 0
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > room:
            raise TooMuch(f"it unpacks to more than {max(room, 0) // MIB} MiB")
        parts.append(chunk)
    return b"".join(parts)


def _unzip(name: str, data: bytes, gathering: Gathering, depth: int) -> None:
    if depth >= DEEPEST_ARCHIVE:
        gathering.gap(name, f"an archive within {DEEPEST_ARCHIVE} archives: not opened")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in sorted(archive.infolist(), key=lambda member: member.filename):
                if not member.is_dir() and _is_wanted(member.filename):
                    _take_member(f"{name}/{member.filename}", member, archive, gathering, depth)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        gathering.gap(name, f"is not a whole zip file ({error}); download it again")


def _take_member(name: str, member: zipfile.ZipInfo, archive: zipfile.ZipFile, gathering: Gathering, depth: int) -> None:
    try:
        with archive.open(member) as stream:
            data = _bounded(stream, gathering.room())
    except TooMuch as limit:
        gathering.gap(name, f"refused: {limit}")
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        gathering.gap(name, f"cannot be unpacked ({error}); download the archive again")
    else:
        _take(name, data, gathering, depth + 1)


def _bundles(found: dict[str, bytes]) -> Iterator[Bundle]:
    folders: dict[str, list[Paper]] = {}
    for name in sorted(found):
        folder, _, base = name.rpartition("/")
        folders.setdefault(folder, []).append(Paper(base, found[name]))
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
    logs = [
        part for paper in papers if not paper.name.lower().endswith(REPORTS) and CONSOLE.search(paper.data) for part in _sessions(paper)
    ]
    pairs = _paired(reports, logs)
    alone = len(reports) + len(logs) - len(pairs) == 1
    for report in reports:
        log = pairs.get(report.name)
        yield Bundle(_name(folder, report.name, alone=alone), (report, log) if log else (report,))
    taken = {log.name for log in pairs.values()}
    yield from (Bundle(_name(folder, log.name, alone=alone), (log,)) for log in logs if log.name not in taken)


def _sessions(paper: Paper) -> list[Paper]:
    """A job's log may hold several pytest runs: a paper for each. Runs that a test started (pytester) do not count."""
    starts = [found.start() for found in SESSION.finditer(paper.data) if INNER not in paper.data[found.end() : found.end() + 2000]]
    if len(starts) < 2:
        return [paper]
    bounds = [*starts, len(paper.data)]
    return [Paper(f"{paper.name}#{number}", paper.data[start:end]) for number, (start, end) in enumerate(pairwise(bounds), start=1)]


def _name(folder: str, base: str, *, alone: bool) -> str:
    return folder if alone and folder else f"{folder}/{base}".lstrip("/")


def _is_report(paper: Paper) -> bool:
    """XML that is JUnit, or is called so (and will then be told what is wrong with it): not the coverage report beside it."""
    return paper.name.lower().endswith(REPORTS) and (b"<testsuite" in paper.data or bool(JUNIT_NAMES.search(paper.name)))


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
