"""The sticky comment on a pull request.

Owns finding our own comment again, and when it is written and when it is left alone. Must not know what the comment says, nor whether one
is wanted.
"""

import time
from collections.abc import Callable
from typing import Literal

import msgspec
from github import Github
from github.IssueComment import IssueComment

from flaky_detector.adapters.github.authorship import Authorship
from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected


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


def keep_comment(target: Target, note: Note, patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep) -> Posted:
    """Create our comment, change it, or leave it alone.

    Raises:
        GitHubError: GitHub refused or could not be reached; nothing else is raised.
    """
    patience = patience or Patience()
    with connected(target, patience) as client:
        return _StickyComment(client, target, note, Waiting(target, patience, sleep)).keep()


class _StickyComment:
    """One comment of ours on one pull request."""

    def __init__(self, client: Github, target: Target, note: Note, waiting: Waiting) -> None:
        self._target = target
        self._note = note
        self._waiting = waiting
        self._repository = client.get_repo(target.repository)
        self._authorship = Authorship(client)

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
        return next(
            (each for each in comments if _first_line(each.body) == self._note.marker and self._authorship.is_ours(each.user)), None
        )

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
        if same_text(mine.body, self._note.text):
            return Posted("unchanged", mine.html_url)
        url = mine.html_url
        self._waiting.until_answered("change the comment", lambda: mine.edit(self._note.text))
        return Posted("updated", url)


def _first_line(body: str | None) -> str:
    return (body or "").split("\n", 1)[0].strip()


def same_text(one: str, other: str) -> bool:
    """Whether nothing would change but the line ends, which GitHub may have changed itself."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()
