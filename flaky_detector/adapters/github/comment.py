"""The sticky comment on a pull request.

Owns finding our own comment again, and when it is written and when it is left alone. Must not know what the comment says, nor whether one
is wanted.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from github import Github
from github.IssueComment import IssueComment

from flaky_detector.adapters.github.authorship import Authorship
from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.errors import GitHubError


def same_text(one: str, other: str) -> bool:
    """Whether nothing would change but the line ends, which GitHub may have changed itself."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What is to stand there. `key` names the comment; `create` is False where only an existing one may be changed.

    `after` makes the body from the text that stands there, where that matters; `same` says whether two texts tell the same.
    """

    key: str
    body: str
    create: bool = True
    after: Callable[[str], str] | None = None
    same: Callable[[str, str], bool] = same_text

    @property
    def marker(self) -> str:
        """The hidden first line by which the comment is found again."""
        return f"<!-- flaky-detector:{self.key} -->"

    @property
    def text(self) -> str:
        """The body, with the marker as its first line."""
        return self._marked(self.body)

    def text_after(self, earlier: str) -> str:
        """The same where `earlier` stands."""
        return self._marked(self.after(earlier) if self.after else self.body)

    def _marked(self, body: str) -> str:
        return body if _first_line(body) == self.marker else f"{self.marker}\n{body}"


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
    """One comment of ours on one pull request.

    The pull request's commit is read at first, to be done at once where this run is stale, and again right before each write: there may be
    many pages of comments in between, or a limit that was waited for.
    """

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
        for place, each in enumerate(mine):
            posted = self._update(each)
            if posted:
                if posted.done != "stale":
                    self._remove(_by_the_same(each, mine[place + 1 :]))
                return posted
        return self._create() if self._note.create else Posted("absent")

    def _has_newer_commit(self) -> bool:
        ours = self._target.head_sha
        return bool(ours) and self._repository.get_pull(self._target.pull_request).head.sha != ours

    def _find(self) -> list[IssueComment]:
        """All that could be ours, on all pages, oldest first: two runs at once may have made one each."""
        comments = self._repository.get_issue(self._target.pull_request).get_comments()
        return [each for each in comments if _first_line(each.body) == self._note.marker and self._authorship.is_ours(each.user)]

    def _create(self) -> Posted:
        """A POST is never simply repeated: GitHub may have carried it out before its proxy gave up, so the comment is looked for first."""
        again = False

        def attempt() -> Posted:
            nonlocal again
            made = next((each for each in self._find() if self._note.same(each.body, self._note.text)), None) if again else None
            again = True
            if made is None and self._has_newer_commit():
                return Posted("stale")
            made = made or self._repository.get_issue(self._target.pull_request).create_comment(self._note.text)
            return Posted("created", _address(made))

        return self._waiting.until_answered("comment", attempt)

    def _update(self, mine: IssueComment) -> Posted | None:
        """None where it is gone in the meantime, or turns out to be another app's: only its author may change it."""
        text = self._note.text_after(mine.body)
        if self._note.same(mine.body, text):
            return Posted("unchanged", _address(mine))
        url = _address(mine)

        def attempt() -> Posted:
            if self._has_newer_commit():
                return Posted("stale")
            before = mine.body
            mine.edit(text)
            if mine.body == before:
                raise ValueError("the answer does not hold the new text")  # a proxy's page: who knows whether GitHub heard of it
            return Posted("updated", url)

        try:
            return self._waiting.until_answered("change the comment", attempt)
        except GitHubError as trouble:
            if trouble.status in {403, 404}:
                return None
            raise

    def _remove(self, doubles: Sequence[IssueComment]) -> None:
        """A second comment would go on saying what was true once. That it stays is no trouble worth telling."""
        for each in doubles:
            with contextlib.suppress(GitHubError):
                self._waiting.until_answered("remove a double comment", each.delete)


def _by_the_same(one: IssueComment, others: Sequence[IssueComment]) -> list[IssueComment]:
    return [other for other in others if other.user.login == one.user.login]


def _address(comment: IssueComment) -> str:
    """Where a browser shows it; an answer without that was none of GitHub's."""
    if not comment.html_url:
        raise ValueError("a comment without an address")
    return comment.html_url


def _first_line(body: str | None) -> str:
    return (body or "").split("\n", 1)[0].strip()
