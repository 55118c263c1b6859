"""The sticky comment over real HTTP: GitHub on loopback holds every exchange against GitHub's own description."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs

from flaky_detector.adapters.github import Note, Patience, Posted, Target, keep_comment
from flaky_detector.errors import GitHubError
from flaky_detector.model import Finding, Result, Signature, TestId
from flaky_detector.model.secret import Secret
from flaky_detector.pipeline.publish import publish
from flaky_detector.settings import Settings
from flaky_detector.stages.report import Context, report
from flaky_detector.stages.report.pages import Pages
from tests.support import shop_result
from tests.support.github import BOT, HEAD, TOKEN, FakeGitHub

QUICK = Patience(pause_seconds=0, write_pause_seconds=0, timeout_seconds=5)
MARKER = "<!-- flaky-detector:default -->"


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake
    assert fake.violations == []


class Clock:
    """Sleeps that take no time."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


def target(github: FakeGitHub, head_sha: str = HEAD, pull_request: int = 7, token: str = TOKEN) -> Target:
    return Target(api_url=github.url, repository="acme/shop", pull_request=pull_request, head_sha=head_sha, token=Secret(token))


def say(github: FakeGitHub, body: str, *, create: bool = True, clock: Clock | None = None, head_sha: str = HEAD) -> Posted:
    return keep_comment(target(github, head_sha), Note(key="default", body=body, create=create), QUICK, clock or Clock())


def test_a_first_comment_is_created_with_the_marker_as_its_first_line(github):
    posted = say(github, "2 tests pollute 9 others")
    assert posted == Posted("created", "https://github.com/acme/shop/pull/7#issuecomment-1001")
    assert github.bodies() == [f"{MARKER}\n2 tests pollute 9 others"]
    assert github.methods() == ["GET 7 200", "GET comments 200", "GET 7 200", "POST comments 201"]


def test_a_body_that_has_the_marker_already_gets_no_second_one(github):
    say(github, f"{MARKER}\nhello")
    assert github.bodies() == [f"{MARKER}\nhello"]


def test_a_second_run_changes_the_same_comment(github):
    say(github, "two findings")
    posted = say(github, "one finding")
    assert posted == Posted("updated", "https://github.com/acme/shop/pull/7#issuecomment-1001")
    assert github.bodies() == [f"{MARKER}\none finding"]
    assert github.writes() == ["POST comments 201", "PATCH 1001 200"]


def test_an_identical_comment_is_left_alone_even_if_github_changed_its_line_ends(github):
    github.add_comment(BOT, f"{MARKER}\r\nsame\r\n")
    assert say(github, "same\n") == Posted("unchanged", "https://github.com/acme/shop/pull/7#issuecomment-1001")
    assert github.writes() == []


def test_the_comment_is_found_on_the_third_page(github):
    for number in range(230):
        github.add_comment("ann", f"comment {number}")
    github.add_comment(BOT, f"{MARKER}\nold")
    assert say(github, "new").done == "updated"
    assert len(github.bodies()) == 231
    assert github.methods().count("GET comments 200") == 3


def test_a_persons_comment_with_our_marker_is_not_touched(github):
    github.add_comment("mallory", f"{MARKER}\nfake")
    assert say(github, "real").done == "created"
    assert github.bodies() == [f"{MARKER}\nfake", f"{MARKER}\nreal"]


def test_a_marker_further_down_is_a_quotation(github):
    github.add_comment(BOT, f"> quoted\n{MARKER}\n")
    assert say(github, "real").done == "created"


def test_another_key_is_another_comment(github):
    github.add_comment(BOT, "<!-- flaky-detector:nightly -->\nnightly")
    assert say(github, "hello").done == "created"
    assert len(github.bodies()) == 2


def test_a_persons_token_owns_that_persons_comments_only():
    with FakeGitHub(login="ann") as github:
        github.add_comment(BOT, f"{MARKER}\nby the workflow's token, before")
        github.add_comment("bob", f"{MARKER}\nby bob")
        github.add_comment("ann", f"{MARKER}\nby ann")
        assert say(github, "new") == Posted("updated", "https://github.com/acme/shop/pull/7#issuecomment-1003")
        assert github.bodies()[2] == f"{MARKER}\nnew"
    assert github.violations == []


