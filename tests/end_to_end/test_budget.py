"""A budget holds to within a tenth, wherever in the work it ends, and the best answer so far is written."""

import time
from pathlib import Path

import pytest

from tests.support.hunting import Outcome, flaky_detector, write_suite

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


def in_time(budget: float, *argv: object, cwd: Path) -> Outcome:
    began = time.monotonic()
    flaky_detector("plan", cwd=cwd, output="plan")  # what it takes to start on this machine
    start = time.monotonic() - began
    began = time.monotonic()
    told = flaky_detector(*argv, "--budget", f"{budget:.0f}s", cwd=cwd)
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


def plan_of_one_run(suite: Path) -> Path:
    file = suite.parent / "plan.json"
    file.write_text(flaky_detector("plan", "--runs", "1", "--format", "json", cwd=suite).out)
    return file
