"""Plugins that the project or the user switches off: no option of theirs reaches a pytest that would not know it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.hunting import Outcome, flaky_detector, write_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SUITE = {
    "tests/test_state.py": "STATE = []\ndef test_leaves(): STATE.append(1)\ndef test_more(): pass\ndef test_victim(): assert STATE == []\n",
    "tests/test_other.py": "def test_other(): pass\n",
}
VICTIM = "tests/test_state.py::test_victim"


def hunted(suite: Path, *pytest_args: str, environ: Mapping[str, str] | None = None) -> Outcome:
    words = ("--runs", "3", "--workers", "2", "--repeats", "2", "--no-look-further", *(("--", *pytest_args) if pytest_args else ()))
    return flaky_detector("hunt", *words, cwd=suite, environ=environ)


def is_found(outcome: Outcome) -> None:
    """Every kind of run was made, with tests in it, and the polluter is proven."""
    runs = outcome.findings["runs"]
    assert {run["arrangement"] for run in runs} >= {"own", "shuffled"}
    assert {run["workers"] for run in runs} == {0, 2}
    assert [run["tests"] for run in runs] == [4] * len(runs)
    assert outcome.finding(VICTIM)["polluters"] == [["tests/test_state.py::test_leaves"]]
    assert "unrecognized arguments" not in str(outcome.findings["gaps"])


@pytest.mark.parametrize(
    "options",
    [
        ("-p", "no:randomly"),
        ("-pno:randomly", "-p", "no:xdist"),
        ("-p", "no:cacheprovider", "-p", "no:rerunfailures", "-p", "no:junitxml"),
    ],
    ids=" ".join,
)
def test_what_the_user_switches_off_after_the_dashes_does_not_end_the_hunt(tmp_path: Path, options: tuple[str, ...]) -> None:
    is_found(hunted(write_suite(tmp_path / "suite", SUITE), *options))


def test_what_the_projects_addopts_switch_off_does_not_end_the_hunt(tmp_path: Path) -> None:
    addopts = "-p no:randomly -p no:xdist -p no:cacheprovider -p no:junitxml -p no:rerunfailures"
    is_found(hunted(write_suite(tmp_path / "suite", SUITE | {"pytest.ini": f"[pytest]\naddopts = {addopts}\ntestpaths = tests\n"})))


def test_what_the_environment_switches_off_does_not_end_the_hunt(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", SUITE)
    is_found(hunted(suite, environ={"PYTEST_ADDOPTS": "-p no:randomly -p no:xdist -p no:rerunfailures"}))


def test_a_pytest_that_loads_no_plugin_by_itself_is_given_those_that_a_run_needs(tmp_path: Path) -> None:
    is_found(hunted(write_suite(tmp_path / "suite", SUITE), environ={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}))
