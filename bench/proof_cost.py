"""What a proof costs: from the record of a failing run to a proven polluter, beside a peer and beside one plain run of the suite.

    python bench/proof_cost.py [--tests 1000,5000] [--rounds 5] [--python PATH]

The interpreter given runs the suites: it needs pytest, and detect-test-pollution (PyPI) for the peer's rows. In each round every way has
its turn on the same suite; printed are medians of ratios to the plain run of the same round, by wall time and by CPU time of all
processes, and counts of what was started. Suites: trivial tests, twenty a file; a polluter after
three tenths, a victim after nine tenths; the same with two polluters that are needed together; examples/shop; and a Django project of
1,000 tests with requests and rows on PostgreSQL, in which a test changes a setting and leaves it so.

    order only      analyze --confirm on the JUnit file and the log of a failing run: nothing but its order speaks
    with state      the same on a bundle of the recorder, which names what each test left behind
    looks further   order only, and once a polluter is proven the search goes on for others, as it does by default
    peer            detect-test-pollution, which is given the victim
"""

import argparse
import contextlib
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from bench import cost_suites  # noqa: E402 -- the checkout's
from scripts.embedded_postgres import serving  # noqa: E402 -- the checkout's

A_FILE = 20
STORE_TESTS = 1000
PEER = "detect-test-pollution"
PAIR = re.compile(r"^  trial-\d+: [^,\n]+, [^,\n]+ → \d+ \((\d+\.\d+) s\)$", re.MULTILINE)
START_UPS = 2
"""The first trials of a pair begin with the start of a pytest each."""

OF_THE_SHOP = (
    "reads_of_a_model_go_where_its_app_belongs[analytics-warehouse]",
    "writes_of_a_model_go_where_its_app_belongs[analytics-warehouse]",
    "models_are_joined_within_analytics[analytics-analytics-True]",
    "models_are_joined_within_analytics[analytics-elsewhere-None]",
)


class Suite(NamedTuple):
    """One suite, its victim, and the artefacts of a failing run of it: foreign ones and the recorder's.

    `answers` are the sets of polluters of which any is right.
    """

    name: str
    folder: Path
    victim: str
    answers: tuple[tuple[str, ...], ...]
    foreign: Path
    bundle: Path
    env: Mapping[str, str] = {}


class Taken(NamedTuple):
    """Seconds of one way with all its processes, and what its findings say of it."""

    wall: float
    cpu: float
    right: bool = True
    counts: str = ""


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The cost of a proof in runs of the suite.")
    parser.add_argument("--tests", default="1000,5000", help="sizes of suites")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="interpreter with pytest and detect-test-pollution")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as room, contextlib.ExitStack() as stack:
        print(f"medians of {options.rounds} rounds, as ratios to a plain run")
        print(f"{'suite':<24}{'way':<14}{'wall':>8}{'CPU':>8}{'right':>7}  started")
        for suite in suites(Path(room), [int(size) for size in options.tests.split(",") if size], options.python, stack):
            for line in lines(suite, options.rounds, options.python):
                print(line, flush=True)
    return 0


def suites(room: Path, sizes: Sequence[int], python: str, stack: contextlib.ExitStack) -> Iterator[Suite]:
    """Of each size one with a single polluter; of the smallest also one with two; then those with Django, where it can be had."""
    for size in sizes:
        yield made(room / f"one-{size}", size, 1, python)
    for size in sizes[:1]:
        yield made(room / f"two-{size}", size, 2, python)
    if subprocess.run(
        (python, "-c", "import django, pytest_django, django_test_migrations, psycopg"), check=False, capture_output=True
    ).returncode:
        print("the interpreter lacks what examples/shop needs: the rows of Django's suites are left out")
        return
    env = stack.enter_context(serving())
    yield shop(room, python, env)
    yield store(room, python, env)


