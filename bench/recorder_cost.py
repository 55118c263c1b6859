"""What the recorder costs: the same suite with it and without it, in turns.

    python bench/recorder_cost.py [--rounds 5] [--tests 1000] [--quick]

What each probe takes of it is told by `probe_cost.py`.

Prints, for each suite, the median of the rounds' ratios (with to without, of neighbouring runs), by wall time and by CPU time (the steadier
one on a busy machine); then the ratio of the best runs' CPU times, which other work on the machine disturbs least, and what that is
in microseconds a test. Suites: generated trivial tests, generated tests with fixtures and files, and examples/shop, where the example
is there and the embedded PostgreSQL can be had.
"""

import argparse
import contextlib
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "bench"))

import cost_suites  # noqa: E402 -- beside this file

AIM = 1.05


@dataclass
class Suite:
    """One suite: where it is, how many tests it has, what it needs."""

    name: str
    folder: Path
    tests: int
    options: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        """Where compiled modules go, so that both kinds of run find them compiled, as they would in most projects."""
        return Path(tempfile.gettempdir()) / "recorder_cost_cache"


@dataclass
class Taken:
    """Seconds of one run, its children's CPU included."""

    wall: float
    cpu: float


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Ratio of a suite's time with the recorder to the same without it.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="the trivial suite only")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as room, contextlib.ExitStack() as stack:
        suites = [Suite("trivial", cost_suites.trivial(Path(room), options.tests).folder, options.tests)]
        if not options.quick:
            suites += [ordinary(Path(room), options.tests), *shop(stack)]
        print(f"medians of {options.rounds} rounds; aim {AIM}")
        print(f"{'suite':<28}{'tests':>6}{'without':>10}{'wall':>8}{'CPU':>8}{'best':>8}{'µs a test':>11}")
        for suite in suites:
            print(line(suite, measure(suite, options.rounds)), flush=True)
    return 0


def ordinary(room: Path, tests: int) -> Suite:
    """Tests with fixtures of several scopes, of which some write a temporary file, set a variable, or copy a structure."""
    folder = room / "ordinary"
    folder.mkdir()
    head = """import copy
import json

import pytest

DATA = {str(n): list(range(10)) for n in range(20)}


@pytest.fixture(scope="module")
def whole():
    return copy.deepcopy(DATA)


@pytest.fixture
def part(whole):
    return dict(whole)


"""
    body = """def test_{n}(part, monkeypatch, tmp_path):
    monkeypatch.setenv("MODE", "{n}")
    (tmp_path / "x.json").write_text(json.dumps(copy.deepcopy(part)))
    assert json.loads((tmp_path / "x.json").read_text()) == part


"""
    for number in range(0, tests, 50):
        count = min(50, tests - number)
        (folder / f"test_{number:05}.py").write_text(head + "".join(body.replace("{n}", str(n)) for n in range(count)))
    return Suite("fixtures, files, variables", folder, tests)


def shop(stack: contextlib.ExitStack) -> list[Suite]:
    """The example on a server of its own, its database made once and kept; empty where it cannot be had."""
    starter = ROOT / "scripts" / "embedded_postgres.py"
    folder = ROOT / "examples" / "shop"
    if not folder.is_dir() or not starter.is_file():
        print("examples/shop is not there: left out")
        return []
    try:
        spec = importlib.util.spec_from_file_location("embedded_postgres", starter)
        assert spec
        assert spec.loader
        module = sys.modules["embedded_postgres"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        variables = stack.enter_context(module.serving())
    except Exception as error:
        print(f"no PostgreSQL for examples/shop ({error}): left out")
        return []
    options = ("--reuse-db", "-p", "no:randomly", "-n0", "-o", "addopts=")
    return [Suite("examples/shop, one process", folder, 93, options, variables)]


def measure(suite: Suite, rounds: int) -> list[tuple[Taken, Taken]]:
    """Pairs of neighbouring runs, without and with, after one of each that does not count; which comes first alternates."""
    for recorded in (False, True):
        run(suite, recorded=recorded)
    pairs = []
    for number in range(rounds):
        first = number % 2 == 1
        taken = {recorded: run(suite, recorded=recorded) for recorded in (first, not first)}
        pairs.append((taken[False], taken[True]))
    return pairs


def run(suite: Suite, *, recorded: bool) -> Taken:
    """One pytest process."""
    with tempfile.TemporaryDirectory() as bundle:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("FLAKY_DETECTOR", "PYTEST"))}
        clean.pop("PYTHONDONTWRITEBYTECODE", None)
        env = {**clean, "PYTHONPATH": str(ROOT), "PYTHONPYCACHEPREFIX": str(suite.cache), **suite.env}
        env |= {"FLAKY_DETECTOR_RECORD": bundle} if recorded else {}
        plugin = "flaky_detector.recorder" if recorded else "no:flaky_detector.recorder"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin, f"--junitxml={bundle}/junit.xml"]
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run([*command, *suite.options], cwd=suite.folder, env=env, capture_output=True, text=True, check=False)
        wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise SystemExit(f"the suite {suite.name} does not pass:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return Taken(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def line(suite: Suite, pairs: list[tuple[Taken, Taken]]) -> str:
    """What is printed of a suite."""
    without = statistics.median(plain.wall for plain, _ in pairs)
    wall = statistics.median(recorded.wall / plain.wall for plain, recorded in pairs)
    cpu = statistics.median(recorded.cpu / plain.cpu for plain, recorded in pairs)
    least_plain, least_recorded = (min(taken.cpu for taken in kind) for kind in zip(*pairs, strict=True))
    each = (least_recorded - least_plain) / suite.tests * 1e6
    return f"{suite.name:<28}{suite.tests:>6}{without:>9.2f}s{wall:>8.3f}{cpu:>8.3f}{least_recorded / least_plain:>8.3f}{each:>11.0f}"


if __name__ == "__main__":
    raise SystemExit(main())
