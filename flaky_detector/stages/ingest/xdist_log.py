"""A pytest console log → who ran what in which order, how it ended, and what it says of failures.

Owns the log's grammar from the header to the last line. Reports of one worker stand in the order in which it ran them, so their sequence
is its order. A second line `ERROR` of the test that the worker reported last is its teardown.

    platform linux -- Python 3.11.7, pytest-7.2.2      Using --randomly-seed=2      scheduling tests via WorkStealingScheduling
    [gw0] [ 14/16] FAILED tests/test_a.py::test_b      one report a line
    = FAILURES =    ___ test_b ___    text             no reports from here on
    = 3 failed, 13 passed, 3 errors in 386.21s =       what the sums should be
"""

import re
from collections import Counter
from collections.abc import Container, Sequence

import msgspec

from flaky_detector.model import Execution, Failure, Gap, Outcome, Phase, TestId, bare_test_id
from flaky_detector.recorder import wire
from flaky_detector.stages.ingest.console_lines import Report, cut_id, late_word, serial_report, started_id, worker_reports
from flaky_detector.stages.ingest.failure_sections import Section, failure_sections
from flaky_detector.stages.ingest.log_lines import lines_of
from flaky_detector.stages.ingest.short_summary import printed, summarised
from flaky_detector.stages.ingest.testimony import Paper, Testimony, named

WORDS = {"PASSED": Outcome.PASSED, "SKIPPED": Outcome.SKIPPED, "XFAIL": Outcome.XFAILED, "XPASS": Outcome.XPASSED}
FAILED_CALL = frozenset(("FAILED", "SUBFAILED"))
FAILED_TEARDOWN = frozenset(("ERROR", "RERUN"))
PLATFORM = re.compile(r"^platform \S+ -- Python (?P<python>[\d.]+\w*)")
SEED = re.compile(r"^Using --randomly-seed=(?P<seed>\d+)")
SCHEDULING = re.compile(r"^scheduling tests via (?P<name>\w+)Scheduling")
WORKERS = re.compile(r"^(?:created: )?(?P<workers>\d+)(?:/\d+)? workers?\b|^\[?gw\d+\]? \[\d+\]")
SECTION = re.compile(r"^=+ (?P<title>FAILURES|ERRORS|short test summary info|warnings summary.*|PASSES|XPASSES|slowest .*) =+$")
SUMS = re.compile(r"^=* ?(?P<sums>(?:\d+ [a-z]+(?:, )?)+) in (?P<seconds>[\d.]+)s\b")
CRASHED = re.compile(r"^worker 'gw\d+' crashed while running '(?P<test>.+)'$")
DISTRIBUTIONS = {"WorkStealing": "worksteal", "LoadScope": "loadscope", "LoadFile": "loadfile", "LoadGroup": "loadgroup"}


class Ran(msgspec.Struct):
    """One test that a worker reported, with every word that it reported of it."""

    test: TestId
    worker: str
    words: list[str]

    def phases(self) -> tuple[Phase, ...]:
        """Phases that failed. The first word is the call's (or the setup's error), a later `ERROR` or `RERUN` the teardown's."""
        first, *later = self.words
        if first == "ERROR":
            return ("setup",)
        call: tuple[Phase, ...] = ("call",) if first == "RERUN" or FAILED_CALL.intersection(self.words) else ()
        return (*call, "teardown") if FAILED_TEARDOWN.intersection(later) else call

    @property
    def outcome(self) -> Outcome:
        phases = self.phases()
        if "call" in phases:
            return Outcome.FAILED
        return Outcome.ERROR if phases else WORDS[self.words[0]]

    def goes_on_with(self, report: Report) -> bool:
        """Whether a report is of the same execution: its teardown, or what comes after a subtest's failure."""
        return (
            self.test == report.test
            and self.words[-1] != "ERROR"
            and (report.word == "ERROR" or "SUBFAILED" in (self.words[-1], report.word))
        )


class Log(msgspec.Struct):
    """A console log while it is read."""

    ran: dict[str, list[Ran]] = msgspec.field(default_factory=dict)
    announced: dict[str, None] = msgspec.field(default_factory=dict)
    fresh: set[TestId] = msgspec.field(default_factory=set)
    pending: str = ""
    python: str = ""
    seed: int | None = None
    distribution: str = ""
    workers: int = 0
    sums: dict[str, int] = msgspec.field(default_factory=dict)
    seconds: float = 0.0
    has_subtests: bool = False

    def take(self, report: Report) -> None:
        """One report. xdist announces each execution first, so a report without an announcement goes on with the last one."""
        rows = self.ran.setdefault(report.worker or wire.SERIAL_WORKER, [])
        last = rows[-1] if rows else None
        if last and last.test == report.test and (last.goes_on_with(report) or (report.worker and report.test not in self.fresh)):
            last.words.append(report.word)
        else:
            rows.append(Ran(report.test, report.worker or wire.SERIAL_WORKER, [report.word]))
        self.fresh.discard(report.test)

    def announce(self, nodeid: str) -> None:
        """A line that names a test and nothing else."""
        self.announced[nodeid] = None
        self.fresh.add(bare_test_id(nodeid))
        self.pending = nodeid


