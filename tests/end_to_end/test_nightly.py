"""Night after night on a real suite, with GitHub on loopback: found, told once a day, cured, closed, back, gone."""

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flaky_detector.cli import main
from tests.support.github import TOKEN, FakeGitHub
from tests.support.hunting import write_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

VICTIM, POLLUTER = "tests/test_a_home.py::test_home_is_not_set", "tests/test_b_home.py::test_sets_the_home"
VICTIMS = """
import os

def test_home_is_not_set():
    assert os.environ.get("APP_HOME") is None

def test_something_else():
    assert True
"""
POLLUTES = """
import os

def test_sets_the_home():
    os.environ["APP_HOME"] = "/x"
"""
MENDED = """
def test_sets_the_home(monkeypatch):
    monkeypatch.setenv("APP_HOME", "/x")
"""
FIRST = datetime(2025, 1, 1, 3, 17, tzinfo=UTC)


class Project:
    """A suite, a history, a GitHub; nights go by one after another."""

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        self.folder = write_suite(folder / "project", {"tests/test_a_home.py": VICTIMS, "tests/test_b_home.py": POLLUTES})
        self.history = folder / "history" / "nights.sqlite"
        self.report = folder / "report"
        self.github = github
        self.now = FIRST

    def write(self, name: str, text: str) -> None:
        (self.folder / "tests" / name).write_text(text)

    def night(self, *options: str, verb: tuple[str, ...] = ("hunt", "--runs", "2"), days: int = 1) -> dict[str, Any]:
        """One hunt, and then it is `days` later; what findings.json says of the nights. `calls` are those to GitHub since it began."""
        before = len(self.github.calls)
        ours = ("--repeats", "2", "--python", sys.executable, "--rootdir", str(self.folder), "--output", str(self.report), "--quiet")
        argv = [*verb, *ours, "--history", str(self.history), *options]
        assert main(argv, self.environ(), lambda: self.now) in (0, 1)
        self.now += timedelta(days=days)
        self.calls = [f"{call.method} {call.path.split('/shop')[-1]} {call.code}" for call in self.github.calls[before:]]
        self.summary = (self.report / "summary.md").read_text()
        self.findings = json.loads((self.report / "findings.json").read_text())
        return self.findings["nights"]

    def environ(self) -> dict[str, str]:
        place = {"GITHUB_API_URL": self.github.url, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_EVENT_NAME": "schedule"}
        asked = {"INPUT_ISSUE": "on-findings", "INPUT_GITHUB-TOKEN": TOKEN, "INPUT_COMMENT": "off"}
        return {"GITHUB_ACTIONS": "true", "GITHUB_SHA": f"{self.now:%Y%m%d}" * 5, **place, **asked}


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake
    assert fake.violations == []


@pytest.fixture
def project(tmp_path: Path, github: FakeGitHub) -> Project:
    return Project(tmp_path, github)


def only(nights: Mapping[str, Any]) -> dict[str, Any]:
    (cause,) = nights["causes"]
    return cause


def said_below(github: FakeGitHub) -> list[str]:
    """The comments on the issue, without marker and footer."""
    return [comment["body"].split("\n")[1] for comment in github.comments_on(1001)]


def test_a_polluter_is_told_mended_cured_closed_and_opened_again_when_it_is_back(project: Project, github: FakeGitHub) -> None:
    cause = only(project.night(days=0))
    assert (cause["heads"], cause["tests"], cause["verdict"], cause["done"]) == ([POLLUTER], [VICTIM], "proven", "opened")
    assert project.calls == ["GET /issues 200", "GET /issues 200", "POST /issues 201"]
    assert github.issues[1001]["title"] == "test_sets_the_home makes 1 test fail"

    cause = only(project.night())  # the same day once more: not a word
    assert (cause["verdict"], cause["done"], cause["nights_seen"], project.calls) == ("proven", "", 1, [])
    assert cause["issue"] == "https://github.com/acme/shop/issues/1001"

    cause = only(project.night())
    assert (cause["verdict"], cause["done"], cause["nights_seen"]) == ("proven", "updated", 2)
    assert project.calls == ["GET /issues 200", "GET /user 403", "PATCH /issues/1001 200"]
    assert "**So far.** It failed on 2 nights since 2025-01-01, last on 2025-01-02. The last 2 nights: `●●`" in github.issues[1001]["body"]

    project.write("test_b_home.py", MENDED)
    cause = only(project.night())
    assert (cause["verdict"], cause["row"], cause["note"]) == (
        "quiet",
        1,
        "re-run: 0 of 2 attempts at its order fail, alone 0 of 2",
    )
    assert project.findings["findings"] == []
    assert only(project.night())["row"] == 2
    assert (project.calls, github.issues[1001]["state"]) == ([], "open")
    assert "not seen tonight; cured after 1 more night" in project.summary

    cause = only(project.night())
    assert (cause["verdict"], cause["row"], cause["done"]) == ("cured", 3, "closed")
    assert project.calls == [
        "GET /issues 200",
        "GET /user 403",
        "GET /issues/1001/comments 200",
        "POST /issues/1001/comments 201",
        "PATCH /issues/1001 200",
    ]
    assert (github.issues[1001]["state"], github.issues[1001]["state_reason"]) == ("closed", "completed")
    assert said_below(github)[0].startswith(
        "**Cured.** For 3 nights in a row `test_home_is_not_set` was re-run in the order that used to fail"
    )
    assert "`●●○○✓`" in project.summary

    only(project.night())
    assert project.calls == []

    project.write("test_b_home.py", POLLUTES)
    cause = only(project.night())
    assert (cause["verdict"], cause["done"]) == ("proven", "reopened")
    assert github.issues[1001]["state"] == "open"
    assert project.calls == [
        "GET /issues 200",
        "GET /issues/1001 200",
        "PATCH /issues/1001 200",
        "GET /issues/1001/comments 200",
        "POST /issues/1001/comments 201",
    ]
    assert said_below(github)[1].startswith("**It is back.** Proven again on 2025-01-07")
    assert len(github.issues) == 1


def test_a_test_that_was_removed_is_gone_and_not_cured(project: Project, github: FakeGitHub) -> None:
    project.night()
    project.write("test_a_home.py", VICTIMS.replace("test_home_is_not_set", "test_there_is_no_home"))
    project.write("test_b_home.py", MENDED)
    nights = project.night("--cured-after", "2")
    assert (only(nights)["verdict"], only(nights)["done"]) == ("gone", "")
    assert only(nights)["note"] == "`test_home_is_not_set` is not among the tests of tonight: renamed, removed or deselected"
    assert [gap["source"] for gap in project.findings["gaps"]] == []
    assert "gone, which is not cured (`test_home_is_not_set` is not among the tests of tonight" in project.summary

    (project.folder / "tests" / "test_a_home.py").unlink()  # the file as well
    cause = only(project.night("--cured-after", "2"))
    assert (cause["verdict"], cause["row"], cause["done"]) == ("gone", 2, "closed")
    assert github.issues[1001]["state_reason"] == "not_planned"
    assert said_below(github)[0].startswith("**Its tests are gone, which is no cure.** For 2 nights in a row its order could not be run")

    project.write("test_a_home.py", VICTIMS)
    project.write("test_b_home.py", POLLUTES)
    cause = only(project.night())
    assert (cause["verdict"], cause["done"], github.issues[1001]["state"]) == ("proven", "reopened", "open")


def test_what_no_run_of_tonight_meets_is_proven_by_its_known_order(project: Project, github: FakeGitHub) -> None:
    project.night()
    cause = only(project.night(verb=("hunt", "--runs", "1")))
    assert project.findings["findings"] == []
    assert (cause["verdict"], cause["note"]) == ("proven", "re-run: 2 of 2 attempts at its order fail, alone 0 of 2")
    assert cause["done"] == "unchanged"


def test_a_history_that_is_damaged_is_a_gap_and_moved_aside_and_no_issue_is_doubled(project: Project, github: FakeGitHub) -> None:
    project.night()
    whole = project.history.read_bytes()
    project.history.write_bytes(whole[: len(whole) // 2])
    cause = only(project.night())
    (gap,) = project.findings["gaps"]
    assert gap["source"] == "history"
    assert gap["text"].endswith("it was moved aside to nights.sqlite.unusable-2025-01-02, and a new one is begun")
    assert (project.history.parent / "nights.sqlite.unusable-2025-01-02").read_bytes() == whole[: len(whole) // 2]
    assert (cause["first_seen"], cause["done"], len(github.issues)) == ("2025-01-02", "updated", 1)
    assert only(project.night(verb=("hunt", "--runs", "1")))["nights_seen"] == 2


def test_runs_made_elsewhere_are_analysed_with_the_same_memory(project: Project, github: FakeGitHub) -> None:
    plan = project.folder.parent / "plan.json"
    options = ["--python", sys.executable, "--rootdir", str(project.folder), "--quiet"]
    runs = [{"id": "01-own", "python": sys.executable}, {"id": "02-reversed", "python": sys.executable, "arrangement": "reversed"}]
    plan.write_text(json.dumps({"v": 1, "runs": runs}))
    assert main(["run", "--plan", str(plan), "--output", str(project.folder.parent / "bundles"), *options], {}) == 0
    verb = ("analyze", str(project.folder.parent / "bundles" / "runs"), "--confirm")
    cause = only(project.night(verb=verb))
    assert (cause["verdict"], cause["done"]) == ("proven", "opened")
    project.write("test_b_home.py", MENDED)
    cause = only(project.night(verb=("hunt", "--runs", "1")))
    assert cause["verdict"] == "quiet"
