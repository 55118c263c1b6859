"""The GitHub on loopback itself: what it would not let pass."""

import contextlib
import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.github import BOT, COMMENTS, GHOST, TOKEN, FakeGitHub


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        yield fake


def ask(github: FakeGitHub, method: str, path: str, body: Any = None) -> tuple[int, Any, dict[str, str]]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with contextlib.closing(http.client.HTTPConnection(github.url.removeprefix("http://"), timeout=5)) as connection:
        connection.request(method, f"/repos/acme/shop{path}", None if body is None else json.dumps(body), headers)
        with connection.getresponse() as answer:
            data = answer.read()
    return answer.status, json.loads(data) if data else None, dict(answer.headers)


def test_a_member_of_a_body_that_github_does_not_know_is_a_violation(github: FakeGitHub) -> None:
    assert ask(github, "POST", "/issues/7/comments", {"body": "x", "sticky": True})[0] == 418
    assert github.bodies() == []
    assert "sticky" in github.violations[0]


def test_a_query_that_github_does_not_know_is_a_violation(github: FakeGitHub) -> None:
    assert ask(github, "GET", "/issues/7/comments?author=me")[0] == 418
    assert github.violations == ["request get /repos/acme/shop/issues/7/comments: the query holds author, which GitHub does not know"]


def test_an_operation_that_github_does_not_have_is_a_violation(github: FakeGitHub) -> None:
    assert ask(github, "PUT", "/issues/7/comments", {"body": "x"})[0] == 418
    assert github.violations == ["PUT /repos/acme/shop/issues/7/comments: no such operation here"]


def test_many_comments_come_in_pages_with_links(github: FakeGitHub) -> None:
    for number in range(1000):
        github.add_comment("ann", f"comment {number}")
    code, page, headers = ask(github, "GET", "/issues/7/comments?per_page=100&page=10")
    assert (code, page[0]["body"], page[-1]["body"]) == (200, "comment 900", "comment 999")
    assert 'page=9>; rel="prev"' in headers["Link"]
    assert 'rel="next"' not in headers["Link"]
    assert github.violations == []


def test_a_failure_meets_the_request_that_it_was_asked_for(github: FakeGitHub) -> None:
    github.fail("GET", 500, "oops", route=COMMENTS, skip=1)
    paths = ("/issues/7/comments", "/pulls/7", "/issues/7/comments", "/issues/7/comments")
    assert [ask(github, "GET", path)[0] for path in paths] == [200, 200, 500, 200]


def test_a_connection_can_be_cut_in_the_middle_of_the_body_after_the_work_was_done(github: FakeGitHub) -> None:
    github.fail("POST", 0, cut=True)
    with pytest.raises(http.client.IncompleteRead):
        ask(github, "POST", "/issues/7/comments", {"body": "x"})
    assert github.bodies() == ["x"]


def test_nobody_changes_the_words_of_another(github: FakeGitHub) -> None:
    theirs, ours, nobodys = (github.add_comment(author, "x") for author in ("dependabot[bot]", BOT, GHOST))
    assert [ask(github, "PATCH", f"/issues/comments/{each}", {"body": "y"})[0] for each in (theirs, ours, nobodys)] == [403, 200, 403]
    assert github.bodies() == ["x", "y", "x"]


def test_a_permission_is_told_by_role_and_by_its_older_name(github: FakeGitHub) -> None:
    github.permissions["ann"] = "maintain"
    told = {name: ask(github, "GET", f"/collaborators/{name}/permission")[1] for name in ("ann", "mallory")}
    assert [(each["permission"], each["role_name"]) for each in told.values()] == [("write", "maintain"), ("read", "read")]


def test_a_second_reaction_of_the_same_kind_changes_nothing(github: FakeGitHub) -> None:
    number = github.add_comment("ann", "/flaky-hunt")
    assert [ask(github, "POST", f"/issues/comments/{number}/reactions", {"content": "eyes"})[0] for _ in range(2)] == [201, 200]
    assert github.reactions == [(number, BOT, "eyes")]
    assert ask(github, "POST", f"/issues/comments/{number}/reactions", {"content": "thumbs"})[0] == 418