def read_log(paper: Paper, bundle: str) -> Testimony:
    """What one console log says."""
    lines = lines_of(paper.data)
    log = Log()
    body = _read_reports(lines, log)
    failed = {printed(row.test) for rows in log.ran.values() for row in rows if row.outcome.is_failure}
    listed = () if log.ran else summarised(lines, ())
    failed |= {printed(row.test) for row in listed if row.outcome.is_failure}
    sections = failure_sections(lines[body:], failed)
    _read_sums(lines[body:], log)
    executions = _executions(log, sections, _crashed(lines[body:])) if log.ran else summarised(lines, sections)
    return Testimony(
        witness="console",
        executions=executions,
        gaps=tuple(Gap(f"{bundle}/{paper.name}", text) for text in _holes(log, executions)),
        python=log.python,
        seed=log.seed,
        distribution=log.distribution,
        workers=0 if set(log.ran) <= {wire.SERIAL_WORKER} else max(log.workers, len(log.ran)),
        seconds=log.seconds,
    )


def _read_reports(lines: Sequence[str], log: Log) -> int:
    """Reads up to the first section behind the reports; the number of the line it begins at."""
    for number, line in enumerate(lines):
        if line.startswith("=") and SECTION.match(line):
            return number
        if "[gw" in line:
            reports = list(worker_reports(line, log.announced.__contains__))
            for report in reports:
                log.take(report)
            if reports:
                continue
        _serial_or_header(line, log)
    return len(lines)


def _serial_or_header(line: str, log: Log) -> None:
    if ".py::" in line:
        report = serial_report(line)
        if report:
            log.take(report)
            log.pending = ""
            return
        started = started_id(line)
        if started:
            log.announce(started)
        return
    late = late_word(line) if log.pending else ""
    if late:
        log.take(Report("", late, bare_test_id(cut_id(log.pending, lambda _: False))))
        log.pending = ""
    elif not log.ran:
        _header(line, log)
    elif line.startswith("=") or " in " in line:
        _read_sums((line,), log)


def _header(line: str, log: Log) -> None:
    if found := PLATFORM.match(line):
        log.python = found["python"]
    elif found := SEED.match(line):
        log.seed = int(found["seed"][:19])
    elif found := SCHEDULING.match(line):
        log.distribution = DISTRIBUTIONS.get(found["name"], found["name"].lower())
    elif found := WORKERS.match(line):
        log.workers = max(log.workers, int((found["workers"] or "0")[:4]))


def _read_sums(lines: Sequence[str], log: Log) -> None:
    for line in reversed(lines):
        found = SUMS.match(line)
        if found:
            log.has_subtests = "subtests" in found["sums"] or any("SUBFAILED" in row.words for rows in log.ran.values() for row in rows)
            log.sums = {word: int(number) for number, word in re.findall(r"(\d{1,9}) ([a-z]+)", found["sums"])}
            log.seconds = float(found["seconds"].rstrip("."))
            return


def _crashed(lines: Sequence[str]) -> set[TestId]:
    """Tests during which xdist lost a worker."""
    return {bare_test_id(found["test"]) for line in lines if line.startswith("worker ") and (found := CRASHED.match(line))}


def _executions(log: Log, sections: Sequence[Section], crashed: Container[TestId]) -> tuple[Execution, ...]:
    told: dict[tuple[str, Phase], list[Failure]] = {}
    for section in sections:
        told.setdefault((section.name, section.failure.phase), []).append(section.failure)
    executions: list[Execution] = []
    for worker, rows in log.ran.items():
        attempts: Counter[TestId] = Counter()
        for position, row in enumerate(rows):
            failures = tuple(_failure(row, phase, told) for phase in row.phases()) if "RERUN" not in row.words else ()
            outcome = Outcome.CRASHED if row.test in crashed and row.outcome.is_failure else row.outcome
            executions.append(
                Execution(test=row.test, worker=worker, position=position, outcome=outcome, failures=failures, attempt=attempts[row.test])
            )
            attempts[row.test] += 1
    return tuple(executions)


def _failure(row: Ran, phase: Phase, told: dict[tuple[str, Phase], list[Failure]]) -> Failure:
    """The next text of that name and phase; tests of one name in two files fail in the order in which their texts stand."""
    texts = told.get((printed(row.test), phase), [])
    return texts.pop(0) if texts else Failure(phase=phase, exception="", message="")


def _holes(log: Log, executions: Sequence[Execution]) -> list[str]:
    reported = {execution.test for execution in executions}
    ids = map(
        bare_test_id, log.announced if set(log.ran) - {wire.SERIAL_WORKER} else (cut_id(one, lambda _: False) for one in log.announced)
    )
    lost = [test for test in dict.fromkeys(ids) if test not in reported]
    holes = []
    if not executions:
        holes.append("no test is reported in it: run pytest with `-v`, so that the log tells which worker ran what")
    if lost and executions:
        holes.append(f"tests that began and are not reported: {named(lost)}")
    if executions and not log.ran:
        holes.append("it has no line for each test: outcomes are from the short summary, which tells no worker and no order; run with `-v`")
    elif log.sums and executions and not log.has_subtests:
        counted = sum(number for word, number in log.sums.items() if word in ("passed", "failed", "skipped", "xfailed", "xpassed"))
        if counted > len(executions):
            holes.append(f"its last line counts {counted} tests, its lines report {len(executions)}: some lines are missing or unreadable")
    elif executions and not log.sums:
        holes.append("it ends before pytest's last line: the run was ended, or the log is cut")
    return holes
