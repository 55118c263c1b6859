"""What the runner tells us, and what we tell the runner."""

import json
from pathlib import Path

import pytest

from flaky_detector.adapters.actions import (
    SUMMARY_LIMIT_BYTES,
    Request,
    command,
    first_of_each_level,
    in_workspace,
    plain,
    request,
    whereabouts,
    write_outputs,
    write_summary,
)


def environ(tmp_path: Path, event: object, **more: str) -> dict[str, str]:
    file = tmp_path / "event.json"
    file.write_text(event if isinstance(event, str) else json.dumps(event))
    base = {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_EVENT_PATH": str(file), "GITHUB_SHA": "m" * 40, "GITHUB_RUN_ID": "42"}
    return base | more


def pull_request(head_repository: int = 1) -> dict[str, object]:
    return {"number": 7, "head": {"sha": "a" * 40, "repo": {"id": head_repository}}, "base": {"sha": "b" * 40, "repo": {"id": 1}}}


def test_a_pull_requests_own_commit_is_the_heads_and_not_the_merge_made_for_the_run(tmp_path):
    place = whereabouts(environ(tmp_path, {"pull_request": pull_request()}, GITHUB_EVENT_NAME="pull_request"))
    assert (place.pull_request, place.head_sha, place.commit, place.from_fork) == (7, "a" * 40, "a" * 40, False)
    assert place.run_url == "https://github.com/acme/shop/actions/runs/42"
    assert place.repository_url == "https://github.com/acme/shop"
    assert place.api_url == "https://api.github.com"


def test_what_a_pull_request_is_to_be_merged_into_is_told_by_commit_and_by_branch(tmp_path):
    pull = pull_request() | {"base": {"sha": "b" * 40, "ref": "main", "repo": {"id": 1}}}
    assert whereabouts(environ(tmp_path, {"pull_request": pull})).base == ("b" * 40, "origin/main")
    assert whereabouts(environ(tmp_path, {"pull_request": pull_request()})).base == ("b" * 40,)
    assert whereabouts(environ(tmp_path, {"workflow_run": {"pull_requests": [pull]}})).base == ()
    assert whereabouts(environ(tmp_path, {"ref": "refs/heads/main"})).base == ()


def test_another_head_repository_is_a_fork_as_is_one_that_was_deleted(tmp_path):
    assert whereabouts(environ(tmp_path, {"pull_request": pull_request(2)})).from_fork
    gone = pull_request()
    gone["head"] = {"sha": "a" * 40, "repo": None}
    assert whereabouts(environ(tmp_path, {"pull_request": gone})).from_fork


def test_a_push_belongs_to_no_pull_request(tmp_path):
    place = whereabouts(environ(tmp_path, {"ref": "refs/heads/main"}, GITHUB_REF="refs/heads/main"))
    assert (place.pull_request, place.head_sha, place.commit, place.from_fork) == (0, "", "m" * 40, False)


def test_a_ref_names_the_pull_request_where_the_event_does_not(tmp_path):
    place = whereabouts(environ(tmp_path, "not json", GITHUB_REF="refs/pull/19/merge"))
    assert (place.pull_request, place.head_sha) == (19, "")


@pytest.mark.parametrize("ref", ["refs/pull/19/merge/x", "refs/heads/refs/pull/19/merge", "refs/tags/pull/19", "refs/pull/x/merge"])
def test_a_branch_named_like_a_pull_request_is_none(tmp_path, ref):
    assert whereabouts(environ(tmp_path, {}, GITHUB_REF=ref)).pull_request == 0


def test_a_comment_on_a_pull_request_names_it_and_one_on_an_issue_does_not(tmp_path):
    assert whereabouts(environ(tmp_path, {"issue": {"number": 3, "pull_request": {"url": "…"}}})).pull_request == 3
    assert whereabouts(environ(tmp_path, {"issue": {"number": 3}})).pull_request == 0


def test_a_workflow_run_lists_its_pull_requests_and_for_a_fork_only_the_branch(tmp_path):
    run = {"event": "pull_request", "head_sha": "f" * 40, "head_branch": "mend-it", "head_repository": {"owner": {"login": "ann"}}}
    known = whereabouts(environ(tmp_path, {"workflow_run": {**run, "pull_requests": [pull_request()]}}))
    assert (known.pull_request, known.head, known.head_sha) == (7, "", "f" * 40)  # the run's commit: the pull request may have a newer one
    fork = whereabouts(environ(tmp_path, {"workflow_run": {**run, "pull_requests": []}}))
    assert (fork.pull_request, fork.head, fork.head_sha, fork.commit) == (0, "ann:mend-it", "f" * 40, "f" * 40)
    push = whereabouts(environ(tmp_path, {"workflow_run": {**run, "event": "push", "pull_requests": []}}))
    assert (push.pull_request, push.head) == (0, "")


def test_a_workflow_run_tells_of_the_run_before_it_which_has_the_report(tmp_path):
    place = whereabouts(environ(tmp_path, {"workflow_run": {"id": 41, "head_sha": "f" * 40}}, GITHUB_EVENT_NAME="workflow_run"))
    assert (place.run_url, place.tells_of_others) == ("https://github.com/acme/shop/actions/runs/41", True)


def test_a_branch_that_is_proposed_to_another_repository_too_has_its_number_here(tmp_path):
    elsewhere = {**pull_request(), "number": 99, "base": {"repo": {"id": 5}}}
    event = {"repository": {"id": 1}, "workflow_run": {"event": "pull_request", "pull_requests": [elsewhere, pull_request()]}}
    assert whereabouts(environ(tmp_path, event)).pull_request == 7


@pytest.mark.parametrize(
    ("event", "head", "actor", "expected"),
    [
        ("pull_request", 2, "ann", "a fork"),
        ("pull_request", 1, "dependabot[bot]", "Dependabot"),
        ("pull_request", 1, "ann", ""),
        ("pull_request_target", 2, "ann", ""),
    ],
)
def test_a_fork_and_dependabot_may_only_read(tmp_path, event, head, actor, expected):
    place = whereabouts(environ(tmp_path, {"pull_request": pull_request(head)}, GITHUB_EVENT_NAME=event, GITHUB_ACTOR=actor))
    assert place.may_only_read == expected


@pytest.mark.parametrize(("given", "expected"), [("c" * 40, "c" * 40), ("c" * 39, ""), ("main; rm -rf", ""), (f" {'c' * 40}\n", "c" * 40)])
def test_a_commit_comes_from_the_input_where_the_event_does_not_tell_it(tmp_path, given, expected):
    event = {"issue": {"number": 7, "pull_request": {}}, "comment": {"id": 5}}
    event["issue"]["pull_request"] = {"url": "https://api.github.com/repos/acme/shop/pulls/7"}
    place = whereabouts(environ(tmp_path, event, GITHUB_EVENT_NAME="issue_comment", INPUT_COMMIT=given))
    assert (place.pull_request, place.head_sha, place.comment) == (7, expected, 5)


def asking(body: object = "/flaky-hunt", **more: object) -> dict[str, object]:
    comment = {"id": 5, "body": body, "created_at": "2024-05-01T10:00:00Z", "user": {"login": "ann", "type": "User"}}
    return {"action": "created", "issue": {"number": 7, "pull_request": {"url": "x"}}, "comment": comment, **more}


@pytest.mark.parametrize(
    ("body", "commit"),
    [
        ("/flaky-hunt", ""),
        ("/flaky-hunt  \r\nplease", ""),
        ("/flaky-hunt 1A2b3c4", "1a2b3c4"),
        (f"/flaky-hunt {'d' * 40}\n", "d" * 40),
    ],
)
def test_a_comment_asks_for_a_hunt_in_its_first_line(tmp_path, body, commit):
    asked = request(environ(tmp_path, asking(body), GITHUB_EVENT_NAME="issue_comment"))
    assert asked == Request(comment=5, pull_request=7, login="ann", created_at="2024-05-01T10:00:00Z", commit=commit)


@pytest.mark.parametrize(
    "body",
    ["", None, 7, " /flaky-hunt", "/flaky-hunting", "/flaky-hunt main", "> /flaky-hunt", "please\n/flaky-hunt", "/flaky-hunt 1a2b3c4; id"],
)
def test_other_comments_ask_for_nothing(tmp_path, body):
    assert request(environ(tmp_path, asking(body), GITHUB_EVENT_NAME="issue_comment")) is None


@pytest.mark.parametrize(
    "more",
    [
        {"action": "edited"},
        {"issue": {"number": 7}},
        {"comment": {"id": 5, "body": "/flaky-hunt", "user": {"login": "echo[bot]", "type": "Bot"}}},
        {"comment": {"id": 5, "body": "/flaky-hunt", "user": {"login": "../../x", "type": "User"}}},
        {"comment": {"id": "5", "body": "/flaky-hunt", "user": {"login": "ann", "type": "User"}}},
        {"comment": {"id": 5, "body": "/flaky-hunt", "user": None}},
    ],
)
def test_an_edited_comment_an_issues_and_an_apps_ask_for_nothing(tmp_path, more):
    assert request(environ(tmp_path, asking(**more), GITHUB_EVENT_NAME="issue_comment")) is None
    assert request(environ(tmp_path, asking(), GITHUB_EVENT_NAME="pull_request_review_comment")) is None


@pytest.mark.parametrize("event", ["[]", "null", '{"pull_request": [7]}', '{"pull_request": {"number": "7; rm"}}', '{"workflow_run": 3}'])
def test_a_strange_event_counts_as_none(tmp_path, event):
    assert whereabouts(environ(tmp_path, event)).pull_request == 0


def test_outside_of_actions_everything_is_empty():
    place = whereabouts({})
    assert (place.repository, place.pull_request, place.run_url, bool(place.token)) == ("", 0, "", False)


def test_github_enterprise_names_its_own_servers(tmp_path):
    place = whereabouts(environ(tmp_path, {}, GITHUB_API_URL="https://ghe.example/api/v3/", GITHUB_SERVER_URL="https://ghe.example"))
    assert place.api_url == "https://ghe.example/api/v3"
    assert place.run_url == "https://ghe.example/acme/shop/actions/runs/42"


def test_the_token_comes_from_the_input_with_its_hyphen_and_is_never_shown():
    place = whereabouts({"INPUT_GITHUB-TOKEN": " ghs_secret\n", "GITHUB_TOKEN": "other"})
    assert place.token.reveal() == "ghs_secret"
    assert "ghs_secret" not in f"{place!r} {place} {place.token} {[place.token]}"


def test_a_command_is_one_line_whatever_is_in_it():
    line = command("error", "100% of\r\nruns::set-output", file="tests/a,b.py", line=3, title="a: b\nc")
    assert line == "::error file=tests/a%2Cb.py,line=3,title=a%3A b%0Ac::100%25 of%0D%0Aruns::set-output"
    assert command("group", "") == "::group::"


def test_plain_text_is_fenced_off_by_a_word_that_nobody_can_guess():
    first, *lines, last = plain("::error::injected\nsecond")
    assert lines == ["::error::injected", "second"]
    word = first.removeprefix("::stop-commands::")
    assert last == f"::{word}::"
    assert len(word) == 32
    assert first != next(plain("x"))


def test_only_ten_annotations_of_a_level_are_shown():
    assert list(first_of_each_level(["error"] * 11 + ["warning"])) == [True] * 10 + [False, True]


def test_outputs_stand_between_random_delimiters(tmp_path):
    file = tmp_path / "output"
    write_outputs({"GITHUB_OUTPUT": str(file)}, {"polluters": '["a"]', "report": "two\nlines"})
    lines = file.read_text().splitlines()
    ends = [line.split("<<")[1] for line in lines if "<<" in line]
    assert lines == [f"polluters<<{ends[0]}", '["a"]', ends[0], f"report<<{ends[1]}", "two", "lines", ends[1]]
    assert ends[0] != ends[1]


def test_without_files_for_outputs_and_summary_nothing_is_written():
    write_outputs({}, {"a": "b"})
    write_summary({}, "text")


def test_a_summary_is_cut_at_a_line_so_that_all_of_the_step_fits(tmp_path):
    file = tmp_path / "summary"
    file.write_text("before\n")
    write_summary({"GITHUB_STEP_SUMMARY": str(file)}, "grün " * 9 + "\n" + ("zeile\n" * 300_000))
    data = file.read_bytes()
    assert SUMMARY_LIMIT_BYTES - 10 < len(data) <= SUMMARY_LIMIT_BYTES
    assert data.startswith(b"before\ngr\xc3\xbcn")
    assert data.decode().endswith("zeile\n\n\n_The rest did not fit: GitHub shows 1 MiB of a summary. It is in the report's folder._\n")


def test_a_summary_that_is_full_already_gets_nothing_more(tmp_path):
    file = tmp_path / "summary"
    file.write_text("x" * SUMMARY_LIMIT_BYTES)
    write_summary({"GITHUB_STEP_SUMMARY": str(file)}, "more")
    assert file.stat().st_size == SUMMARY_LIMIT_BYTES


def test_a_path_is_told_relative_to_the_workspace(tmp_path):
    assert in_workspace({"GITHUB_WORKSPACE": str(tmp_path)}, tmp_path / "api" / "report") == "api/report"
    assert in_workspace({"GITHUB_WORKSPACE": str(tmp_path / "other")}, tmp_path / "api") == str(tmp_path / "api")
