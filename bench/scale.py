"""What a large pile of runs costs to analyse: time, memory and the size of what comes out, as the pile grows.

    python bench/scale.py [--sizes 10x3000,50x30000] [--forms journals,bundles,foreign] [--workers 4] [--outage] [--keep FOLDER]

Each size is RUNSxTESTS. The runs are made up, in the very format that the recorder, pytest and xdist write: tests twenty a file, shuffled
by file and within it, dealt to the workers. `analyze` then reads them in a process of its own, which is measured: wall and CPU time, and
the most memory that it held at once.

    journals   the recorder's journals alone
    bundles    journals, run.json and JUnit XML, as a hunt leaves them
    foreign    JUnit XML and the console log of `-v`, as CI leaves them without the recorder

Planted in them: polluters that leave a variable behind and polluters that leave nothing which the recorder sees, each with one victim that
fails whenever it comes later on the same worker; tests that always fail; tests that fail by chance; tests that leave something harmless
behind. `right` counts the victims whose first suspect is their polluter. With `--outage` a twentieth of the tests of one run fail as well,
all with one error.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).parents[1]
A_FILE = 20
PLANTED = 6  # pairs: half of them leave a variable behind
BROKEN, BY_CHANCE, CHANCE = 3, 20, 0.02
HARMLESS_FILES = 5  # one file in so many imports something when its first test runs
OUTAGE_SHARE = 0.05
DEALT = 4  # tests that a worker gets at once


class Test(NamedTuple):
    """One made-up test, with the parts of its lines that never change."""

    id: str
    file: int
    begin: str
    passed: str
    junit: str


class Suite(NamedTuple):
    """Tests by file, and what is planted: victims by polluter, tests that always fail, tests that fail by chance."""

    tests: tuple[Test, ...]
    pairs: dict[int, int]
    broken: frozenset[int]
    by_chance: frozenset[int]


class Shape(NamedTuple):
    """What is to be made: how many runs, of how many tests, over how many workers, in which form, with an outage in one run."""

    runs: int
    tests: int
    workers: int
    form: str
    outage: bool


class Taken(NamedTuple):
    """What the analysis took and left."""

    wall: float
    cpu: float
    peak: int
    sizes: dict[str, int]
    right: int


def main() -> int:
    """Make, measure, print."""
    parser = argparse.ArgumentParser(description="The cost of analysing many runs of a large suite.")
    parser.add_argument("--sizes", default="10x3000,50x30000,100x30000,200x30000", help="RUNSxTESTS, several with commas")
    parser.add_argument("--forms", default="bundles,foreign", help="journals, bundles, foreign")
    parser.add_argument("--workers", type=int, default=4, help="xdist workers of each run")
    parser.add_argument("--outage", action="store_true", help="in one run a twentieth of all tests fail")
    parser.add_argument("--keep", type=Path, help="folder where the runs and reports stay")
    options = parser.parse_args()
    print(f"{'form':<10}{'runs':>6}{'tests':>8}{'executions':>12}{'MB in':>8}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'µs each':>9}", end="")
    print(f"{'json kB':>9}{'html kB':>9}{'comment kB':>12}{'right':>7}")
    for form in options.forms.split(","):
        for size in options.sizes.split(","):
            runs, tests = map(int, size.split("x"))
            print(line(Shape(runs, tests, options.workers, form, options.outage), options.keep), flush=True)
    return 0


def line(shape: Shape, keep: Path | None) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as room:
        folder = keep / f"{shape.form}-{shape.runs}x{shape.tests}" if keep else Path(room)
        suite = suite_of(shape.tests)
        if not (folder / "runs").exists():
            make(folder / "runs", shape, suite)
        taken = measured(folder, suite)
        given = sum(path.stat().st_size for path in (folder / "runs").rglob("*") if path.is_file())
    executions = shape.runs * shape.tests
    row = f"{shape.form:<10}{shape.runs:>6}{shape.tests:>8}{executions:>12}{given / 1e6:>8.0f}{taken.wall:>8.1f}{taken.cpu:>8.1f}"
    row += f"{taken.peak / 1e6:>9.0f}{taken.wall / executions * 1e6:>9.1f}"
    kb = {name: size / 1e3 for name, size in taken.sizes.items()}
    return row + f"{kb['findings.json']:>9.0f}{kb['report.html']:>9.0f}{kb['comment.md']:>12.0f}{f'{taken.right}/{PLANTED}':>7}"


def suite_of(count: int) -> Suite:
    """The suite; the same for the same number of tests."""
    chance = random.Random(count)
    tests = tuple(_test(number) for number in range(count))
    drawn = chance.sample(range(count), 2 * PLANTED + BROKEN + BY_CHANCE)
    pairs = dict(zip(drawn[:PLANTED], drawn[PLANTED : 2 * PLANTED], strict=True))
    return Suite(tests, pairs, frozenset(drawn[2 * PLANTED : 2 * PLANTED + BROKEN]), frozenset(drawn[-BY_CHANCE:]))


def _test(number: int) -> Test:
    file = number // A_FILE
    path, name = f"tests/unit/package_{file // 50:02d}/test_module_{file:04d}", f"test_behaviour_{number:05d}[case-{number % 7}]"
    nodeid = f"{path}.py::{name}"
    told = json.dumps(nodeid)
    dur = 0.001 + number % 40 / 10_000
    phases = f'"phases":[["setup","passed",0.000231],["call","passed",{dur:.6f}],["teardown","passed",0.000187]]'
    return Test(
        id=nodeid,
        file=file,
        begin=f'{{"ev":"begin","id":{told},"pos":',
        passed=f'"outcome":"passed","dur":{dur + 0.000418:.6f},{phases}',
        junit=f'<testcase classname="{path.replace("/", ".")}" name="{name}" time="{dur:.3f}"',
    )


def make(folder: Path, shape: Shape, suite: Suite) -> None:
    """All runs on disk."""
    for number in range(shape.runs):
        bundle = folder / f"{number:03d}-shuffled"
        bundle.mkdir(parents=True)
        chance = random.Random(number)
        workers = deal(suite, shape.workers, chance)
        failing = fail(suite, workers, chance)
        if shape.outage and number == shape.runs // 2:
            down = chance.sample(range(shape.tests), int(shape.tests * OUTAGE_SHARE))
            failing |= {test: "ConnectionError: the service at 10.0.0.7:5432 does not answer" for test in down if test not in failing}
        if shape.form == "foreign":
            write_foreign(bundle, workers, failing, suite)
        else:
            write_journals(bundle, workers, failing, suite)
        if shape.form == "bundles":
            write_run(bundle, number, shape)
            write_junit(bundle, workers, failing, suite, recorded=True)


def deal(suite: Suite, workers: int, chance: random.Random) -> list[list[int]]:
    """What each worker runs: files shuffled, tests shuffled within them, dealt in small packs."""
    count = len(suite.tests)
    files = [list(range(start, min(start + A_FILE, count))) for start in range(0, count, A_FILE)]
    chance.shuffle(files)
    for tests in files:
        chance.shuffle(tests)
    order = [test for tests in files for test in tests]
    told: list[list[int]] = [[] for _ in range(workers)]
    for start in range(0, count, DEALT):
        told[chance.randrange(workers)] += order[start : start + DEALT]
    return told


def fail(suite: Suite, workers: Sequence[Sequence[int]], chance: random.Random) -> dict[int, str]:
    """Which tests fail in these orders, and with what."""
    places = {test: (worker, place) for worker, tests in enumerate(workers) for place, test in enumerate(tests)}
    failing = dict.fromkeys(suite.broken, "AssertionError: assert 1 == 2")
    failing |= {test: "TimeoutError: no answer" for test in sorted(suite.by_chance) if chance.random() < CHANCE}
    for pair, (polluter, victim) in enumerate(suite.pairs.items()):
        if places[polluter][0] == places[victim][0] and places[polluter][1] < places[victim][1]:
            failing[victim] = f"KeyError: 'PLANTED_{pair}'" if leaves(pair) else "AssertionError: assert [1] == []"
    return failing


def leaves(pair: int) -> bool:
    """Whether the polluter of a pair leaves something that the recorder sees."""
    return pair % 2 == 0


def state_of(suite: Suite, test: int, seen: set[int]) -> tuple[str, str] | None:
    """What a test leaves behind: kind and key."""
    if test in suite.pairs and leaves(list(suite.pairs).index(test)):
        return "environ", f"PLANTED_{list(suite.pairs).index(test)}"
    file = suite.tests[test].file
    if file % HARMLESS_FILES or file in seen:
        return None
    seen.add(file)
    return "module", f"shop.lazy.module_{file:04d}"


def write_journals(bundle: Path, workers: Sequence[Sequence[int]], failing: dict[int, str], suite: Suite) -> None:
    """One journal a worker, and the controller's."""
    for worker, tests in enumerate(workers):
        with (bundle / f"journal-gw{worker}.jsonl").open("w") as journal:
            journal.write(
                f'{{"ev":"start","v":1,"worker":"gw{worker}","pid":{worker},"time":1795863760.5,"python":"3.12.4","pytest":"8.3.0",'
                '"rootdir":"/home/me/shop","argv":["-n","4"],"plugins":{},"seed":7,"probes":["environ"]}\n'
            )
            collected = [test.id for test in suite.tests] if worker == 0 else []
            journal.write(json.dumps({"ev": "collected", "tests": collected, "app_labels": [], "missing": []}) + "\n")
            journal.writelines(_rows(tests, failing, suite))
            journal.write('{"ev":"finish","time":1795869760.5,"exit":1,"originals":[],"shared":[],"databases":[],"cost":{"environ":0.1}}\n')
    text = f'{{"ev":"start","v":1,"worker":"controller","rootdir":"/copies/{bundle.name}","python":"3.12.4","probes":[]}}\n'
    text += '{"ev":"finish","time":1795869761.5,"exit":1}\n'
    (bundle / "journal-controller.jsonl").write_text(text)


