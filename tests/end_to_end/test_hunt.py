"""The whole way on a suite without Django: every kind of order dependence told apart, nobody accused wrongly."""

from pathlib import Path

import pytest

from tests.support.hunting import Outcome, flaky_detector, write_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

FILES = {
    "app/__init__.py": "",
    "app/registry.py": 'OPTIONS = {"mode": "plain"}\nCACHE = {}\nSEEN = set()\n',
    "tests/test_a_victims.py": """
import os
from app import registry

def test_mode_is_plain():
    assert registry.OPTIONS["mode"] == "plain"

def test_home_is_not_set():
    assert os.environ.get("APP_HOME") is None

def test_not_both_were_seen():
    assert registry.SEEN != {"left", "right"}
""",
    "tests/test_b_polluters.py": """
import os
import pytest
from app import registry

def test_fancy_mode():
    registry.OPTIONS["mode"] = "fancy"

def test_home():
    os.environ["APP_HOME"] = "/x"

@pytest.mark.parametrize("value", ["a b", "x::y", "é[1]"])
def test_innocent(value, monkeypatch):
    monkeypatch.setenv("OTHER", value)
    assert os.environ["OTHER"] == value

def test_left():
    registry.SEEN.add("left")

def test_right():
    registry.SEEN.add("right")
""",
    "tests/test_c_others.py": """
import os, pathlib
from app import registry

def test_always_broken():
    assert 1 == 2

def test_needs_the_cache():
    assert registry.CACHE["ready"]

def test_fills_the_cache():
    registry.CACHE["ready"] = True
""",
}


@pytest.fixture(scope="module")
def hunted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    project = write_suite(tmp_path_factory.mktemp("hunt") / "project", FILES)
    return project, flaky_detector("hunt", "--runs", "6", cwd=project)


def test_a_hunt_ends_with_exit_code_1_and_its_pages(hunted: tuple[Path, Outcome]) -> None:
    project, outcome = hunted
    assert outcome.exit_code == 1
    assert outcome.findings["status"] == "complete"
    assert sorted(path.name for path in (project.parent / "report").iterdir()) == [
        "comment.md",
        "findings.json",
        "report.html",
        "runs",
        "summary.md",
    ]
    assert len(outcome.findings["runs"]) == 6


def test_a_victim_of_a_module_global_is_proven(hunted: tuple[Path, Outcome]) -> None:
    found = hunted[1].finding("tests/test_a_victims.py::test_mode_is_plain")
    assert (found["kind"], found["confidence"]) == ("victim", "proven")
    assert found["polluters"] == [["tests/test_b_polluters.py::test_fancy_mode"]]
    assert [(state["kind"], state["key"]) for state in found["state"]] == [("module-global", "app.registry.OPTIONS")]
    (failures, attempts), (after, asked) = (map(int, found["trials"][side].split("/")) for side in ("alone", "after_polluter"))
    assert (failures, after) == (0, asked)
    assert min(attempts, asked) >= 3  # again, where the other side was asked in a start of its own


def test_a_victim_of_the_environment_is_proven_with_the_state(hunted: tuple[Path, Outcome]) -> None:
    found = hunted[1].finding("tests/test_a_victims.py::test_home_is_not_set")
    assert found["polluters"] == [["tests/test_b_polluters.py::test_home"]]
    assert [(state["kind"], state["key"]) for state in found["state"]] == [("environ", "APP_HOME")]
    assert found["minimal_order"] == ["tests/test_b_polluters.py::test_home", "tests/test_a_victims.py::test_home_is_not_set"]


def test_two_polluters_needed_together_are_one_set(hunted: tuple[Path, Outcome]) -> None:
    found = hunted[1].finding("tests/test_a_victims.py::test_not_both_were_seen")
    assert (found["kind"], found["confidence"]) == ("victim", "proven")
    assert [sorted(tests) for tests in found["polluters"]] == [
        ["tests/test_b_polluters.py::test_left", "tests/test_b_polluters.py::test_right"]
    ]


def test_a_brittle_test_gets_its_state_setter_and_accuses_nobody(hunted: tuple[Path, Outcome]) -> None:
    found = hunted[1].finding("tests/test_c_others.py::test_needs_the_cache")
    assert (found["kind"], found["confidence"], found["polluters"]) == ("brittle", "proven", [])
    assert found["state_setters"] == [["tests/test_c_others.py::test_fills_the_cache"]]


def test_a_broken_test_accuses_nobody(hunted: tuple[Path, Outcome]) -> None:
    found = hunted[1].finding("tests/test_c_others.py::test_always_broken")
    assert (found["kind"], found["polluters"], found["suspects"]) == ("broken", [], [])


def test_nothing_else_is_found_and_the_project_is_as_it_was(hunted: tuple[Path, Outcome]) -> None:
    project, outcome = hunted
    assert len(outcome.findings["findings"]) == 5
    assert {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()} == {"pyproject.toml", *FILES}


def test_a_polluter_is_proven_after_a_failure_without_another_run_of_the_suite(tmp_path: Path) -> None:
    """CONTRACT: the suite runs as it always did, with the recorder; when it fails, analyze --confirm names the polluter."""
    files = {name: text for name, text in FILES.items() if "test_c" not in name}
    files["tests/test_d_victim.py"] = files.pop("tests/test_a_victims.py")
    project = write_suite(tmp_path / "project", files)
    replayed = flaky_detector("hunt", "--runs", "1", "--no-confirm", cwd=project, output="first")
    assert replayed.exit_code == 0
    outcome = flaky_detector("analyze", tmp_path / "first" / "runs", "--confirm", cwd=project)
    assert outcome.exit_code == 1
    assert outcome.finding("tests/test_d_victim.py::test_home_is_not_set")["polluters"] == [["tests/test_b_polluters.py::test_home"]]
    assert outcome.findings["cost"]["trials"] > 0


def test_confirm_proves_one_suspect_and_clears_another(tmp_path: Path) -> None:
    project = write_suite(tmp_path / "project", FILES)
    victim = "tests/test_a_victims.py::test_home_is_not_set"
    proven = flaky_detector("confirm", victim, "--suspect", "tests/test_b_polluters.py::test_home", cwd=project)
    assert (proven.exit_code, proven.finding(victim)["confidence"]) == (1, "proven")
    cleared = flaky_detector("confirm", victim, "--suspect", "tests/test_b_polluters.py::test_innocent[x::y]", cwd=project)
    assert (cleared.exit_code, cleared.findings["findings"]) == (0, [])


def test_replay_runs_again_what_one_worker_ran(hunted: tuple[Path, Outcome]) -> None:
    project, _ = hunted
    bundle = next((project.parent / "report" / "runs").glob("*-reversed"))
    outcome = flaky_detector("replay", bundle, "--worker", "main", cwd=project, output="replayed")
    assert outcome.exit_code == 1
    assert "FAILED tests/test_a_victims.py::test_mode_is_plain" in outcome.out.splitlines()