def made(room: Path, size: int, polluters: int, python: str) -> Suite:
    """The suite on disk, and a failing run of it with and without the recorder."""
    folder = room / "suite"
    folder.mkdir(parents=True)
    (folder / "state.py").write_text("SEEN = set()\n")
    (folder / "pytest.ini").write_text("[pytest]\n")
    places = {size * 3 // 10 + number * size // 10: f"state.SEEN.add({number})" for number in range(polluters)}
    victim = size * 9 // 10
    places[victim] = f"assert len(state.SEEN) < {polluters}"
    for start in range(0, size, A_FILE):
        bodies = (f"def test_{n}():\n    {places.get(n, 'pass')}\n\n\n" for n in range(start, min(start + A_FILE, size)))
        (folder / f"test_{start:05}.py").write_text("import state\n\n\n" + "".join(bodies))
    names = [f"test_{place // A_FILE * A_FILE:05}.py::test_{place}" for place in places]
    answers = (tuple(names[:-1]),)
    suite = Suite(f"{size}, {polluters} needed", folder, names[-1], answers, room / "foreign", room / "bundle", {"PYTHONPATH": str(ROOT)})
    return recorded(suite, python)


def shop(room: Path, python: str, env: Mapping[str, str]) -> Suite:
    """The Django example. In its own order nothing fails; here its router tests come first, and a test that hides the rest is left out."""
    folder = room / "shop" / "suite"
    shutil.copytree(ROOT / "examples" / "shop", folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    listed = subprocess.run(
        _pytest(python, "--collect-only", "-q"), cwd=folder, env=_clean() | env, capture_output=True, text=True, check=True
    )
    tests = [line for line in listed.stdout.splitlines() if "::" in line and "with_a_name" not in line]
    order = sorted(tests, key=lambda test: "test_routers" not in test)
    (room / "order.json").write_text(json.dumps({"v": 1, "steps": [[0, test] for test in order]}))
    forced = ("-p", "flaky_detector.recorder", f"--flaky-detector-order={room}/order.json")
    answers = tuple((f"tests/test_routers.py::test_{name}",) for name in OF_THE_SHOP)
    victim = "tests/test_makemigrations.py::test_no_migration_is_missing"
    places = (folder.parent / "foreign", folder.parent / "bundle")
    return recorded(Suite("shop, any of four", folder, victim, answers, *places, {**env, "PYTHONPATH": str(ROOT)}), python, forced)


def store(room: Path, python: str, env: Mapping[str, str]) -> Suite:
    """A Django project of 1,000 tests, most of which work on rows or ask for a page."""
    made = cost_suites.django(room, STORE_TESTS)
    without_server = {name: value for name, value in (_clean() | dict(made.env)).items() if name != "PGHOST"}
    subprocess.run(
        (python, "-m", "django", "makemigrations", "store"), cwd=made.folder, env=without_server, capture_output=True, check=True
    )
    names = []
    for part, body in ((3, cost_suites.POLLUTER), (9, cost_suites.VICTIM)):
        path = made.folder / "tests" / f"test_{STORE_TESTS * part // 10:05}.py"
        path.write_text(path.read_text(encoding="utf-8") + "\n" + body, encoding="utf-8")
        names.append(f"tests/{path.name}::{body.split()[1].partition('(')[0]}")
    places = (room / "store-foreign", room / "store-bundle")
    variables = {**env, **made.env, "PYTHONPATH": f"{ROOT}:{made.env['PYTHONPATH']}"}
    return recorded(Suite("Django, PostgreSQL", made.folder, names[1], ((names[0],),), *places, variables), python)


def recorded(suite: Suite, python: str, options: Sequence[str] = ()) -> Suite:
    """The same, with a failing run of it on disk, with and without the recorder."""
    suite.foreign.mkdir()
    call = partial(subprocess.run, cwd=suite.folder, capture_output=True, check=False)
    plain = call(_pytest(python, "-v", *options, f"--junitxml={suite.foreign}/junit.xml"), env=_clean() | dict(suite.env))
    (suite.foreign / "console.log").write_bytes(plain.stdout)
    wish = {"FLAKY_DETECTOR_RECORD": str(suite.bundle), "FLAKY_DETECTOR_PROBES": "deep"}
    options = ("-q", "-p", "flaky_detector.recorder", *options, f"--junitxml={suite.bundle}/junit.xml")
    call(_pytest(python, *options), env=_clean() | dict(suite.env) | wish)
    return suite


def lines(suite: Suite, rounds: int, python: str) -> Iterator[str]:
    """One for each way."""
    ways: dict[str, Callable[[], Taken]] = {
        "plain run": lambda: taken(_pytest(python, "-q"), suite)._replace(counts=""),
        "order only": lambda: ours(suite, suite.foreign, python),
        "with state": lambda: ours(suite, suite.bundle, python),
        "looks further": lambda: ours(suite, suite.foreign, python, "--look-further"),
        "peer": lambda: peer(suite, python),
    }
    if not (Path(python).parent / PEER).exists():
        del ways["peer"]
        print(f"{PEER} is not installed in that environment: its rows are left out")
    took: dict[str, list[Taken]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, go in ways.items():
            took[way].append(go())
    for way, seen in took.items():
        pairs = list(zip(seen, took["plain run"], strict=True))
        wall, cpu = (statistics.median(getattr(one, name) / getattr(base, name) for one, base in pairs) for name in ("wall", "cpu"))
        right = f"{sum(one.right for one in seen)}/{len(seen)}"
        told = f"{wall:>8.2f}{cpu:>8.2f}" if way != "plain run" else f"{_median(seen, 'wall'):>6.2f} s{_median(seen, 'cpu'):>6.2f} s"
        yield f"{suite.name:<24}{way:<14}{told}{right:>7}  {seen[-1].counts}"


def _median(seen: Sequence[Taken], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in seen))


def ours(suite: Suite, papers: Path, python: str, further: str = "--no-look-further") -> Taken:
    """`analyze --confirm`, and what it cost by its own count."""
    with tempfile.TemporaryDirectory() as output:
        options = ["--confirm", further, "--python", python, "--output", output]
        command = [sys.executable, "-m", "flaky_detector", "analyze", str(papers), "--verbose", *options]
        result = taken(command, suite)
        told = json.loads((Path(output) / "findings.json").read_text(encoding="utf-8"))
    named = [finding["polluters"] for finding in told["findings"] if finding["test"] == suite.victim]
    cost = told["cost"]
    pairs = [float(found[1]) for found in PAIR.finditer(result.counts)][START_UPS:]
    of_a_pair = f"{statistics.median(pairs):.2f} s a pair" if pairs else "no pair"
    counts = f"{cost['pytest_processes']} pytests, {cost['trials']} trials, {cost['test_executions']} test executions, {of_a_pair}"
    return result._replace(right=len(named) == 1 and tuple(named[0][0]) in suite.answers, counts=counts)


def peer(suite: Suite, python: str) -> Taken:
    """detect-test-pollution; of two that are needed together it names none."""
    command = [str(Path(python).parent / PEER), "--failing-test", suite.victim, "--tests", "."]
    result = taken(command, suite)
    named = [f"the polluting test is: {answer[0]}" in result.counts for answer in suite.answers if len(answer) == 1]
    return result._replace(right=any(named), counts=f"{result.counts.count('running step')} steps")


def taken(command: Sequence[str], suite: Suite) -> Taken:
    """One command in the suite's folder; `counts` is what it printed."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=suite.folder, env=_clean() | dict(suite.env), capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Taken(wall, cpu, counts=done.stdout + done.stderr)


def _pytest(python: str, *options: str) -> list[str]:
    return [python, "-m", "pytest", "-p", "no:cacheprovider", *options]


def _clean() -> dict[str, str]:
    ours = ("FLAKY_DETECTOR", "PYTEST", "GITHUB_", "INPUT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


if __name__ == "__main__":
    raise SystemExit(main())
