"""The sticky comment on a pull request, through PyGithub.

Owns finding our own comment again, when it is written and when it is left alone, patience with GitHub, and what its refusals mean to a
user. Must not know what the comment says, nor whether one is wanted. No token in a message: of an error from the network only the type
is told.
"""

import time
from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec
from github import Auth, Github, GithubException, RateLimitExceededException
from github.IssueComment import IssueComment

from flaky_detector.errors import GitHubError
from flaky_detector.model.secret import Secret

Answer = TypeVar("Answer")

EXPECTED = (GithubException, OSError, ValueError)
"""What PyGithub raises when GitHub refuses, is out of reach, or answers with something that is not JSON."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where the comment goes. `head_sha` is the commit that was tested, "" where it is not known."""

    api_url: str
    repository: str
    pull_request: int
    head_sha: str = ""
    token: Secret = msgspec.field(default_factory=Secret)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is to stand there. `key` names the comment; `create` is False where only an existing one may be changed."""

    key: str
    body: str
    create: bool = True

    @property
    def marker(self) -> str:
        """The hidden first line by which the comment is found again."""
        return f"<!-- flaky-detector:{self.key} -->"

    @property
    def text(self) -> str:
        """The body, with the marker as its first line."""
        return self.body if _first_line(self.body) == self.marker else f"{self.marker}\n{self.body}"


class Posted(msgspec.Struct, frozen=True):
    """What was done. `stale`: the pull request has a newer commit, nothing was written; `absent`: there is none and none was wanted."""

    done: Literal["created", "updated", "unchanged", "stale", "absent"]
    url: str = ""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long GitHub is waited for. GitHub asks for a minute after a limit that names no time, and for a pause between requests."""

    attempts: int = 5
    first_wait_seconds: float = 1.0
    limit_wait_seconds: float = 60.0
    longest_wait_seconds: float = 120.0
    timeout_seconds: int = 20
    pause_seconds: float = 0.25


def keep_comment(target: Target, note: Note, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep) -> Posted:
    """Create our comment, change it, or leave it alone.

    Raises:
        GitHubError: GitHub refused or could not be reached; nothing else is raised.
    """
    patience = patience or Patience()
    client = Github(
        auth=Auth.Token(target.token.reveal()),
        base_url=target.api_url.rstrip("/"),
        timeout=patience.timeout_seconds,
        per_page=100,
        retry=None,
        seconds_between_requests=patience.pause_seconds,
        seconds_between_writes=patience.pause_seconds,
        user_agent="flaky-detector",
        lazy=True,
    )
    try:
        return _StickyComment(client, target, note, _Waiting(target, patience, sleep)).keep()
    finally:
        client.close()


class _StickyComment:
    """One comment of ours on one pull request."""

    def __init__(self, client: Github, target: Target, note: Note, waiting: "_Waiting") -> None:
        self._client = client
        self._target = target
        self._note = note
        self._waiting = waiting
        self._repository = client.get_repo(target.repository)
        self._login: str | None = None

    def keep(self) -> Posted:
        if self._waiting.until_answered("read the pull request", self._has_newer_commit):
            return Posted("stale")
        mine = self._waiting.until_answered("read the comments", self._find)
        if mine is None:
            return self._create() if self._note.create else Posted("absent")
        return self._update(mine)

    def _has_newer_commit(self) -> bool:
        ours = self._target.head_sha
        return bool(ours) and self._repository.get_pull(self._target.pull_request).head.sha != ours

    def _find(self) -> IssueComment | None:
        comments = self._repository.get_issue(self._target.pull_request).get_comments()
        return next((each for each in comments if _first_line(each.body) == self._note.marker and self._is_ours(each)), None)

    def _is_ours(self, comment: IssueComment) -> bool:
        if self._login is None:
            self._login = self._who_am_i()
        return comment.user.login == self._login if self._login else comment.user.type == "Bot"

    def _who_am_i(self) -> str:
        """The token's owner; "" for an app's token, the workflow's own among them, which may not ask: then any app's comment is ours."""
        try:
            return self._client.get_user().login
        except GithubException as error:
            if error.status in {403, 404} and not isinstance(error, RateLimitExceededException):
                return ""
            raise

    def _create(self) -> Posted:
        """A POST is never simply repeated: GitHub may have carried it out before its proxy gave up, so the comment is looked for first."""
        again = False

        def attempt() -> Posted:
            nonlocal again
            mine = self._find() if again else None
            again = True
            if mine is not None:
                return Posted("created", mine.html_url)
            return Posted("created", self._repository.get_issue(self._target.pull_request).create_comment(self._note.text).html_url)

        return self._waiting.until_answered("comment", attempt)

    def _update(self, mine: IssueComment) -> Posted:
        if _same_text(mine.body, self._note.text):
            return Posted("unchanged", mine.html_url)
        url = mine.html_url
        self._waiting.until_answered("change the comment", lambda: mine.edit(self._note.text))
        return Posted("updated", url)


