"""Every request that the comment needs, met by every trouble that GitHub can make: one comment, nothing lost, nothing that GitHub's own
description does not allow."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from flaky_detector.adapters.github import Note, Patience, Posted, Target, keep_comment
from flaky_detector.errors import GitHubError
from flaky_detector.model.secret import Secret
from tests.support.github import BOT, COMMENT, COMMENTS, GHOST, HEAD, NO_PERMISSION, PULL, TOKEN, FakeGitHub

MARKER = "<!-- flaky-detector:default -->"
QUICK = Patience(pause_seconds=0, write_pause_seconds=0)
HASTY = Patience(pause_seconds=0, write_pause_seconds=0, timeout_seconds=1)
"""For answers that come too late; for any other, a machine that is busy would be trouble of its own."""

OTHERS = 5
SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
PRIMARY = "API rate limit exceeded for installation ID 1."


@dataclass(frozen=True)
class Case:
    """A trouble; `waits` are the seconds that it must cost, None where they depend on the clock."""

    name: str
    code: int = 0
    message: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    waits: tuple[float, ...] | None = (1.0,)


PASSING = (
    Case("429 that names no time", 429, "Too many requests", waits=(60.0,)),
    Case("429 that names a time", 429, "Too many requests", {"headers": {"Retry-After": "7"}}, (7.0,)),
    Case("secondary limit that names no time", 403, SECONDARY, waits=(60.0,)),
    Case("secondary limit that names a time", 403, SECONDARY, {"headers": {"Retry-After": "9"}}, (9.0,)),
    Case("primary limit", 403, PRIMARY, {"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "RESET"}}, None),
    Case("500", 500, "Server Error"),
    Case("502 before the work", 502, "Bad Gateway"),
    Case("502 after the work", 502, "Bad Gateway", {"carried_out": True}),
    Case("503 twice", 503, "Unavailable", {"times": 2}, (1.0, 2.0)),
    Case("an answer too late, after the work", more={"slow_seconds": 1.5}, waits=None),
    Case("no answer, before the work", 502, "", {"hang_up": True}),
    Case("no answer, after the work", more={"hang_up": True}),
    Case("a connection cut in the middle of the body, after the work", more={"cut": True}),
    Case("a proxy's page, after the work", 200, "Please log in", {"carried_out": True}),
    Case("a proxy's page instead of the work", 200, "Please log in"),
)
FINAL = (
    Case("403", 403, NO_PERMISSION),
    Case("404", 404, "Not Found"),
    Case("422", 422, "Validation Failed"),
)
TO_CREATE = {
    "pull at first": ("GET", PULL, 0),
    "comments": ("GET", COMMENTS, 1),
    "pull again": ("GET", PULL, 1),
    "post": ("POST", COMMENTS, 0),
}
TO_UPDATE = {**{name: at for name, at in TO_CREATE.items() if name != "post"}, "patch": ("PATCH", COMMENT, 0)}


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with FakeGitHub() as fake:
        fake.largest_page = 2
        for number in range(OTHERS):
            fake.add_comment("ann" if number % 3 else GHOST, f"{MARKER}\ncomment {number}")
        yield fake
    assert fake.violations == []
    assert [body for body in fake.bodies() if "comment" in body] == [f"{MARKER}\ncomment {number}" for number in range(OTHERS)]


def meet(github: FakeGitHub, case: Case, at: tuple[str, str, int]) -> None:
    method, route, skip = at
    headers = {name: value.replace("RESET", str(int(time.time()) + 30)) for name, value in case.more.get("headers", {}).items()}
    more = {**case.more, "headers": headers} if headers else case.more
    github.fail(method, case.code, case.message, route=route, skip=skip, **more)


def say(github: FakeGitHub, slept: list[float], body: str = "new", patience: Patience = QUICK) -> Posted:
    target = Target(api_url=github.url, repository="acme/shop", pull_request=7, head_sha=HEAD, token=Secret(TOKEN))
    return keep_comment(target, Note(key="default", body=body), patience, slept.append)


def ours(github: FakeGitHub) -> list[str]:
    return [each["body"] for each in github.comments_on(7) if each["user"] and each["user"]["login"] == BOT]


@pytest.mark.parametrize("at", TO_CREATE)
@pytest.mark.parametrize("case", PASSING, ids=lambda case: case.name)
def test_passing_trouble_on_the_way_to_a_first_comment_costs_time_and_makes_one_comment(github: FakeGitHub, case: Case, at: str) -> None:
    meet(github, case, TO_CREATE[at])
    slept: list[float] = []
    assert say(github, slept, patience=HASTY if "slow_seconds" in case.more else QUICK).done == "created"
    assert ours(github) == [f"{MARKER}\nnew"]
    assert len(slept) >= 1
    assert case.waits is None or tuple(slept) == case.waits
    assert sum(slept) <= QUICK.longest_in_all_seconds


@pytest.mark.parametrize("at", TO_UPDATE)
@pytest.mark.parametrize("case", PASSING, ids=lambda case: case.name)
def test_passing_trouble_on_the_way_to_a_change_costs_time_and_changes_the_one_comment(github: FakeGitHub, case: Case, at: str) -> None:
    github.add_comment(BOT, f"{MARKER}\nold")
    meet(github, case, TO_UPDATE[at])
    slept: list[float] = []
    assert say(github, slept, patience=HASTY if "slow_seconds" in case.more else QUICK).done == "updated"
    assert ours(github) == [f"{MARKER}\nnew"]
    assert len(slept) >= 1
    assert case.waits is None or tuple(slept) == case.waits


@pytest.mark.parametrize("at", TO_CREATE)
@pytest.mark.parametrize("case", FINAL, ids=lambda case: case.name)
def test_a_refusal_on_the_way_to_a_first_comment_is_told_once_and_without_the_token(github: FakeGitHub, case: Case, at: str) -> None:
    meet(github, case, TO_CREATE[at])
    slept: list[float] = []
    with pytest.raises(GitHubError, match=f"on acme/shop#7: GitHub says {case.code} {re.escape(case.message)}") as caught:
        say(github, slept)
    assert (ours(github), slept, caught.value.status) == ([], [], case.code)
    assert TOKEN not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r} {caught.value.__context__!r}"


@pytest.mark.parametrize("at", TO_UPDATE)
@pytest.mark.parametrize("case", FINAL, ids=lambda case: case.name)
def test_a_refusal_on_the_way_to_a_change_leaves_a_comment_that_says_the_new_or_the_old(github: FakeGitHub, case: Case, at: str) -> None:
    github.add_comment(BOT, f"{MARKER}\nold")
    meet(github, case, TO_UPDATE[at])
    if case.code in {403, 404} and at in {"patch", "pull again"}:  # another app's comment, or one that is gone: then one of our own is made
        assert say(github, []).done == "created"
        assert ours(github) == [f"{MARKER}\nold", f"{MARKER}\nnew"]
    else:
        with pytest.raises(GitHubError, match=f"GitHub says {case.code}"):
            say(github, [])
        assert ours(github) == [f"{MARKER}\nold"]


def test_one_comment_among_a_thousand_through_a_storm_of_troubles() -> None:
    with FakeGitHub() as github:
        for number in range(999):
            github.add_comment("ann", f"comment {number}")
        ours_is = github.add_comment(BOT, f"{MARKER}\nold")
        github.fail("GET", 502, "Bad Gateway", route=COMMENTS, skip=3)
        github.fail("GET", 0, route=COMMENTS, skip=5, cut=True)
        github.fail("PATCH", 429, "Too many requests")
        github.fail("PATCH", 0, hang_up=True)
        slept: list[float] = []
        assert say(github, slept).done == "updated"
        assert github.comments[ours_is]["body"] == f"{MARKER}\nnew"
        assert len(github.bodies()) == 1000
        assert slept == [1.0, 2.0, 60.0, 2.0]
    assert github.violations == []


def test_a_comment_that_somebody_removed_between_reading_and_writing_is_made_again(github: FakeGitHub) -> None:
    github.add_comment(BOT, f"{MARKER}\nold")
    github.fail("PATCH", 404, "Not Found")
    github.comments.popitem()
    assert say(github, []).done == "created"
    assert ours(github) == [f"{MARKER}\nnew"]


def test_another_apps_comment_with_our_marker_is_left_alone_and_stands_in_nobodys_way(github: FakeGitHub) -> None:
    github.add_comment("echo[bot]", f"{MARKER}\nechoed")
    assert say(github, []).done == "created"
    assert say(github, [], "newer").done == "updated"
    assert github.bodies()[OTHERS:] == [f"{MARKER}\nechoed", f"{MARKER}\nnewer"]
    assert github.writes() == ["PATCH 1006 403", "POST comments 201", "PATCH 1006 403", "PATCH 1007 200"]


def test_of_two_comments_that_two_runs_made_at_once_the_first_stays(github: FakeGitHub) -> None:
    for body in ("one", "two", "three"):
        github.add_comment(BOT, f"{MARKER}\n{body}")
    github.fail("DELETE", 403, NO_PERMISSION, skip=1)
    assert say(github, []).done == "updated"
    assert ours(github) == [f"{MARKER}\nnew", f"{MARKER}\nthree"]
    assert say(github, []).done == "unchanged"
    assert ours(github) == [f"{MARKER}\nnew"]


def test_a_run_that_is_overtaken_while_it_waits_for_a_limit_writes_nothing(github: FakeGitHub) -> None:
    github.fail("POST", 429, "Too many requests")

    def overtaken(seconds: float) -> None:
        github.head_sha = "9" * 40

    target = Target(api_url=github.url, repository="acme/shop", pull_request=7, head_sha=HEAD, token=Secret(TOKEN))
    assert keep_comment(target, Note(key="default", body="x"), QUICK, overtaken) == Posted("stale")
    assert ours(github) == []


def test_limits_that_go_on_are_waited_for_longer_each_time_and_not_for_ever(github: FakeGitHub) -> None:
    github.fail("POST", 403, SECONDARY, times=9)
    slept: list[float] = []
    with pytest.raises(GitHubError, match="could not comment on acme/shop#7: GitHub's rate limit"):
        say(github, slept)
    assert slept == [60.0, 120.0]


def test_waits_are_bounded_in_all(github: FakeGitHub) -> None:
    for route in (PULL, COMMENTS):
        github.fail("GET", 429, "Too many requests", route=route, times=3, headers={"Retry-After": "70"})
    slept: list[float] = []
    with pytest.raises(GitHubError, match="could not read the comments on acme/shop#7: GitHub's rate limit"):
        say(github, slept)
    assert slept == [70.0, 70.0, 70.0, 70.0]


def test_a_second_passes_between_two_writes_where_nobody_asks_for_less() -> None:
    with FakeGitHub() as github:
        target = Target(api_url=github.url, repository="acme/shop", pull_request=7, head_sha=HEAD, token=Secret(TOKEN))
        for body in ("one", "two"):
            github.add_comment(BOT, f"{MARKER}\n{body}")
        start = time.monotonic()
        keep_comment(target, Note(key="default", body="new"), Patience(pause_seconds=0))
        assert github.writes() == ["PATCH 1001 200", "DELETE 1002 204"]
        assert time.monotonic() - start >= 1.0
    assert github.violations == []
