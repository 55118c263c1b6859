"""What a proof costs: from the record of a failing run to a proven polluter, beside a peer and beside one plain run of the suite.

    python bench/proof_cost.py [--tests 1000,5000] [--rounds 5] [--python PATH]

The interpreter given runs the suites: it needs pytest, and detect-test-pollution (PyPI) for the peer's rows. In each round every way has
its turn on the same suite; printed are medians of ratios to the plain run of the same round, by wall time and by CPU time of all
processes, and counts of what was started. Suites: trivial tests, twenty a file; a polluter after
three tenths, a victim after nine tenths; and the same with two polluters that are needed together.

    order only      analyze --confirm on the JUnit file and the log of a failing run: nothing but its order speaks
    with state      the same on a bundle of the recorder, which names what each test left behind
    looks further   order only, and once a polluter is proven the search goes on for others, as it does by default
    peer            detect-test-pollution, which is given the victim
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
A_FILE = 20
PEER = "detect-test-pollution"


class Suite(NamedTuple):
    """One suite, its victim, and the artefacts of a failing run of it: foreign ones and the recorder's."""

    name: str
    folder: Path
    victim: str
    polluters: tuple[str, ...]
    foreign: Path
    bundle: Path


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
    with tempfile.TemporaryDirectory() as room:
        print(f"medians of {options.rounds} rounds, as ratios to a plain run")
        print(f"{'suite':<24}{'way':<14}{'wall':>8}{'CPU':>8}{'right':>7}  started")
        for suite in suites(Path(room), [int(size) for size in options.tests.split(",")], options.python):
            for line in lines(suite, options.rounds, options.python):
                print(line, flush=True)
    return 0


def suites(room: Path, sizes: Sequence[int], python: str) -> Iterator[Suite]:
    """Of each size one with a single polluter; of the smallest also one with two."""
    for size in sizes:
        yield made(room / f"one-{size}", size, 1, python)
    yield made(room / f"two-{sizes[0]}", sizes[0], 2, python)


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
    foreign, bundle = room / "foreign", room / "bundle"
    foreign.mkdir()
    command = _pytest(python, "-v", f"--junitxml={foreign}/junit.xml")
    plain = subprocess.run(command, cwd=folder, env=_clean(), capture_output=True, check=False)
    (foreign / "console.log").write_bytes(plain.stdout)
    recorder = {"PYTHONPATH": str(ROOT), "FLAKY_DETECTOR_RECORD": str(bundle), "FLAKY_DETECTOR_PROBES": "deep"}
    options = ("-q", "-p", "flaky_detector.recorder", f"--junitxml={bundle}/junit.xml")
    subprocess.run(_pytest(python, *options), cwd=folder, env=_clean() | recorder, capture_output=True, check=False)
    return Suite(f"{size}, {polluters} needed", folder, names[-1], tuple(names[:-1]), foreign, bundle)


def lines(suite: Suite, rounds: int, python: str) -> Iterator[str]:
    """One for each way."""
    ways: dict[str, Callable[[], Taken]] = {
        "plain run": lambda: taken(_pytest(python, "-q"), suite),
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
        command = [sys.executable, "-m", "flaky_detector", "analyze", str(papers), *options]
        result = taken(command, suite, {"PYTHONPATH": str(ROOT)})
        told = json.loads((Path(output) / "findings.json").read_text(encoding="utf-8"))
    named = [finding["polluters"] for finding in told["findings"] if finding["test"] == suite.victim]
    cost = told["cost"]
    counts = f"{cost['pytest_processes']} pytests, {cost['trials']} trials, {cost['test_executions']} test executions"
    return result._replace(right=named == [[list(suite.polluters)]], counts=counts)


def peer(suite: Suite, python: str) -> Taken:
    """detect-test-pollution; of two that are needed together it names none."""
    command = [str(Path(python).parent / PEER), "--failing-test", suite.victim, "--tests", "."]
    return taken(command, suite, expected=f"the polluting test is: {suite.polluters[0]}" if len(suite.polluters) == 1 else "?")


def taken(command: Sequence[str], suite: Suite, env: dict[str, str] | None = None, expected: str = "") -> Taken:
    """One command in the suite's folder."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=suite.folder, env=_clean() | (env or {}), capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Taken(wall, cpu, expected in done.stdout, f"{done.stdout.count('running step')} steps" if expected else "")


def _pytest(python: str, *options: str) -> list[str]:
    return [python, "-m", "pytest", "-p", "no:cacheprovider", *options]


def _clean() -> dict[str, str]:
    ours = ("FLAKY_DETECTOR", "PYTEST", "GITHUB_", "INPUT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


if __name__ == "__main__":
    raise SystemExit(main())