def test_nothing_is_created_where_only_an_existing_comment_may_change(github):
    assert say(github, "all clean", create=False) == Posted("absent", "")
    assert github.writes() == []


def test_a_run_of_an_older_commit_writes_nothing(github):
    say(github, "newer")
    github.head_sha = "9" * 40
    assert say(github, "older") == Posted("stale", "")
    assert github.bodies() == [f"{MARKER}\nnewer"]


def test_a_run_that_does_not_know_its_commit_writes(github):
    assert say(github, "from a comment's event", head_sha="").done == "created"
    assert github.methods() == ["GET comments 200", "POST comments 201"]


def test_a_forks_token_gets_a_hint_and_nothing_is_repeated(github):
    github.forbid_writing()
    clock = Clock()
    with pytest.raises(GitHubError) as caught:
        say(github, "hello", clock=clock)
    assert caught.value.message == "could not comment on acme/shop#7: GitHub says 403 Resource not accessible by integration"
    assert caught.value.hint.startswith("give the job `permissions: pull-requests: write` (`issues: write` for issues); on a fork's")
    assert clock.slept == []
    assert github.writes() == ["POST comments 403"]


def test_a_pull_request_that_the_token_may_not_see_is_told_as_such(github):
    with pytest.raises(GitHubError) as caught:
        keep_comment(target(github, pull_request=8), Note(key="default", body="x"), QUICK, Clock())
    assert caught.value.message == "could not read the pull request on acme/shop#8: GitHub says 404 Not Found"
    assert "may not see this" in caught.value.hint


def test_a_wrong_token_is_told_as_such(github):
    with pytest.raises(GitHubError) as caught:
        keep_comment(target(github, token="ghs_wrong"), Note(key="default", body="x"), QUICK, Clock())
    assert caught.value.message == "could not read the pull request on acme/shop#7: GitHub says 401 Bad credentials"
    assert "ghs_wrong" not in str(caught.value)


def test_a_429_that_names_no_time_is_waited_for_a_minute_for_a_patch_too(github):
    github.add_comment(BOT, f"{MARKER}\nold")
    github.fail("PATCH", 429, "Too many requests")
    clock = Clock()
    assert say(github, "new", clock=clock).done == "updated"
    assert clock.slept == [60.0]
    assert github.writes() == ["PATCH 1001 429", "PATCH 1001 200"]


def test_a_secondary_limit_on_a_post_waits_as_asked_and_makes_one_comment(github):
    github.fail(
        "POST",
        403,
        "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
        headers={"Retry-After": "3"},
    )
    clock = Clock()
    assert say(github, "hello", clock=clock).done == "created"
    assert clock.slept == [3.0]
    assert github.bodies() == [f"{MARKER}\nhello"]


def test_a_limit_that_lasts_longer_than_patience_gives_up_at_once(github):
    github.fail("GET", 403, "API rate limit exceeded for installation", headers={"Retry-After": "1800"})
    clock = Clock()
    with pytest.raises(GitHubError, match="could not read the pull request on acme/shop#7: GitHub's rate limit"):
        say(github, "hello", clock=clock)
    assert clock.slept == []


def test_a_502_after_the_comment_was_made_does_not_double_it(github):
    github.fail("POST", 502, "Bad gateway", carried_out=True)
    clock = Clock()
    assert say(github, "hello", clock=clock) == Posted("created", "https://github.com/acme/shop/pull/7#issuecomment-1001")
    assert clock.slept == [1.0]
    assert github.bodies() == [f"{MARKER}\nhello"]


def test_a_connection_cut_after_the_comment_was_made_does_not_double_it(github):
    github.fail("POST", 502, carried_out=True, hang_up=True)
    assert say(github, "hello").done == "created"
    assert github.bodies() == [f"{MARKER}\nhello"]