def _rows(tests: Sequence[int], failing: dict[int, str], suite: Suite) -> Iterator[str]:
    began, seen, leavers = 1795863760.5, set[int](), set(suite.pairs)
    for position, number in enumerate(tests):
        test, ends = suite.tests[number], suite.tests[number].passed
        began += 0.0042
        if number in failing:
            ends = _failed(number, failing[number], test)
        left = state_of(suite, number, seen) if number in leavers or test.file % HARMLESS_FILES == 0 else None
        if left:
            row = {"kind": left[0], "key": left[1], "before": None, "after": "13342d3e50752857", "scope": "function", "origin": ""}
            ends += f',"state":[{json.dumps(row)}]'
        end = test.begin.replace("begin", "end", 1)
        yield f'{test.begin}{position},"time":{began:.6f}}}\n{end}{position},{ends}}}\n'


def _failed(number: int, what: str, test: Test) -> str:
    kind, _, message = what.partition(": ")
    path, _, name = test.id.partition("::")
    failure = {
        "phase": "call",
        "type": kind,
        "message": message,
        "chain": [],
        "raised_at": f"{path}:{name}",
        "test_frame": f"{path}:{name}",
        "line": number % 400,
        "text": trace(what, path, name),
        "output": "connected\n" * 20,
    }
    return f'"outcome":"failed","dur":0.004,"phases":[["setup","passed",0.0002],["call","failed",0.003]],"failures":[{json.dumps(failure)}]'


