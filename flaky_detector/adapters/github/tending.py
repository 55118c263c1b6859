"""Issues over many nights: opened, changed, closed when the cure held, opened again when it is back.

Owns what is done to an issue and the bound on how much of GitHub that takes. Must not decide when: wishes come in. People have the last
word: an issue that a person closed as not planned, took the label off or deleted is left alone.

    calls     1 list of the open issues a hundred · 1 question who we are · up to 3 lists of closed ones, only where a wish names no issue
              and none is open · then for each wish 1 (change, open), 1 to read a closed one, 3 (close or reopen, with a comment)
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Literal

import msgspec
from github import Github, GithubException
from github.GithubObject import NotSet
from github.Issue import Issue

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.adapters.github.issues import LABEL, IssueNote, OurIssues, most_alike
from flaky_detector.errors import GitHubError

MOST_CLOSED = 300
MISSING = (404, 410)
OF_ONE_ISSUE, MOST_TROUBLES = (403, 404, 410, 422), 3
NOT_WANTED = ("not_planned", "duplicate")

Done = Literal["opened", "updated", "unchanged", "reopened", "closed", "declined", "absent"]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of the issue of one cause.

    `key` is the asker's. `number` is the issue's, 0 where it is not known: then it is found by the note's fingerprints. A note without a
    body leaves the text alone. `close` says as what it is to be closed, "" that it is to be open. `comment` is said when its state changes;
    `event` (`cured-2025-01-06`) marks it, so that it is said once, and `since` is the first day on which it may have been said.
    """

    key: int
    note: IssueNote
    number: int = 0
    close: Literal["", "completed", "not_planned"] = ""
    comment: str = ""
    event: str = ""
    since: str = ""


class Tended(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. `declined`: a person does not want it; `absent`: there is none, and none was to be made."""

    key: int
    done: Done
    number: int = 0
    url: str = ""


class Tending(msgspec.Struct, frozen=True):
    """All that was done, and the first refusal where there was one."""

    kept: tuple[Tended, ...]
    trouble: GitHubError | None = None


def tend_issues(
    target: Target, wishes: Sequence[Wish], patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
) -> Tending:
    """Carry out the wishes one after another; nothing is raised. Without a wish nothing is asked.

    One issue that GitHub refuses (a locked conversation, say) does not stand in the way of the others; a few of them, or a limit, end it.
    """
    patience = patience or Patience()
    kept: list[Tended] = []
    troubles: list[GitHubError] = []
    if not wishes:
        return Tending(())
    with connected(target, patience) as client:
        tender = _Tender(client, target, Waiting(target, patience, sleep))
        for wish in wishes:
            try:
                kept.append(tender.tend(wish))
            except GitHubError as trouble:
                troubles.append(trouble)
                if trouble.status not in OF_ONE_ISSUE or len(troubles) >= MOST_TROUBLES:
                    break
    return Tending(tuple(kept), troubles[0] if troubles else None)


class _Tender:
    """Works through wishes; each issue is given to one of them at most."""

    def __init__(self, client: Github, target: Target, waiting: Waiting) -> None:
        self._ours = OurIssues(client, target, waiting)
        self._waiting = waiting
        self._closed: list[Issue] | None = None
        self._taken: set[int] = set()

    def tend(self, wish: Wish) -> Tended:
        told = self._close(wish) if wish.close else self._show(wish)
        self._taken.add(told.number)
        return told

    def _close(self, wish: Wish) -> Tended:
        mine = self._open_one(wish)
        if mine is None:
            return Tended(key=wish.key, done="absent", number=wish.number)
        self._comment(mine, wish)
        self._waiting.until_answered("close the issue", lambda: mine.edit(state="closed", state_reason=wish.close))
        return _told(wish, "closed", mine)

    def _show(self, wish: Wish) -> Tended:
        mine = self._open_one(wish)
        if mine is not None:
            done = self._ours.update(mine, wish.note.text).done if wish.note.body else "unchanged"
            return _told(wish, "updated" if done == "updated" else "unchanged", mine)
        before = self._by_number(wish.number) if wish.number else self._closed_one(wish)
        if before is not None:
            return _told(wish, "declined", before) if self._is_declined(before) else self._reopen(before, wish)
        if wish.number or not wish.note.body:
            return Tended(key=wish.key, done="declined" if wish.number else "absent", number=wish.number)
        url = self._ours.create(wish.note).url
        return Tended(key=wish.key, done="opened", number=int(url.rsplit("/", 1)[-1]), url=url)

    def _open_one(self, wish: Wish) -> Issue | None:
        named = next((each for each in self._ours.open_ones() if wish.number and each.number == wish.number), None)
        return named or self._ours.open_one(wish.note.fingerprints, self._taken)

    def _by_number(self, number: int) -> Issue | None:
        """It as it stands now; None where it is not there any more."""

        def read() -> Issue | None:
            try:
                issue = self._ours.repository.get_issue(number)
                issue.complete()
            except GithubException as error:
                if error.status in MISSING:
                    return None
                raise
            return issue

        return self._waiting.until_answered("read an issue", read)

    def _closed_one(self, wish: Wish) -> Issue | None:
        """Among those closed or commented on last; where nothing is remembered, this is how an issue of old is found again."""

        def listed() -> list[Issue]:
            found = self._ours.repository.get_issues(state="closed", labels=[LABEL], sort="updated")
            return [each for each in islice(found, MOST_CLOSED) if self._ours.is_ours(each)]

        if self._closed is None:
            self._closed = self._waiting.until_answered("read the closed issues", listed)
        like = most_alike([each for each in self._closed if each.number not in self._taken], wish.note.fingerprints)
        return self._by_number(like.number) if like else None

    def _is_declined(self, issue: Issue) -> bool:
        """A person took the label off, or closed it as something that they do not want; what we closed ourselves is no such word."""
        if issue.state == "open" or LABEL not in {label.name for label in issue.labels}:
            return True
        by = issue.closed_by
        return issue.state_reason in NOT_WANTED and not (by and self._ours.authorship.is_ours(by))

    def _reopen(self, mine: Issue, wish: Wish) -> Tended:
        body = wish.note.text if wish.note.body else NotSet
        self._waiting.until_answered("open the issue again", lambda: mine.edit(state="open", state_reason="reopened", body=body))
        self._comment(mine, wish)
        return _told(wish, "reopened", mine)

    def _comment(self, mine: Issue, wish: Wish) -> None:
        """Once: an earlier attempt of which no answer came, tonight or the night before, is looked for first."""
        marker = f"<!-- flaky-detector:{wish.event} -->"

        def attempt() -> None:
            since = datetime.fromisoformat(wish.since).replace(tzinfo=UTC)
            said = mine.get_comments(since=since)
            if not any(each.body.startswith(marker) and self._ours.authorship.is_ours(each.user) for each in said):
                mine.create_comment(f"{marker}\n{wish.comment}")

        self._waiting.until_answered("comment on the issue", attempt)


def _told(wish: Wish, done: Done, issue: Issue) -> Tended:
    return Tended(key=wish.key, done=done, number=issue.number, url=issue.html_url)
