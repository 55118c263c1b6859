"""Shows by running that what a suite claims of itself is true: real pytest processes, forced orders, fresh copies of the tree.

Owns which checks share a process, and the comparison. Must not use the detector.

Plants do not disturb one another, so one process does one check of each plant:

    process 1:  A: victim           B: victim                    C: victim     ...
    process 2:  A: polluter victim  B: first second victim       C: ...
    process 3:  ..                  B: first victim
"""

import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from bench.accuracy import order_plugin
from bench.accuracy.truth import Check, Planted

MOST_TRIES = 50
"""A test that fails nine times in ten passes at least once in so many, but for one suite in two hundred."""
RANDOM_ORDERS = 2
SECONDS = 120.0
SERIAL = ("-n", "0") if importlib.util.find_spec("xdist") else ()
OPTIONS = ("-p", "order_plugin", "-p", "no:randomly", "-p", "no:cacheprovider", "-q", *SERIAL)
NOT_PASSED = {"failed", "error", "crashed"}
Ends = dict[str, str]


def verify(suite: Path, planted: Planted, environ: Mapping[str, str] | None = None) -> list[str]:
    """What of the truth does not hold, in words; empty where all does."""
    bench = Process(suite, environ or {})
    wrong = [line for checks in _rounds(planted.checks) for line in _hold(bench, checks)]
    return wrong + _whole(bench, planted)


def _rounds(plants: Sequence[Sequence[Check]]) -> Iterator[tuple[Check, ...]]:
    """Checks that share a process; private ones have one for themselves."""
    open_ones = [[check for check in checks if not check.private] for checks in plants]
    for one_each in zip_longest(*open_ones):
        found = tuple(check for check in one_each if check is not None)
        if found:
            yield found
    yield from ((check,) for checks in plants for check in checks if check.private)


def _hold(bench: "Process", checks: Sequence[Check]) -> list[str]:
    """Runs them, more than once where a test is to fail only sometimes."""
    if any(check.together for check in checks):
        return _conflict(bench, checks[0])
    uncertain = {test for check in checks for test, outcome in check.outcomes.items() if outcome == "sometimes"}
    seen: dict[str, set[str]] = {}
    wrong: list[str] = []
    for _ in range(MOST_TRIES):
        ends = bench.run(list(chain.from_iterable(check.order for check in checks)), checks[0])
        for test, end in ends.items():
            seen.setdefault(test, set()).add(end)
        wrong += [
            f"{test} {ends.get(test, 'was not run')}, not {wanted}, in {' > '.join(check.order)}"
            for check in checks
            for test, wanted in check.outcomes.items()
            if wanted != "sometimes" and ends.get(test) != wanted
        ]
        if wrong or all(len(seen.get(test, ())) > 1 for test in uncertain):
            break
    return wrong + [f"{test} always {seen.get(test)}, not sometimes" for test in uncertain if not wrong and len(seen.get(test, ())) < 2]


def _conflict(bench: "Process", check: Check) -> list[str]:
    """Two processes that start together do not hold the resource at the same time in each run."""
    for _ in range(MOST_TRIES):
        if NOT_PASSED & set(bench.run(check.order, check).values()):
            return []
    return [f"{check.order[0]} and {check.elsewhere[0]} never conflict"]


def _whole(bench: "Process", planted: Planted) -> list[str]:
    """In no order of the whole suite does a test fail that has no part in a plant."""
    if any("crashed" in check.outcomes.values() for checks in planted.checks for check in checks):
        return []
    known = {truth.test for truth in planted.truths if not truth.latent}
    ends = bench.run([], None)
    tests = list(ends)
    wrong = [] if len(tests) == planted.tests else [f"{len(tests)} tests were run, not {planted.tests}"]
    orders = [list(reversed(tests)), *(random.Random(seed).sample(tests, len(tests)) for seed in range(RANDOM_ORDERS))]
    for told in (ends, *(bench.run(order, None) for order in orders)):
        wrong += [f"{test} {end} in an order of the whole suite" for test, end in told.items() if end in NOT_PASSED and test not in known]
    return wrong


class Process:
    """Runs orders of a suite, each in a fresh copy of its tree."""

    def __init__(self, suite: Path, environ: Mapping[str, str], python: str = sys.executable) -> None:
        self._suite = suite
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")} | dict(environ)
        self._python = python

    def run(self, order: Sequence[str], check: Check | None) -> Ends:
        """How each test ended, in the sequence in which they began; an empty order is the suite's own."""
        with tempfile.TemporaryDirectory(prefix="accuracy-") as room:
            tree = Path(room) / "tree"
            shutil.copytree(self._suite, tree)
            elsewhere = check.elsewhere if check else ()
            together = check is not None and check.together
            seconds = check.seconds if check else SECONDS
            first = self._start(tree, Path(room) / "first", elsewhere) if elsewhere else None
            if first and not together:
                _ended(first, seconds)
            _ended(self._start(tree, Path(room) / "second", order), seconds)
            if first and together:
                _ended(first, seconds)
            return (ends(Path(room) / "first" / "ends") if together else {}) | ends(Path(room) / "second" / "ends")

    def _start(self, tree: Path, room: Path, order: Sequence[str]) -> "subprocess.Popen[bytes]":
        room.mkdir()
        shutil.copy(order_plugin.__file__, room / "order_plugin.py")
        (room / "order").write_text(json.dumps(list(order)), encoding="utf-8")
        temporary = room.parent / "tmp"
        temporary.mkdir(exist_ok=True)
        environ = self._environ | {"PYTHONPATH": str(room), order_plugin.ENDS: str(room / "ends"), "TMPDIR": str(temporary)}
        environ |= {order_plugin.WISH: str(room / "order")} if order else {}
        files = dict.fromkeys(test.split("::")[0] for test in order)
        options = [*OPTIONS, *files]
        with (room / "log").open("wb") as log:
            return subprocess.Popen([self._python, "-m", "pytest", *options], cwd=tree, env=environ, stdout=log, stderr=log)


def _ended(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ends(file: Path) -> Ends:
    """How each test ended, from what the plugin wrote."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    told: dict[str, dict[str, str]] = {}
    for test, phase, outcome in map(json.loads, lines):
        told.setdefault(test, {})[phase] = outcome
    return {test: _end(phases) for test, phases in told.items()}


def _end(phases: Mapping[str, str]) -> str:
    if "teardown" not in phases:
        return "crashed"
    if "failed" in (phases.get("setup"), phases["teardown"]):
        return "error"
    return "skipped" if "skipped" in phases.values() else phases["call"]


def broken(suites: Iterable[tuple[Path, Planted]]) -> list[str]:
    """`verify` of several, each line with the suite's name."""
    return [f"{planted.name}: {line}" for suite, planted in suites for line in verify(suite, planted)]
