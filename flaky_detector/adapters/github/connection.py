"""Talking to GitHub: the connection, patience, and what a refusal means to a user.

Owns repetition and the wording of trouble. Must not know what is asked for. No token gets into a message: of an error from the network only
the type is told.

What may be asked again is asked again: GitHub's limits, for as long as it says; passing trouble (5xx, a connection that is cut or too slow,
an answer that is not GitHub's) with growing waits. PyGithub's own retry is off: it leaves PATCH and a bare 429 alone, and repeats a POST
that was carried out. Whoever asks with a POST looks first, when asked again, for what the first one may have made.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import msgspec
from github import Auth, BadAttributeException, Github, GithubException, RateLimitExceededException

from flaky_detector.errors import GitHubError
from flaky_detector.model.secret import Secret

Answer = TypeVar("Answer")

STRANGE = (BadAttributeException, AttributeError, TypeError, KeyError, ValueError, RuntimeError)
"""What PyGithub raises over an answer that is no answer of GitHub's, such as a proxy's page, or is cut off in a way that still parses."""

EXPECTED = (GithubException, OSError, *STRANGE)
"""What PyGithub raises when GitHub refuses, is out of reach, or answers with something else than it should."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Which repository, and which pull request in it (0 for none). `head_sha` is the commit that was tested, "" where it is not known."""

    api_url: str
    repository: str
    pull_request: int = 0
    head_sha: str = ""
    token: Secret = msgspec.field(default_factory=Secret)

    @property
    def place(self) -> str:
        """What a person calls it: `acme/shop#7`."""
        return f"{self.repository}#{self.pull_request}" if self.pull_request else self.repository


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long GitHub is waited for.

    GitHub asks for a minute after a limit that names no time, for growing waits if that was not enough, and for a second between writes:
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api

    `longest_wait_seconds` bounds one wait, `longest_in_all_seconds` all waits of one errand: who is asked for more gives up at once.
    """

    attempts: int = 5
    first_wait_seconds: float = 1.0
    limit_wait_seconds: float = 60.0
    longest_wait_seconds: float = 120.0
    longest_in_all_seconds: float = 300.0
    timeout_seconds: int = 20
    pause_seconds: float = 0.25
    write_pause_seconds: float = 1.0


@contextmanager
def connected(target: Target, patience: Patience) -> Iterator[Github]:
    """A client that asks nothing before it must, and repeats nothing by itself: that is `Waiting`'s."""
    client = Github(
        auth=Auth.Token(target.token.reveal()),
        base_url=target.api_url.rstrip("/"),
        timeout=patience.timeout_seconds,
        per_page=100,
        retry=None,
        seconds_between_requests=patience.pause_seconds,
        seconds_between_writes=patience.write_pause_seconds,
        user_agent="flaky-detector",
        lazy=True,
    )
    try:
        yield client
    finally:
        client.close()


class Waiting:
    """Repeats what may be repeated, as long as GitHub asks for and patience allows. One for an errand: it adds up what it waited."""

    def __init__(self, target: Target, patience: Patience, sleep: Callable[[float], None] = time.sleep) -> None:
        self._target = target
        self._patience = patience
        self._sleep = sleep
        self._waited_seconds = 0.0

    def until_answered(self, what: str, ask: Callable[[], Answer]) -> Answer:
        """The answer of `ask`, tried again after passing trouble; `what` completes "could not …"."""
        attempt = 1
        while True:
            try:
                return ask()
            except EXPECTED as error:
                wait_seconds = self._wait_seconds(error, attempt)
                if wait_seconds is None or attempt >= self._patience.attempts or not self._is_bearable(wait_seconds):
                    raise _explained(what, error, self._target) from None
            self._sleep(wait_seconds)
            self._waited_seconds += wait_seconds
            attempt += 1

    def _is_bearable(self, wait_seconds: float) -> bool:
        in_all = self._waited_seconds + wait_seconds
        return wait_seconds <= self._patience.longest_wait_seconds and in_all <= self._patience.longest_in_all_seconds

    def _wait_seconds(self, error: Exception, attempt: int) -> float | None:
        growth: float = 2 ** (attempt - 1)
        if isinstance(error, GithubException) and is_limit(error):
            return asked_wait_seconds(error, time.time(), self._patience.limit_wait_seconds * growth)
        if isinstance(error, GithubException) and error.status < 500:
            return None
        return self._patience.first_wait_seconds * growth


def is_limit(error: GithubException) -> bool:
    """Whether GitHub only asks for patience: 429, a primary or secondary limit, or a 403 that says when to come back."""
    headers = error.headers or {}
    return error.status == 429 or isinstance(error, RateLimitExceededException) or (error.status == 403 and "retry-after" in headers)


def asked_wait_seconds(error: GithubException, now: float, default_seconds: float) -> float:
    """How long GitHub asks to wait: `Retry-After`, else the time at which the primary limit is reset, else `default_seconds`."""
    headers = error.headers or {}
    retry_after, reset = headers.get("retry-after", ""), headers.get("x-ratelimit-reset", "")
    if retry_after.isdecimal():
        return float(retry_after)
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdecimal():
        return max(1.0, int(reset) - now + 1)
    return default_seconds


def _explained(what: str, error: Exception, target: Target) -> GitHubError:
    failed = f"could not {what} on {target.place}"
    if isinstance(error, STRANGE) and not isinstance(error, OSError):
        return GitHubError(f"{failed}: the answer of {target.api_url} is none of GitHub's", "is that GitHub's API, or a proxy before it?")
    if not isinstance(error, GithubException):
        return GitHubError(f"{failed}: {type(error).__name__} at {target.api_url}", "try again; is GitHub in reach?")
    if is_limit(error):
        return GitHubError(f"{failed}: GitHub's rate limit", LATER, error.status)
    message = _message(error)
    return GitHubError(f"{failed}: GitHub says {error.status}{message}", _hint(error.status, message.lower()), error.status)


LATER = "run again later; the report is complete without it"
HINTS = {
    401: "the token is wrong or has expired: leave `github-token` out to use the workflow's own",
    403: "give the job `permissions: pull-requests: write` (`issues: write` for issues); on a fork's pull request the token may only read",
    404: "the token may not see this: give the job `permissions: pull-requests: write`, for artifacts `actions: read`",
    410: "the repository has its issues switched off",
    422: "GitHub does not accept the text; it is in comment.md",
}
HINTS_BY_WORD = {
    "locked": "the conversation is locked: only people who may write here can speak in it",
    "archived": "the repository is archived: nothing can be written there",
}


def _hint(status: int, message: str) -> str:
    return next((hint for word, hint in HINTS_BY_WORD.items() if word in message), HINTS.get(status, LATER))


def _message(error: GithubException) -> str:
    data = error.data
    text = data.get("message", "") if isinstance(data, dict) else ""
    return f" {' '.join(str(text).split())[:200]}" if text else ""
