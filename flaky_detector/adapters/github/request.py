"""Somebody asks for a hunt in a comment: may they, which commit is meant, and since which commit the pull request changes files.

Owns these answers, each asked of GitHub itself: an event's `author_association` says who somebody is, not what they may do, and an event
carries no commit. Must not know what a hunt is.

Who asks has looked at the code; what runs must be what they saw. A fork's owner can push between the comment and this moment, so a fork
that was pushed to since is refused unless the comment names the commit. GitHub's clock says when that was, not the commit's own dates,
which its author chooses.
"""

import contextlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import msgspec
from github import Github, GithubException
from github.PullRequest import PullRequest

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected, is_limit
from flaky_detector.errors import GitHubError

MAY_WRITE = frozenset(("admin", "write"))
"""GitHub's four older permissions; it tells `write` for the role `maintain` and for custom roles that can push."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The commit to hunt in; "" where nothing is to run, then `why_not` says why. `reaction` is how the person hears of it.

    `base` is the commit at which the pull request left its base branch, "" where that is not known, and `depth` how many commits a checkout
    must hold to have both: at most so far from the newest is each commit of the pull request, and the base is the parent of one of them.
    """

    commit: str = ""
    base: str = ""
    depth: int = 1
    why_not: str = ""
    reaction: Literal["eyes", "-1", "confused"] = "confused"


def weigh(target: Target, login: str, created_at: str, commit: str = "", sleep: Callable[[float], None] = time.sleep) -> Verdict:
    """Whether this person may have a hunt on the target's pull request, and of which commit.

    Args:
        target: repository and pull request.
        login: who asks.
        created_at: when, as GitHub writes times.
        commit: how the commit begins that they name; "" for the newest.
        sleep: waits so many seconds.

    Raises:
        GitHubError: GitHub refused or could not be reached.
    """
    patience = Patience()
    waiting = Waiting(target, patience, sleep)
    with connected(target, patience) as client:
        if waiting.until_answered("ask for a permission", lambda: _permission(client, target, login)) not in MAY_WRITE:
            return Verdict(why_not="only people who may write to this repository can ask for a hunt", reaction="-1")
        pull = waiting.until_answered("read the pull request", lambda: client.get_repo(target.repository).get_pull(target.pull_request))
        verdict = waiting.until_answered("read the pull request", lambda: _of(pull, created_at, commit))
        with contextlib.suppress(GitHubError):  # a hunt that does not know what changed is a hunt
            if verdict.commit:
                return waiting.until_answered("compare the pull request", lambda: _with_base(verdict, client, target, pull))
        return verdict


def react(target: Target, comment: int, content: str, sleep: Callable[[float], None] = time.sleep) -> bool:
    """Put a reaction on a comment; whether that worked. It never matters enough to fail anything."""
    patience = Patience(attempts=2)
    with connected(target, patience) as client, contextlib.suppress(GitHubError):
        waiting = Waiting(target, patience, sleep)
        issue = client.get_repo(target.repository).get_issue(target.pull_request)
        waiting.until_answered("react", lambda: issue.get_comment(comment).create_reaction(content))
        return True
    return False


def _permission(client: Github, target: Target, login: str) -> str:
    try:
        return client.get_repo(target.repository).get_collaborator_permission(login)
    except GithubException as error:
        if error.status == 404 and not is_limit(error):
            return "none"
        raise


def _of(pull: PullRequest, created_at: str, commit: str) -> Verdict:
    head: str = pull.head.sha
    if pull.state != "open":
        return Verdict(why_not="the pull request is closed")
    if commit:
        return _taken(head) if head.startswith(commit) else Verdict(why_not=f"the newest commit is {head[:7]}, not {commit[:7]}")
    from_fork = pull.head.repo is not None and pull.head.repo.id != pull.base.repo.id
    if from_fork and pull.head.repo.pushed_at >= _time(created_at):
        return Verdict(why_not=f"the fork was pushed to after it was asked for: look again, then ask with `/flaky-hunt {head[:10]}`")
    return _taken(head)


def _with_base(verdict: Verdict, client: Github, target: Target, pull: PullRequest) -> Verdict:
    told = client.get_repo(target.repository).compare(pull.base.sha, verdict.commit)
    return msgspec.structs.replace(verdict, base=told.merge_base_commit.sha, depth=told.ahead_by + 1)


def _taken(head: str) -> Verdict:
    return Verdict(commit=head, reaction="eyes")


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