def trace(what: str, path: str, name: str) -> str:
    """pytest's long representation."""
    return (
        f"    def {name.partition('[')[0]}(case):\n"
        + "        value = shop.ask(case)\n" * 25
        + f">       check(value)\nE       {what}\n\n{path}:30: "
    )


def write_run(bundle: Path, number: int, shape: Shape) -> None:
    """run.json, as a hunt leaves it."""
    spec = {
        "id": bundle.name,
        "python": "3.12",
        "arrangement": "shuffled",
        "seed": number,
        "distribution": "load",
        "workers": shape.workers,
    }
    members = {"v": 1, "spec": spec, "exit_code": 1, "seconds": shape.tests * 0.0011, "timed_out": False, "python": "3.12.4"}
    (bundle / "run.json").write_text(json.dumps(members))


def write_junit(bundle: Path, workers: Sequence[Sequence[int]], failing: dict[int, str], suite: Suite, *, recorded: bool) -> None:
    """JUnit XML; `recorded` adds the recorder's properties."""
    stamp = f"2026-11-28T{hash(bundle.name) % 24:02d}:02:40.853220+00:00"
    with (bundle / "junit.xml").open("w") as out:
        out.write('<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" ')
        out.write(f'failures="{len(failing)}" skipped="0" tests="{len(suite.tests)}" time="33.1" timestamp="{stamp}" hostname="vm">')
        for worker, tests in enumerate(workers):
            out.writelines(_cases(worker, tests, failing, suite) if recorded else _plain_cases(tests, failing, suite))
        out.write("</testsuite></testsuites>")