def test_a_502_before_the_comment_was_made_is_tried_again(github):
    github.fail("POST", 502, "Bad gateway", times=2)
    clock = Clock()
    assert say(github, "hello", clock=clock).done == "created"
    assert clock.slept == [1.0, 2.0]
    assert github.bodies() == [f"{MARKER}\nhello"]


def test_a_github_that_stays_down_is_an_error_after_five_attempts(github):
    github.fail("GET", 503, "Service unavailable", times=9)
    clock = Clock()
    with pytest.raises(GitHubError, match="GitHub says 503 Service unavailable"):
        say(github, "hello", clock=clock)
    assert clock.slept == [1.0, 2.0, 4.0, 8.0]


def test_a_github_out_of_reach_is_an_error_that_names_the_address():
    nowhere = Target(api_url="http://127.0.0.1:9", repository="acme/shop", pull_request=7, head_sha=HEAD, token=Secret(TOKEN))
    with pytest.raises(GitHubError, match=r"could not read the pull request on acme/shop#7: ConnectionError at http://127\.0\.0\.1:9"):
        keep_comment(nowhere, Note(key="default", body="x"), QUICK, Clock())


def test_github_enterprise_is_asked_under_its_own_base():
    with FakeGitHub(prefix="/api/v3") as github:
        assert say(github, "hello").done == "created"
        assert say(github, "changed").done == "updated"
    assert github.violations == []
    assert github.bodies() == [f"{MARKER}\nchanged"]


def test_the_token_is_in_no_log_and_in_no_repr(github, caplog):
    caplog.set_level(logging.DEBUG)
    github.fail("GET", 500, "oops")
    say(github, "hello")
    assert "/repos/acme/shop/issues/7/comments" in caplog.text
    assert TOKEN not in caplog.text
    assert TOKEN not in f"{target(github)!r} {target(github)}"


