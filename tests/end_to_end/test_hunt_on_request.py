"""`/flaky-hunt` in a comment: who may, of which commit, and what is answered; the jobs of on-request.yml against a GitHub on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flaky_detector.cli import main
from flaky_detector.pipeline.action import act
from flaky_detector.stages.report import Context, report
from tests.support import shop_result
from tests.support.github import BOT, COMPARE, HEAD, PERMISSION, REACTIONS, TOKEN, FakeGitHub

ASKED_AT = "2024-05-01T10:00:00Z"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        fake.permissions["ann"] = "write"
        fake.asking = fake.add_comment("ann", "/flaky-hunt")
        yield fake
    assert fake.violations == []


def environ(github: FakeGitHub, tmp_path: Path, *, login: str = "ann", body: str = "/flaky-hunt", **more: str) -> dict[str, str]:
    comment = {
        "id": github.asking,
        "body": body,
        "created_at": ASKED_AT,
        "author_association": "OWNER",
        "user": {"login": login, "type": "User"},
    }
    event = {"action": "created", "issue": {"number": 7, "pull_request": {"url": "x"}}, "comment": comment}
    (tmp_path / "event.json").write_text(json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_NAME": "issue_comment",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_RUN_ID": "42",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_WORKSPACE": str(tmp_path),
        "INPUT_GITHUB-TOKEN": TOKEN,
        "INPUT_MODE": "request",
        **more,
    }


def commit_to_hunt_in(github: FakeGitHub, tmp_path: Path, **more: Any) -> str:
    """What the first job hands to the second."""
    (tmp_path / "output").unlink(missing_ok=True)
    (tmp_path / "summary").unlink(missing_ok=True)
    assert act(environ(github, tmp_path, **more), main) == 0
    lines = (tmp_path / "output").read_text().splitlines()
    assert lines[0].startswith("commit<<")
    return lines[1]


def outputs(tmp_path: Path) -> dict[str, str]:
    lines = (tmp_path / "output").read_text().splitlines()
    return {name.partition("<<")[0]: value for name, value in zip(lines[::3], lines[1::3], strict=True)}


def reactions(github: FakeGitHub) -> list[str]:
    return [content for _, _, content in github.reactions]


@pytest.mark.parametrize("role", ["admin", "maintain", "write"])
def test_who_may_write_gets_a_hunt_of_the_newest_commit_and_sees_eyes(github, tmp_path, role):
    github.permissions["ann"] = role
    assert commit_to_hunt_in(github, tmp_path) == HEAD
    assert github.reactions == [(github.asking, BOT, "eyes")]


def test_the_hunt_is_told_where_the_pull_request_left_its_base_and_how_deep_that_is(github, tmp_path):
    commit_to_hunt_in(github, tmp_path)
    assert outputs(tmp_path) == {"commit": HEAD, "base": "0a" * 20, "depth": "4"}


def test_a_github_that_does_not_compare_takes_no_hunt_away(github, tmp_path):
    github.fail("GET", 404, "Not Found", route=COMPARE)
    commit_to_hunt_in(github, tmp_path)
    assert outputs(tmp_path) == {"commit": HEAD, "base": "", "depth": "1"}
    assert reactions(github) == ["eyes"]


@pytest.mark.parametrize("role", ["triage", "read", "none"])
def test_who_may_not_write_gets_none_whatever_the_event_calls_them(github, tmp_path, role):
    github.permissions["ann"] = role
    assert commit_to_hunt_in(github, tmp_path) == ""
    assert reactions(github) == ["-1"]
    assert (tmp_path / "summary").read_text() == "No hunt: only people who may write to this repository can ask for a hunt.\n"


def test_a_stranger_whom_github_does_not_know_here_gets_none(github, tmp_path):
    github.fail("GET", 404, "Not Found", route=PERMISSION)
    assert commit_to_hunt_in(github, tmp_path, login="mallory") == ""
    assert reactions(github) == ["-1"]


@pytest.mark.parametrize("body", ["nice work", "please /flaky-hunt", "/flaky-hunt $(id)"])
def test_other_comments_ask_github_nothing(github, tmp_path, body):
    assert commit_to_hunt_in(github, tmp_path, body=body) == ""
    assert github.calls == []


def test_a_fork_that_was_pushed_to_after_the_comment_is_not_run(github, tmp_path):
    github.head_pushed_at = "2024-05-01T10:00:07Z"
    assert commit_to_hunt_in(github, tmp_path) == ""
    assert reactions(github) == ["confused"]
    assert f"look again, then ask with `/flaky-hunt {HEAD[:10]}`" in (tmp_path / "summary").read_text()


def test_a_branch_of_the_repository_itself_may_have_been_pushed_to_by_those_who_may(github, tmp_path):
    github.head, github.head_pushed_at = "acme:mend-it", "2024-05-01T10:00:07Z"
    assert commit_to_hunt_in(github, tmp_path) == HEAD


def test_a_commit_that_is_named_is_run_if_it_still_is_the_newest(github, tmp_path):
    github.head_pushed_at = "2024-05-01T10:00:07Z"
    assert commit_to_hunt_in(github, tmp_path, body=f"/flaky-hunt {HEAD[:10]}") == HEAD
    assert commit_to_hunt_in(github, tmp_path, body="/flaky-hunt 1a2b3c4d5e") == ""
    assert reactions(github) == ["eyes", "confused"]
    assert "the newest commit is 5f0c1d2, not 1a2b3c4" in (tmp_path / "summary").read_text()


def test_a_closed_pull_request_is_not_run(github, tmp_path):
    github.pull_state = "closed"
    assert commit_to_hunt_in(github, tmp_path) == ""
    assert reactions(github) == ["confused"]


def test_a_reaction_that_cannot_be_put_stops_nothing(github, tmp_path):
    github.fail("POST", 403, "Resource not accessible by integration", route=REACTIONS)
    assert commit_to_hunt_in(github, tmp_path) == HEAD


def test_a_github_that_does_not_say_what_somebody_may_do_is_no_permission(github, tmp_path, capsys):
    github.fail("GET", 403, "Resource not accessible by integration", route=PERMISSION)
    assert act(environ(github, tmp_path), main) == 2
    assert "could not ask for a permission on acme/shop#7: GitHub says 403" in capsys.readouterr().out
    assert not (tmp_path / "output").exists()
    assert TOKEN not in capsys.readouterr().out


def answer(github: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The third job: it posts what the second left in an artifact of the same run."""
    monkeypatch.chdir(tmp_path)
    inputs = {
        "INPUT_MODE": "report",
        "INPUT_ARTIFACTS": "42",
        "INPUT_COMMIT": HEAD,
        "INPUT_COMMENT": "always",
        "INPUT_FAIL-ON": "never",
    }
    return act(environ(github, tmp_path, **inputs), main)


