"""The oldest interpreter and the oldest pytest that the recorder promises to run under, where they can be had."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.recorder.deep_suite import FILES as DEEP_FILES
from tests.recorder.inner import run_in, write
from tests.recorder.test_deep_state import LEFT as DEEP_LEFT
from tests.recorder.test_outcomes import SUITE
from tests.recorder.test_quick_looks import LEFT as QUICK_LEFT
from tests.recorder.test_quick_looks import SUITE as QUICK
from tests.recorder.test_workers import LOGGING, TESTS

PACKAGES = ("pytest==6.2.5", "pytest-xdist==2.5.0", "pytest-forked==1.6.0")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def oldest(tmp_path_factory):
    """A Python 3.8 with a pytest 6.2."""
    interpreters = sorted(Path.home().glob(".pyenv/versions/3.8.*/bin/python"))
    if not interpreters:
        pytest.skip("no Python 3.8 at hand")
    folder = tmp_path_factory.mktemp("oldest") / "venv"
    uv = [str(Path(sys.executable).with_name("uv"))]
    made = subprocess.run([*uv, "venv", "--quiet", "--python", str(interpreters[-1]), str(folder)], check=False, capture_output=True)
    python = folder / "bin" / "python"
    filled = subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), *PACKAGES], check=False, capture_output=True)
    if made.returncode or filled.returncode:
        pytest.skip(f"no pytest 6.2 to be had: {(made.stderr + filled.stderr).decode()[-300:]}")
    return str(python)


def test_outcomes_are_the_same_as_everywhere(oldest, guest, tmp_path):
    write(tmp_path, {"pytest.ini": "[pytest]\n", "tests/test_a.py": SUITE})
    ran = run_in(tmp_path, guest, python=oldest)
    assert ran.journals["main"][0]["python"].startswith("3.8.")
    assert ran.journals["main"][0]["pytest"] == "6.2.5"
    outcomes = ran.outcomes()
    assert outcomes["test_passes"] == "passed"
    assert outcomes["test_errs_late"] == "error"
    assert outcomes["test_expected"] == "xfailed"
    assert outcomes["test_strict"] == "failed"
    assert outcomes["TestUnit::test_subs"] == "failed"
    assert ran.end("test_chain")["failures"][0]["chain"] == [["OSError", "middle"], ["KeyError", "'k'"]]
    assert ran.properties("test_passes")["nodeid"] == "tests/test_a.py::test_passes"
    assert ran.notes() == []


def test_tests_in_processes_of_their_own_have_their_positions(oldest, guest, tmp_path):
    write(tmp_path, {"pytest.ini": "[pytest]\n", "test_a.py": "def test_1(): pass\ndef test_2(): assert 0\ndef test_3(): pass\n"})
    ran = run_in(tmp_path, guest, "-p", "pytest_forked", "--forked", python=oldest)
    ends = [(event["pos"], event["outcome"]) for event in ran.events("end")]
    assert ends == [(0, "passed"), (1, "failed"), (2, "passed")]


def test_an_order_over_two_workers_is_kept(oldest, guest, tmp_path):
    steps = [[1, "b 3"], [0, "a 1"], [1, "a 3"], [0, "b 0"]]
    order = [[worker, f"test_{name[0]}.py::test_n[{name[2]}]"] for worker, name in steps]
    text = f'{{"v": 1, "steps": {str(order).replace(chr(39), chr(34))}}}'
    write(tmp_path, {"pytest.ini": "[pytest]\n", "conftest.py": LOGGING, "test_a.py": TESTS, "test_b.py": TESTS, "order.json": text})
    env = {"LOG": str(tmp_path / "log"), "FLAKY_DETECTOR_ORDER": "order.json"}
    ran = run_in(tmp_path, guest, "-p", "xdist", "-n2", "--dist=loadgroup", env=env, python=oldest)
    lines = [line for line in (tmp_path / "log").read_text().splitlines() if "down" not in line and "module" not in line]
    assert lines == [f"gw{worker} {name}" for worker, name in steps], ran.output
    assert ran.notes() == []


def test_what_looks_the_same_and_is_not_is_told_there_too(oldest, guest, tmp_path):
    write(tmp_path, {"pytest.ini": "[pytest]\n", "test_a.py": QUICK})
    ran = run_in(tmp_path, guest, "-p", "no:faulthandler", python=oldest)
    assert ran.notes() == []
    assert {test: sorted(ran.state(test)) for test in ran.outcomes()} == {**{test: [] for test in ran.outcomes()}, **QUICK_LEFT}


def test_what_is_left_in_modules_and_classes_is_told_there_too(oldest, guest, tmp_path):
    write(tmp_path, {"pytest.ini": "[pytest]\n", **DEEP_FILES})
    ran = run_in(tmp_path, guest, env={"FLAKY_DETECTOR_PROBES": "deep"}, python=oldest)
    assert ran.notes() == []
    left = {test: sorted(change for change in ran.state(test) if change[1] != "test_a.KEPT") for test in DEEP_LEFT}
    assert left == DEEP_LEFT
