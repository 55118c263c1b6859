"""When a comment is wanted, and what is told where none can be made; no network."""

import json
from pathlib import Path

import pytest

from flaky_detector.model import Finding, Result, Signature, TestId
from flaky_detector.pipeline.publish import context, outputs, publish, wanted
from flaky_detector.settings import Settings
from flaky_detector.stages.report import report
from flaky_detector.stages.report.pages import Annotation, Pages

POLLUTER = TestId("tests/test_b.py::test_p[x y]")
PROVEN = Finding(
    test=TestId("tests/test_a.py::test_v"),
    kind="victim",
    confidence="proven",
    signature=Signature(rule="fallback"),
    polluters=((POLLUTER,),),
)
SUSPECTED = Finding(
    test=TestId("tests/test_a.py::test_w"), kind="unknown", confidence="suspected", signature=Signature(rule="fallback"), polluters=()
)
RESULT = Result(findings=(PROVEN, SUSPECTED))
PAGES = Pages(
    findings_json="{}",
    comment="<!-- flaky-detector:default -->\n### 1 test pollutes\n::error::said by a test",
    summary="# Summary\n",
    html="<p>",
    annotations=(Annotation(path="api/tests/test_b.py", line=19, level="warning", title="pollutes 1 test", message="100% proven"),),
)


def runner(tmp_path: Path, **more: str) -> dict[str, str]:
    files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    return {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path), **files, **more}


def settings(tmp_path: Path, **more: str) -> Settings:
    return Settings(output=tmp_path / "api" / "report", rootdir=tmp_path / "api", **more)


@pytest.mark.parametrize(
    ("setting", "findings", "expected"),
    [
        ("off", 3, (False, False)),
        ("auto", 3, (True, True)),
        ("auto", 0, (True, False)),
        ("on-findings", 3, (True, True)),
        ("on-findings", 0, (False, False)),
        ("always", 0, (True, True)),
    ],
)
def test_a_comment_is_wanted_by_setting_and_findings(setting, findings, expected):
    assert wanted(setting, findings) == expected


def test_outputs_count_the_proven_and_name_their_polluters_once(tmp_path):
    twice = Result(findings=(PROVEN, PROVEN, SUSPECTED))
    assert outputs(twice, settings(tmp_path), runner(tmp_path), "https://c") == {
        "findings": "api/report/findings.json",
        "findings-count": "3",
        "proven-count": "2",
        "polluters": '["tests/test_b.py::test_p[x y]"]',
        "report": "api/report/report.html",
        "comment-url": "https://c",
    }


def test_without_a_pull_request_the_comment_is_printed_so_that_the_runner_does_not_obey_it(tmp_path):
    said: list[str] = []
    assert publish(RESULT, PAGES, settings(tmp_path), runner(tmp_path), said.append) == ""
    assert said[0] == "no comment: this run belongs to no pull request"
    word = said[1].removeprefix("::stop-commands::")
    assert said[2:] == [
        "<!-- flaky-detector:default -->",
        "### 1 test pollutes",
        "::error::said by a test",
        f"::{word}::",
        "::warning file=api/tests/test_b.py,line=19,title=pollutes 1 test::100%25 proven",
    ]
    assert (tmp_path / "summary").read_text() == "# Summary\n"
    assert "findings-count<<" in (tmp_path / "output").read_text()


def test_without_a_token_the_summary_says_so(tmp_path):
    said: list[str] = []
    publish(RESULT, PAGES, settings(tmp_path), runner(tmp_path, GITHUB_REF="refs/pull/7/merge"), said.append)
    assert said[0] == "no comment: there is no token"
    assert (tmp_path / "summary").read_text() == "# Summary\n\n\n> [!NOTE]\n> No comment was posted: the input `github-token` is empty.\n"


def test_switched_off_nothing_is_said_of_a_comment(tmp_path):
    said: list[str] = []
    publish(RESULT, PAGES, settings(tmp_path, comment="off"), runner(tmp_path, GITHUB_REF="refs/pull/7/merge"), said.append)
    assert said == ["::warning file=api/tests/test_b.py,line=19,title=pollutes 1 test::100%25 proven"]


def test_outside_of_actions_there_are_no_workflow_commands(tmp_path):
    said: list[str] = []
    publish(RESULT, PAGES, settings(tmp_path), {}, said.append)
    assert said == ["no comment: this run belongs to no pull request", *PAGES.comment.splitlines()]


def test_the_report_links_to_the_commit_and_to_the_projects_folder_in_the_repository(tmp_path):
    environ = runner(tmp_path, GITHUB_REPOSITORY="acme/shop", GITHUB_SHA="c" * 40, GITHUB_RUN_ID="42")
    told = context(settings(tmp_path, comment_key="nightly"), environ)
    assert (told.key, told.commit, told.repository_url, told.folder) == ("nightly", "c" * 40, "https://github.com/acme/shop", "api")
    assert (told.run_url, told.can_comment) == ("https://github.com/acme/shop/actions/runs/42", False)
    assert context(Settings(rootdir=tmp_path), environ).folder == ""
    assert context(Settings(rootdir=tmp_path), {}).folder == ""


def test_only_who_has_a_pull_request_and_wants_a_comment_hears_that_it_cannot_be_posted(tmp_path):
    on_pull_request, elsewhere = runner(tmp_path, GITHUB_REF="refs/pull/7/merge"), runner(tmp_path, GITHUB_EVENT_NAME="schedule")
    assert context(settings(tmp_path), on_pull_request).wants_comment
    assert not context(settings(tmp_path, comment="off"), on_pull_request).wants_comment
    assert not context(settings(tmp_path), elsewhere).wants_comment
    assert "may not comment" not in report(Result(), context(settings(tmp_path), elsewhere)).summary
    assert "may not comment" in report(Result(), context(settings(tmp_path), on_pull_request)).summary


@pytest.mark.parametrize(
    ("event", "head", "expected"), [("pull_request", 2, False), ("pull_request_target", 2, True), ("pull_request", 1, True)]
)
def test_a_forks_pull_request_cannot_be_commented_on_with_its_own_event(tmp_path, event, head, expected):
    pull = {"number": 7, "head": {"sha": "a" * 40, "repo": {"id": head}}, "base": {"repo": {"id": 1}}}
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": pull}))
    more = {"GITHUB_EVENT_NAME": event, "GITHUB_EVENT_PATH": str(tmp_path / "event.json"), "INPUT_GITHUB-TOKEN": "ghs_x"}
    assert context(Settings(), runner(tmp_path, **more)).can_comment is expected