def _cases(worker: int, tests: Sequence[int], failing: dict[int, str], suite: Suite) -> Iterator[str]:
    for position, number in enumerate(tests):
        test = suite.tests[number]
        properties = f'<properties><property name="flaky-detector.nodeid" value="{test.id}" />'
        properties += f'<property name="flaky-detector.worker" value="gw{worker}" />'
        properties += f'<property name="flaky-detector.position" value="{position}" /></properties>'
        yield f"{test.junit}>{properties}{_failure(failing.get(number), test)}</testcase>"


def _plain_cases(tests: Sequence[int], failing: dict[int, str], suite: Suite) -> Iterator[str]:
    for number in tests:
        test = suite.tests[number]
        yield f"{test.junit}>{_failure(failing[number], test)}</testcase>" if number in failing else f"{test.junit} />"


def _failure(what: str | None, test: Test) -> str:
    if not what:
        return ""
    path, _, name = test.id.partition("::")
    text = (trace(what, path, name) + what.partition(":")[0]).replace("&", "&amp;").replace(">", "&gt;")
    return f"<failure message={quoteattr(what)}>{text}</failure>"


def write_foreign(bundle: Path, workers: Sequence[Sequence[int]], failing: dict[int, str], suite: Suite) -> None:
    """A JUnit file and the log of `-v` under xdist: workers take turns."""
    write_junit(bundle, workers, failing, suite, recorded=False)
    count, said = len(suite.tests), 0
    with (bundle / "console.log").open("w") as log:
        log.write(f"{'=' * 29} test session starts {'=' * 30}\nplatform linux -- Python 3.12.4, pytest-8.3.0, pluggy-1.5.0\n")
        log.write(f"rootdir: /home/me/shop\ncreated: {len(workers)}/{len(workers)} workers\n{len(workers)} workers [{count} items]\n\n")
        log.write("scheduling tests via LoadScheduling\n\n")
        for place in range(max(map(len, workers))):
            for worker, tests in enumerate(workers):
                if place < len(tests):
                    said += 1
                    word = "FAILED" if tests[place] in failing else "PASSED"
                    log.write(f"[gw{worker}] [{said * 100 // count:3d}%] {word} {suite.tests[tests[place]].id} \n")
        log.write(f"\n{'=' * 35} FAILURES {'=' * 35}\n")
        for number, what in failing.items():
            path, _, name = suite.tests[number].id.partition("::")
            told = trace(what, path, name) + what.partition(":")[0]
            log.write(f"{'_' * 20} {name} {'_' * 20}\n[gw0] linux -- Python 3.12.4 /usr/bin/python\n\n{told}\n")
        log.write(f"{'=' * 20} short test summary info {'=' * 20}\n")
        log.writelines(f"FAILED {suite.tests[number].id} - {what}\n" for number, what in failing.items())
        log.write(f"{'=' * 10} {len(failing)} failed, {count - len(failing)} passed in {count * 0.0011:.2f}s {'=' * 10}\n")


def measured(folder: Path, suite: Suite) -> Taken:
    """`analyze` in a process of its own."""
    output = folder / "report"
    shutil.rmtree(output, ignore_errors=True)
    argv = [
        sys.executable,
        "-m",
        "flaky_detector",
        "analyze",
        str(folder / "runs"),
        "--output",
        str(output),
        "--quiet",
        "--fail-on",
        "never",
    ]
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "analyze.log").open("w") as log:
        process = subprocess.Popen([*argv, "--quiet", "--budget", "2h"], cwd=ROOT, stdout=log, stderr=log)
        peak = watched(process)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"analyze ended with {process.returncode}: see {(folder / 'analyze.log').read_text()}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    sizes = {name: (output / name).stat().st_size for name in ("findings.json", "report.html", "comment.md")}
    return Taken(time.monotonic() - began, cpu, peak, sizes, right(output / "findings.json", suite))


def watched(process: subprocess.Popen[bytes]) -> int:
    """Waits for the end; the most bytes that it had in memory."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def right(findings: Path, suite: Suite) -> int:
    """Victims whose first suspect is their polluter."""
    told = {finding["test"]: finding["suspects"] for finding in json.loads(findings.read_text())["findings"]}
    named = {suite.tests[victim].id: suite.tests[polluter].id for polluter, victim in suite.pairs.items()}
    return sum(bool(told.get(victim)) and told[victim][0]["test"] == polluter for victim, polluter in named.items())


if __name__ == "__main__":
    raise SystemExit(main())