class _Waiting:
    """Repeats what may be repeated, as long as GitHub asks for and patience allows."""

    def __init__(self, target: Target, patience: Patience, sleep: Callable[[float], None]) -> None:
        self._target = target
        self._patience = patience
        self._sleep = sleep

    def until_answered(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """The answer of `ask`, tried again after passing trouble; `what` completes "could not …"."""
        attempt = 1
        while True:
            try:
                return ask()
            except EXPECTED as error:
                wait_seconds = self._wait_seconds(error, attempt)
                if wait_seconds is None or attempt >= self._patience.attempts or wait_seconds > self._patience.longest_wait_seconds:
                    raise _explained(what, error, self._target) from None
            self._sleep(wait_seconds)
            attempt += 1

    def _wait_seconds(self, error: Exception, attempt: int) -> float | None:
        backoff: float = self._patience.first_wait_seconds * 2 ** (attempt - 1)
        if not isinstance(error, GithubException):
            return backoff if isinstance(error, OSError) else None
        if is_limit(error):
            return asked_wait_seconds(error, time.time(), self._patience.limit_wait_seconds)
        return backoff if error.status >= 500 else None


def is_limit(error: GithubException) -> bool:
    """Whether GitHub only asks for patience: 429, a primary or secondary limit, or a 403 that says when to come back."""
    headers = error.headers or {}
    return error.status == 429 or isinstance(error, RateLimitExceededException) or (error.status == 403 and "retry-after" in headers)


def asked_wait_seconds(error: GithubException, now: float, default_seconds: float) -> float:
    """How long GitHub asks to wait: `Retry-After`, else the time at which the primary limit is reset, else `default_seconds`."""
    headers = error.headers or {}
    retry_after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if retry_after.isdigit():
        return float(retry_after)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(1.0, int(reset) - now + 1)
    return default_seconds


def _explained(what: str, error: Exception, target: Target) -> GitHubError:
    place = f"{target.repository}#{target.pull_request}"
    if not isinstance(error, GithubException):
        return GitHubError(f"could not {what} on {place}: {type(error).__name__} at {target.api_url}", "try again; is GitHub in reach?")
    if is_limit(error):
        return GitHubError(f"could not {what} on {place}: GitHub's rate limit", "run again later; the report is complete without it")
    told = f"could not {what} on {place}: GitHub says {error.status}{_message(error)}"
    return GitHubError(told, _HINTS.get(error.status, "run again later; the report is complete without it"))


_HINTS = {
    401: "the token is wrong or has expired: leave `github-token` out to use the workflow's own",
    403: "give the job `permissions: pull-requests: write`; on a fork's pull request the token may only read, whatever is set",
    404: "the token may not see this pull request: give the job `permissions: pull-requests: write`",
    410: "comments are switched off or the conversation is locked",
    422: "GitHub does not accept the text; it is in comment.md",
}


def _message(error: GithubException) -> str:
    data = error.data
    text = data.get("message", "") if isinstance(data, dict) else ""
    return f" {' '.join(str(text).split())[:200]}" if text else ""


def _first_line(body: str | None) -> str:
    return (body or "").split("\n", 1)[0].strip()


def _same_text(one: str, other: str) -> bool:
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()
