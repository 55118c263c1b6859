"""The example project in a private copy, run in a given order without anything of flaky-detector.

The order is forced and what happened is told by a small plugin of its own, so that the truth about the example does not rest on
the program that is to find it out.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ORIGINAL = Path(__file__).parents[2] / "examples" / "shop"
PLUGIN = """
import glob, json, os, time
import pytest

STEPS = json.loads(os.environ["SHOP_STEPS"])
WORKERS = {test: str(worker) for worker, test in STEPS}
WAITING, AWAITED = json.loads(os.environ["SHOP_WAIT"])


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items):
    yield
    found = {item.nodeid: item for item in items}
    if STEPS:
        items[:] = [found[test] for _, test in STEPS]


def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Split(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return WORKERS[nodeid]

    return Split(config, log) if STEPS else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    deadline = time.monotonic() + 60
    while item.nodeid == WAITING and not glob.glob(AWAITED) and time.monotonic() < deadline:
        time.sleep(0.02)


def pytest_runtest_logreport(report):
    if os.environ.get("PYTEST_XDIST_WORKER"):
        return
    crash = getattr(report.longrepr, "reprcrash", None)
    worker = getattr(report, "worker_id", "main")
    message = crash.message if crash else ""
    line = [report.nodeid, report.when, report.outcome, worker, message, str(report.longrepr or ""), report.capstdout]
    with open(os.environ["SHOP_TOLD"], "a") as told:
        told.write(json.dumps(line) + "\\n")
"""


@dataclass(frozen=True)
class Told:
    """One phase of one test, as it ended."""

    test: str
    phase: str
    outcome: str
    worker: str
    message: str
    text: str
    output: str


@dataclass(frozen=True)
class Ran:
    """A run of the shop: pytest's exit code, every phase in the order in which it ended, and what was printed."""

    exit_code: int
    phases: tuple[Told, ...]
    console: str

    @property
    def order(self) -> list[str]:
        """The tests, as they were called."""
        return list(dict.fromkeys(told.test for told in self.phases))

    @property
    def failed(self) -> list[tuple[str, str]]:
        """Test and phase of every failure."""
        return [(told.test, told.phase) for told in self.phases if told.outcome == "failed"]

    def failure(self, test: str) -> Told:
        """The first failure of a test."""
        return next(told for told in self.phases if told.test == test and told.outcome == "failed")


class Shop:
    """A copy of the example below `folder`, on the server that `postgres` names."""

    def __init__(self, folder: Path, postgres: dict[str, str]) -> None:
        self.root = folder / "shop"
        shutil.copytree(ORIGINAL, self.root, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
        self._plugins = folder / "plugins"
        self._plugins.mkdir()
        (self._plugins / "shop_order.py").write_text(PLUGIN)
        self._env = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "FLAKY_DETECTOR_"))}
        self._env |= postgres | {"PYTHONPATH": str(self._plugins), "PYTHONDONTWRITEBYTECODE": "1", "SHOP_DATABASE": f"shop_{os.getpid()}"}

    def run(self, *tests: str, options: Sequence[str] = ()) -> Ran:
        """In one process, these tests in this order; without any, all of them in the project's own."""
        return self._run([(0, test) for test in tests], ["-n", "0", *options])

    def run_on_two(self, first: Sequence[str], second: Sequence[str], *, waiting: str, awaited: str) -> Ran:
        """On two xdist workers; the test `waiting` begins once a file that matches `awaited` is there."""
        steps = [*((0, test) for test in first), *((1, test) for test in second)]
        return self._run(steps, ["-n", "2"], (waiting, awaited))

    def _run(self, steps: Sequence[tuple[int, str]], options: Sequence[str], wait: tuple[str, str] = ("", "")) -> Ran:
        told = self.root.parent / "told.jsonl"
        told.write_text("")
        env = self._env | {"SHOP_STEPS": json.dumps(steps), "SHOP_WAIT": json.dumps(wait), "SHOP_TOLD": str(told)}
        plugins = ["-p", "shop_order", "-p", "no:randomly", "-p", "no:cacheprovider", "-p", "no:flaky_detector.recorder"]
        files = sorted({test.split("::")[0] for _, test in steps})
        argv = [sys.executable, "-m", "pytest", "-q", *plugins, *options, *files]
        ended = subprocess.run(argv, cwd=self.root, env=env, capture_output=True, text=True, check=False, timeout=240)
        phases = tuple(Told(*json.loads(line)) for line in told.read_text().splitlines())
        return Ran(ended.returncode, phases, ended.stdout + ended.stderr)

    def files(self) -> set[str]:
        """Every file of the copy, relative to its root."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
