"""A budget holds to within a tenth, wherever in the work it ends, and the best answer so far is written."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.hunting import Outcome, flaky_detector, write_suite
from tests.support.shop import ORIGINAL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SLEEPY = """
import time
import pytest

SEEN = []

@pytest.mark.parametrize("number", range(40))
def test_sleeps(number):
    time.sleep(0.25)
    if number == 7:
        SEEN.append(number)

def test_victim():
    time.sleep(0.25)
    assert SEEN == []
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return write_suite(tmp_path / "suite", {"tests/test_sleepy.py": SLEEPY})


LEAVES = """
LEFT = []

def test_leaves():
    LEFT.append(1)

def test_victim():
    assert LEFT == []
"""


def in_time(budget: float, *argv: object, cwd: Path, environ: Mapping[str, str] | None = None) -> Outcome:
    began = time.monotonic()
    flaky_detector("plan", cwd=cwd, output="plan")  # what it takes to start on this machine
    start = time.monotonic() - began
    began = time.monotonic()
    told = flaky_detector(*argv, "--budget", f"{budget:.0f}s", cwd=cwd, environ=environ)
    assert time.monotonic() - began - start <= 1.1 * budget
    return told


@pytest.mark.parametrize("budget", [8.0, 30.0, 60.0])
def test_a_hunt_ends_in_time_with_what_it_has(suite: Path, budget: float) -> None:
    told = in_time(budget, "hunt", cwd=suite)
    assert told.findings["status"] == "budget-exhausted"
    assert told.findings["runs"][0]["id"] == "01-python-own"
    assert (suite.parent / "report/comment.md").is_file()


@pytest.mark.parametrize("budget", [5.0, 15.0, 40.0])
def test_an_analysis_with_proofs_ends_in_time_with_what_it_has(suite: Path, budget: float) -> None:
    flaky_detector("run", "--plan", plan_of_one_run(suite), cwd=suite, output="night")
    told = in_time(budget, "analyze", "--confirm", suite.parent / "night/runs", cwd=suite)
    assert told.findings["status"] in ("budget-exhausted", "complete")
    victim = told.finding("tests/test_sleepy.py::test_victim")
    assert victim["suspects"][0]["test"] == "tests/test_sleepy.py::test_sleeps[7]"
    assert victim["confidence"] == "proven" or told.findings["status"] == "budget-exhausted"


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two loops beside, which take what there is."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def test_a_hunt_with_databases_on_a_busy_machine_ends_in_time(tmp_path: Path, postgres: dict[str, str]) -> None:
    project = tmp_path / "shop"
    shutil.copytree(ORIGINAL, project, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    with busy_machine():
        told = in_time(40.0, "hunt", cwd=project, environ=postgres)
    assert told.findings["status"] == "budget-exhausted"
    assert told.findings["runs"][0]["tests"] == 93


def test_a_budget_that_ends_while_looking_further_keeps_the_proof(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", {"tests/test_leaves.py": LEAVES, "tests/test_sleepy.py": SLEEPY})
    told = in_time(25.0, "confirm", "tests/test_leaves.py::test_victim", "--suspect", "tests/test_leaves.py::test_leaves", cwd=suite)
    assert told.finding("tests/test_leaves.py::test_victim")["polluters"] == [["tests/test_leaves.py::test_leaves"]]


def test_runs_go_on_as_long_as_nothing_has_failed_for_nothing_is_to_be_proven(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", {"tests/test_slow.py": "import time\ndef test_sleeps(): time.sleep(2.5)\n"})
    told = in_time(30.0, "hunt", "--workers", "2", cwd=suite)
    assert told.findings["findings"] == []
    assert sum(run["seconds"] for run in told.findings["runs"]) > 18.0 or told.findings["status"] == "complete"


def plan_of_one_run(suite: Path) -> Path:
    file = suite.parent / "plan.json"
    file.write_text(flaky_detector("plan", "--runs", "1", "--format", "json", cwd=suite).out)
    return file