def test_the_answer_is_the_sticky_comment_and_a_rocket(github, tmp_path, monkeypatch):
    github.add_artifact(42, "flaky-detector-report", {"findings.json": report(shop_result.shop(), Context()).findings_json})
    assert answer(github, tmp_path, monkeypatch) == 0
    [_, body] = github.bodies()
    assert body.startswith("<!-- flaky-detector:default -->\n### 🧪 5 tests pollute 7 others")
    assert "<code>5f0c1d2</code>" in body
    assert "This was measured by a run of the pull request's own code" in body
    assert reactions(github) == ["rocket"]


def test_a_hunt_that_found_nothing_is_answered_too(github, tmp_path, monkeypatch):
    github.add_artifact(42, "flaky-detector-report", {"findings.json": report(shop_result.clean(), Context()).findings_json})
    assert answer(github, tmp_path, monkeypatch) == 0
    assert "No order-dependent test found" in github.bodies()[1]


def test_a_hunt_that_left_nothing_is_answered_with_its_run_and_the_next_good_one_puts_that_right(github, tmp_path, monkeypatch):
    assert answer(github, tmp_path, monkeypatch) == 2
    assert github.bodies()[1] == (
        "<!-- flaky-detector:default-request -->\n### 🧪 The hunt that was asked for at `5f0c1d2` left no report\n\n"
        "run 42 of acme/shop has no artifacts to analyse. [Its run](https://github.com/acme/shop/actions/runs/42) tells more.\n"
    )
    github.add_artifact(42, "flaky-detector-report", {"findings.json": report(shop_result.clean(), Context()).findings_json})
    assert answer(github, tmp_path, monkeypatch) == 0
    assert "left no report" not in "".join(github.bodies())
    assert reactions(github) == ["confused", "rocket"]
    assert len(github.bodies()) == 3


def test_an_answer_about_a_commit_that_was_overtaken_is_not_given(github, tmp_path, monkeypatch):
    github.add_artifact(42, "flaky-detector-report", {"findings.json": report(shop_result.shop(), Context()).findings_json})
    github.head_sha = "9" * 40
    assert answer(github, tmp_path, monkeypatch) == 0
    assert len(github.bodies()) == 1
