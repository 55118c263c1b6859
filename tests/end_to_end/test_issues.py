"""Issues over real HTTP: GitHub on loopback holds every exchange against GitHub's own description."""

from collections.abc import Iterator

import pytest

from flaky_detector.adapters.github import IssueNote, Patience, Posted, Target, keep_issues
from flaky_detector.errors import GitHubError
from flaky_detector.model import Result
from flaky_detector.model.secret import Secret
from flaky_detector.pipeline.publish import publish
from flaky_detector.settings import Settings
from flaky_detector.stages.report import IssuePage, Pages
from tests.support.github import BOT, TOKEN, FakeGitHub

ONE = "<!-- flaky-detector:fingerprint:aaa -->\n"
LABELS = ["flaky-detector"]


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake
    assert fake.violations == []


def keep(github: FakeGitHub, *notes: IssueNote) -> tuple[Posted, ...]:
    target = Target(api_url=github.url, repository="acme/shop", token=Secret(TOKEN))
    return keep_issues(target, notes, Patience(pause_seconds=0, write_pause_seconds=0), lambda seconds: None)


def note(body: str = "It leaves a model behind.", *fingerprints: str) -> IssueNote:
    return IssueNote(title="test_p makes 1 test fail", body=body, fingerprints=fingerprints or ("aaa",))


def bodies(github: FakeGitHub) -> list[str]:
    return [issue["body"] for issue in github.issues.values()]


def test_an_issue_is_opened_with_its_label_and_its_hidden_fingerprints(github):
    assert keep(github, note("text", "aaa", "bbb")) == (Posted("created", "https://github.com/acme/shop/issues/1001"),)
    assert bodies(github) == ["<!-- flaky-detector:fingerprint:aaa -->\n<!-- flaky-detector:fingerprint:bbb -->\ntext"]
    issue = github.issues[1001]
    assert (issue["title"], [label["name"] for label in issue["labels"]]) == ("test_p makes 1 test fail", ["flaky-detector"])


def test_the_next_night_changes_the_issue_that_shares_a_fingerprint_and_leaves_its_title(github):
    keep(github, note("first night", "aaa", "bbb"))
    github.issues[1001]["title"] = "a person's title"
    assert keep(github, note("second night", "bbb", "ccc"))[0].done == "updated"
    assert keep(github, note("second night", "bbb", "ccc"))[0].done == "unchanged"
    assert (len(github.issues), github.issues[1001]["title"]) == (1, "a person's title")
    assert github.writes() == ["POST issues 201", "PATCH 1001 200"]


def test_several_causes_are_several_issues_and_the_list_is_read_once(github):
    assert [posted.done for posted in keep(github, note("one", "aaa"), note("two", "bbb"))] == ["created", "created"]
    assert github.methods() == ["GET issues 200", "POST issues 201", "POST issues 201"]


def test_an_issue_of_a_person_or_without_the_label_is_not_ours(github):
    github.add_issue("mallory", ONE + "fake", LABELS)
    github.add_issue(BOT, ONE + "another tool's", ["bug"])
    assert keep(github, note())[0].done == "created"


def test_a_closed_issue_is_not_opened_again_but_a_new_one_is(github):
    keep(github, note("before"))
    github.issues[1001]["state"] = "closed"
    assert keep(github, note("it is back"))[0] == Posted("created", "https://github.com/acme/shop/issues/1002")


def test_a_502_after_the_issue_was_opened_does_not_double_it(github):
    github.fail("POST", 502, carried_out=True)
    assert keep(github, note())[0].done == "created"
    assert len(github.issues) == 1


def test_without_permission_it_is_an_error_with_a_hint(github):
    github.forbid_writing()
    with pytest.raises(GitHubError, match="could not open an issue on acme/shop: GitHub says 403") as caught:
        keep(github, note())
    assert "`issues: write` for issues" in caught.value.hint


def nightly(github: FakeGitHub, tmp_path, **more: str) -> dict[str, str]:
    files = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "acme/shop"}
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "schedule", "INPUT_GITHUB-TOKEN": TOKEN, **files, **more}


PAGE = IssuePage(title="test_p makes 1 test fail", body="text", fingerprints=("aaa",))
PAGES = Pages(findings_json="{}", comment="comment", summary="# Summary\n", html="", issues=(PAGE,))


def test_a_nightly_hunt_opens_issues_where_that_is_asked_for(github, tmp_path):
    said: list[str] = []
    publish(Result(), PAGES, Settings(comment="off"), nightly(github, tmp_path), said.append)
    assert github.issues == {}
    publish(Result(), PAGES, Settings(comment="off", issue="on-findings"), nightly(github, tmp_path), said.append)
    assert said == ["issue created: https://github.com/acme/shop/issues/1001"]
    assert "> Issues: https://github.com/acme/shop/issues/1001 (created)" in (tmp_path / "summary").read_text()


def test_a_pull_request_opens_none(github, tmp_path):
    environ = nightly(github, tmp_path, GITHUB_REF="refs/pull/7/merge")
    publish(Result(), PAGES, Settings(comment="off", issue="on-findings"), environ, [].append)
    assert github.calls == []


def test_a_refusal_fails_nothing_and_is_told(github, tmp_path):
    github.forbid_writing()
    said: list[str] = []
    publish(Result(), PAGES, Settings(comment="off", issue="on-findings"), nightly(github, tmp_path), said.append)
    assert said[0].startswith("no issue: could not open an issue on acme/shop: GitHub says 403")
    assert "> No issue was opened: could not open an issue" in (tmp_path / "summary").read_text()
