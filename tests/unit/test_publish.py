"""When a comment is wanted, and what is told where none can be made; no network."""

from pathlib import Path

import pytest

from flaky_detector.model import Finding, Result, Signature, TestId
from flaky_detector.pipeline.publish import outputs, publish, wanted
from flaky_detector.settings import Settings
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
    annotations=(Annotation(path="tests/test_b.py", line=19, level="warning", title="pollutes 1 test", message="100% proven"),),
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