def on_pull_request(github: FakeGitHub, tmp_path: Path, *, fork: bool = False) -> dict[str, str]:
    event = {"pull_request": {"number": 7, "head": {"sha": HEAD, "repo": {"id": 2 if fork else 1}}, "base": {"repo": {"id": 1}}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "INPUT_GITHUB-TOKEN": TOKEN,
    }


def hunt_found(count: int) -> Result:
    finding = Finding(test=TestId("t.py::t"), kind="broken", confidence="proven", signature=Signature(rule="fallback"))
    return Result(findings=(finding,) * count)


def pages(comment: str) -> Pages:
    return Pages(findings_json="{}", comment=f"{MARKER}\n{comment}", summary="# Summary\n", html="")


def test_auto_comments_on_findings_keeps_it_up_to_date_and_starts_nothing_without_any(github, tmp_path):
    environ, said = on_pull_request(github, tmp_path), []
    assert publish(hunt_found(0), pages("all clean"), Settings(), environ, said.append) == ""
    assert github.bodies() == []
    url = publish(hunt_found(1), pages("one"), Settings(), environ, said.append)
    assert url == "https://github.com/acme/shop/pull/7#issuecomment-1001"
    assert publish(hunt_found(0), pages("mended"), Settings(), environ, said.append) == url
    assert github.bodies() == [f"{MARKER}\nmended"]
    assert said == [f"comment: {url}", f"comment: {url}"]
    assert f"\n{url}\n" in (tmp_path / "output").read_text()


def test_a_fork_fails_nothing_and_the_summary_tells_why_there_is_no_comment(github, tmp_path):
    github.forbid_writing()
    said = []
    assert publish(hunt_found(1), pages("one"), Settings(), on_pull_request(github, tmp_path, fork=True), said.append) == ""
    assert said[0] == "no comment: the token of a pull request from a fork may only read; the workflow pr-comment posts it"
    assert said[2:4] == [MARKER, "one"]
    summary = (tmp_path / "summary").read_text()
    assert "\n> [!NOTE]\n> No comment was posted from here: the token of a pull request from a fork may only read. Upload the" in summary
    assert "403" not in summary + "".join(said)
    assert TOKEN not in "\n".join(said) + (tmp_path / "summary").read_text() + (tmp_path / "output").read_text()


def test_dependabot_is_told_as_a_fork_is(github, tmp_path):
    github.forbid_writing()
    said = []
    environ = on_pull_request(github, tmp_path) | {"GITHUB_ACTOR": "dependabot[bot]"}
    assert publish(hunt_found(1), pages("one"), Settings(), environ, said.append) == ""
    assert said[0] == "no comment: the token of a pull request from Dependabot may only read; the workflow pr-comment posts it"
    assert "403" not in (tmp_path / "summary").read_text() + "".join(said)


def test_a_job_without_the_permission_is_told_which_one(github, tmp_path):
    github.forbid_writing()
    said = []
    assert publish(hunt_found(1), pages("one"), Settings(), on_pull_request(github, tmp_path), said.append) == ""
    assert said[0].startswith("no comment: could not comment on acme/shop#7: GitHub says 403 Resource not accessible by integration")
    assert "give the job `permissions: pull-requests: write`" in (tmp_path / "summary").read_text()


@pytest.mark.parametrize(
    ("message", "hint"),
    [
        ("Unable to create comment because issue is locked.", "the conversation is locked"),
        ("Repository was archived so is read-only.", "the repository is archived"),
    ],
)
def test_a_locked_conversation_and_an_archived_repository_are_told_as_such(github, message, hint):
    github.fail("POST", 403, message)
    with pytest.raises(GitHubError) as caught:
        say(github, "hello")
    assert caught.value.hint.startswith(hint)


def test_a_run_that_was_overtaken_says_so_in_the_summary(github, tmp_path):
    github.head_sha = "9" * 40
    assert publish(hunt_found(1), pages("one"), Settings(), on_pull_request(github, tmp_path), [].append) == ""
    assert github.bodies() == []
    assert "the pull request has a newer commit than the one tested here" in (tmp_path / "summary").read_text()


def test_a_forks_run_is_commented_on_by_a_later_workflow_run_that_finds_the_pull_request_by_its_branch(github, tmp_path):
    run = {"event": "pull_request", "head_sha": HEAD, "head_branch": "mend-it", "head_repository": {"owner": {"login": "ann"}}}
    environ, said = on_pull_request(github, tmp_path) | {"GITHUB_EVENT_NAME": "workflow_run"}, []
    (tmp_path / "event.json").write_text(json.dumps({"workflow_run": {**run, "pull_requests": []}}))
    assert publish(hunt_found(1), pages("one"), Settings(), environ, said.append) == "https://github.com/acme/shop/pull/7#issuecomment-1001"
    github.head_sha = "9" * 40
    assert publish(hunt_found(1), pages("two"), Settings(), environ, said.append) == ""
    assert said[1] == "no comment: no open pull request of ann:mend-it is at the commit that was tested"
    assert github.bodies() == [f"{MARKER}\none"]


def test_a_comment_that_accused_says_once_what_a_clean_run_does_not_see_and_then_rests(github, tmp_path):
    environ = on_pull_request(github, tmp_path)
    accusing = report(shop_result.shop(), Context(commit=HEAD))
    clean = report(shop_result.clean(), Context(commit=HEAD))
    publish(shop_result.shop(), accusing, Settings(), environ, [].append)
    publish(shop_result.clean(), clean, Settings(), environ, [].append)
    [body] = github.bodies()
    assert "### 🧪 Not seen any more: 2 causes told here before" in body
    assert "made `test_no_migration_is_missing` fail, proven by re-running at `5f0c1d2`; not seen since `5f0c1d2`." in body
    publish(shop_result.clean(), clean, Settings(), environ, [].append)
    assert github.writes() == ["POST comments 201", "PATCH 1001 200"]


def test_a_run_that_only_took_longer_changes_nothing(github, tmp_path):
    environ, result = on_pull_request(github, tmp_path), shop_result.shop()
    slower = structs.replace(result, cost=structs.replace(result.cost, wall_seconds=result.cost.wall_seconds + 61))
    for each in (result, slower):
        publish(each, report(each, Context(commit=HEAD)), Settings(), environ, [].append)
    assert github.writes() == ["POST comments 201"]
