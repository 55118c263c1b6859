"""What recording costs, probe by probe, beside a plain run of the same suite.

    python bench/probe_cost.py [--rounds 5] [--tests 1000] [--suites trivial,django,library] [--deep-library VERSION]

Suites: tests that do nothing, a Django project with requests and rows, and a library's own tests, where a package index can be reached.

First table: CPU time, user and system, of whole processes. Each round runs every mode once, in turns from either end, and gives a ratio to
its own plain run; told are the median of the rounds' ratios, the ratio of the best runs, and the best runs' difference in microseconds a
test. Modes: `journal` (no probes: order, outcomes, JUnit properties), `always-on`, and `deep`.

Second table: microseconds a test of each probe, as the recorder accounts for itself. The least of the rounds is taken test by test, then
their mean: what other work on the machine adds to one of them is left out, what a test makes a probe do is not.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

BENCH = Path(__file__).parent
ROOT = BENCH.parent
sys.path[:0] = [str(BENCH), str(ROOT)]

import cost_suites  # noqa: E402 -- beside this file
from cost_suites import Suite  # noqa: E402
from probe_clock import SIGNS  # noqa: E402

from flaky_detector.recorder.probes import PROBES  # noqa: E402 -- the checkout's, whatever is installed

MODES = ("plain", "journal", "always-on", "deep")
ASKED = {"journal": "none", "always-on": "", "deep": "deep"}
LIBRARY_VERSION = "3.26.1"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What recording costs, probe by probe, beside a plain run.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tests", type=int, default=1000, help="tests of the suites that are written here")
    parser.add_argument("--suites", default="trivial,django,library")
    parser.add_argument("--version", default=LIBRARY_VERSION, help="of the library")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        suites = _suites(Path(room), options.suites.split(","), options.tests, options.version)
        print(f"CPU time, {options.rounds} rounds")
        print(f"{'suite':<24}{'tests':>6}{'plain':>9} {'mode':<12}{'median':>8}{'best':>8}{'µs a test':>11}")
        for suite in suites:
            _print_ratios(suite, _taken(suite, options.rounds, Path(room)))
        _print_probes(suites, options.rounds, Path(room))
    return 0


def _suites(room: Path, names: Sequence[str], tests: int, version: str) -> list[Suite]:
    found = {
        "trivial": lambda: cost_suites.trivial(room, tests),
        "django": lambda: cost_suites.django(room, tests),
        "library": lambda: cost_suites.library(room, version),
    }
    return [suite for name in names if (suite := found[name]()) is not None]


def _taken(suite: Suite, rounds: int, room: Path) -> dict[str, list[float]]:
    """CPU seconds by mode, after one run of each that does not count."""
    taken: dict[str, list[float]] = {mode: [] for mode in MODES}
    for mode in MODES:
        run(suite, mode, room)
    for number in range(rounds):
        for mode in MODES if number % 2 else MODES[::-1]:
            taken[mode].append(run(suite, mode, room))
    return taken


def run(suite: Suite, mode: str, room: Path, clock: str = "") -> float:
    """CPU seconds of one pytest process and its children."""
    with tempfile.TemporaryDirectory(dir=room) as bundle:
        unwanted = ("FLAKY_DETECTOR", "PYTEST", "PYTHONDONTWRITEBYTECODE", "DJANGO")
        env = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        path = os.pathsep.join(entry for entry in (suite.env.get("PYTHONPATH", ""), str(ROOT), str(BENCH)) if entry)
        env |= {**suite.env, "PYTHONPATH": path, "PYTHONPYCACHEPREFIX": str(room / "compiled")}
        command = [suite.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={bundle}/junit.xml"]
        if mode == "plain":
            command += ["-p", "no:flaky_detector.recorder"]
        else:
            command += ["-p", "flaky_detector.recorder"]
            env |= {"FLAKY_DETECTOR_RECORD": bundle, "FLAKY_DETECTOR_PROBES": ASKED[mode]}
        if clock:
            command += ["-p", "probe_clock"]
            env["PROBE_CLOCK"] = clock
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([*command, *suite.options], cwd=suite.folder, env=env, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise SystemExit(f"the suite {suite.name} does not pass:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        _print_notes(Path(bundle), mode, clock)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _print_notes(bundle: Path, mode: str, clock: str) -> None:
    """What the recorder says of itself, once a suite: which part of a probe has stopped."""
    if mode == "deep" and clock.endswith("-0.json"):
        events = map(json.loads, (bundle / "journal-main.jsonl").read_text(encoding="utf-8").splitlines())
        for text in [event["text"] for event in events if event["ev"] == "note"]:
            print(f"  note: {text}")


def _print_ratios(suite: Suite, taken: dict[str, list[float]]) -> None:
    plain = taken["plain"]
    for mode in MODES[1:]:
        median = statistics.median(with_it / without for with_it, without in zip(taken[mode], plain, strict=True))
        each = (min(taken[mode]) - min(plain)) / suite.tests * 1e6
        head = f"{suite.name:<24}{suite.tests:>6}{statistics.median(plain):>8.2f}s"
        print(f"{head} {mode:<12}{median:>8.3f}{min(taken[mode]) / min(plain):>8.3f}{each:>11.0f}", flush=True)


def _print_probes(suites: Sequence[Suite], rounds: int, room: Path) -> None:
    costs = []
    for suite in suites:
        print(f"\nprobes in {suite.name}: {rounds} rounds", flush=True)
        costs.append(_probes(suite, rounds, room))
    print(f"\n{'µs a test':<26}" + "".join(f"{suite.name:>22}" for suite in suites))
    light = [SIGNS, *(probe.name for probe in PROBES if not probe.is_deep)]
    for name in [*light, *(probe.name for probe in PROBES if probe.is_deep)]:
        told = name if name in light else f"{name} (deep)"
        print(f"{told:<26}" + "".join(f"{cost.get(name, 0.0):>22.1f}" for cost in costs))
    print(f"{'all always-on ones':<26}" + "".join(f"{sum(cost.get(name, 0.0) for name in light):>22.1f}" for cost in costs))


def _probes(suite: Suite, rounds: int, room: Path) -> dict[str, float]:
    """Microseconds a test by probe: of each test the least of the rounds."""
    seen: dict[str, list[list[float]]] = {}
    for number in range(rounds):
        clock = room / f"clock-{number}.json"
        run(suite, "deep", room, str(clock))
        for name, each in json.loads(clock.read_text(encoding="utf-8")).items():
            seen.setdefault(name, []).append(each[1:])
    return {name: statistics.fmean(map(min, zip(*each, strict=True))) * 1e6 for name, each in seen.items()}


if __name__ == "__main__":
    raise SystemExit(main())
