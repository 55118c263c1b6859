"""Which issue is opened, changed, closed or opened again tonight, by what is remembered.

Owns that decision and its bounds; the issue's text is the report's, GitHub is the adapter's. A refusal of GitHub's never fails the run:
what was not done tonight is due the next night, and the summary says so.

    proven tonight     its issue is open and says so: opened, its text changed once a day at most, opened again where it was closed
    cured              closed, with a comment, once: a person who opens it again is not argued with
    gone for as long   the same, as not planned
    anything else      left as it is
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec.structs import replace

from flaky_detector.adapters import github
from flaky_detector.adapters.actions import Whereabouts, whereabouts
from flaky_detector.model import KnownCause, KnownIssue, Remembered, Result
from flaky_detector.pipeline.nightly import Memory, causes_of
from flaky_detector.pipeline.publish import Say, context
from flaky_detector.settings import Settings
from flaky_detector.stages.remember import matched, row, told_of
from flaky_detector.stages.report import IssuePage, Pages, digest, issue_comment

MOST_NEW, MOST_WISHES = 10, 30
"""Issues that one night may open, and that it may touch in all."""


class Night:
    """What one night has to say in issues.

    Args:
        memory: has tonight in it already; the issues' numbers and dates go there.
        result: tonight's.
        pages: the same, worded; one issue page for each proven cause.
        settings: where the report is.
        environ: as the runner set it.
    """

    def __init__(self, memory: Memory, result: Result, pages: Pages, settings: Settings, environ: Mapping[str, str]) -> None:
        self.memory = memory
        self.is_wanted = settings.issue != "off"
        self.place = whereabouts(environ)
        self.digest = digest(result)
        self.context = context(settings, environ)
        home = matched(memory.history.causes, causes_of(result, ()))
        self.page_of = {place: pages.issues[number] for number, place in home.items()}

    def wishes(self) -> list[github.Wish]:
        """What is to be done: what changes first, then texts, those that were not written for longest first."""
        wished = [(self._wish(cause, self.page_of.get(place)), cause) for place, cause in enumerate(self.memory.history.causes)]
        ranked = sorted(((self._urgency(wish, cause), wish) for wish, cause in wished if wish), key=lambda each: (each[0], each[1].key))
        return self._bounded([wish for _, wish in ranked])

    def _urgency(self, wish: github.Wish, cause: KnownCause) -> tuple[int, str]:
        issue = self._issue(cause)
        return (0, "") if wish.close else (1, "") if issue is None or issue.closed else (2, issue.written)

    def _wish(self, cause: KnownCause, page: IssuePage | None) -> github.Wish | None:
        told = told_of(cause, self.memory.history.nights, self.memory.date)
        issue = self._issue(cause)
        if issue and issue.is_declined:
            return None
        if told.verdict == "proven" and (page or issue):
            is_fresh = issue is None or bool(issue.closed) or issue.written != self.memory.date
            return self._shown(cause, told, page) if is_fresh else None
        is_over = told.verdict == "cured" or (told.verdict == "gone" and told.row >= self.memory.cured_after)
        if is_over and issue and not issue.closed:
            return self._closed(cause, told, issue)
        return None

    def _shown(self, cause: KnownCause, told: Remembered, page: IssuePage | None) -> github.Wish:
        issue = self._issue(cause)
        fingerprints = tuple(dict.fromkeys((*(page.fingerprints if page else ()), *cause.fingerprints)))[:50]
        note = github.IssueNote(title=page.title if page else "", body=page.body if page else "", fingerprints=fingerprints)
        comment = issue_comment(told, self.digest, self.context)
        event = f"reopened-{self.memory.date}"
        return github.Wish(
            key=cause.number, note=note, number=issue.number if issue else 0, comment=comment, event=event, since=self.memory.date
        )

    def _closed(self, cause: KnownCause, told: Remembered, issue: KnownIssue) -> github.Wish:
        begun = [night.date for night in cause.nights if night.verdict != "untried"][-row(cause.nights, cause.verdict)]
        how: Literal["completed", "not_planned"] = "completed" if told.verdict == "cured" else "not_planned"
        note = github.IssueNote(title="", body="", fingerprints=cause.fingerprints)
        comment = issue_comment(told, self.digest, self.context)
        event = f"{told.verdict}-{begun}"
        return github.Wish(key=cause.number, note=note, number=issue.number, close=how, comment=comment, event=event, since=begun)

    def _issue(self, cause: KnownCause) -> KnownIssue | None:
        """Of this repository: a history may have come from another one."""
        return cause.issue if cause.issue and cause.issue.repository == self.place.repository else None

    def _bounded(self, wishes: list[github.Wish]) -> list[github.Wish]:
        new = [wish for wish in wishes if not wish.number]
        chosen = [wish for wish in wishes if wish.number or wish in new[:MOST_NEW]][:MOST_WISHES]
        if len(chosen) < len(wishes):
            bounds = f"One night opens {MOST_NEW} issues at most, and touches {MOST_WISHES}."
            self.memory.notes.append(f"Known causes whose issues wait for the next night: {len(wishes) - len(chosen)}. {bounds}")
        return chosen

    def note(self, tended: github.Tended) -> None:
        """Remember what was done."""
        self.memory.done[tended.key] = tended.done
        causes = tuple(
            replace(cause, issue=self._after(cause, tended)) if cause.number == tended.key else cause
            for cause in self.memory.history.causes
        )
        self.memory.history = replace(self.memory.history, causes=causes)

    def _after(self, cause: KnownCause, tended: github.Tended) -> KnownIssue | None:
        before = self._issue(cause) or KnownIssue(repository=self.place.repository, number=tended.number)
        if not tended.number:
            return None
        is_written = tended.done in ("opened", "updated", "reopened", "unchanged")
        closed = self.memory.date if tended.done in ("closed", "absent") else "" if is_written else before.closed
        return replace(
            before,
            number=tended.number,
            url=tended.url or before.url,
            written=self.memory.date if is_written else before.written,
            closed=closed,
            is_declined=tended.done == "declined",
        )


def tend(night: Night, say: Say, patience: github.Patience | None = None) -> None:
    """Keep the issues, where that is asked for and may be done; what GitHub would not have is a note for the reader."""
    place, notes = night.place, night.memory.notes
    if not night.is_wanted or not night.memory.has_tonight or place.pull_request or place.head:
        return
    if not place.token:
        notes.append("No issue was tended: the input `github-token` is empty.")
        return
    wishes = night.wishes()
    tending = github.tend_issues(_target(place), wishes, patience)
    for tended in tending.kept:
        say(f"issue {tended.done}: {tended.url or f'#{tended.number}'}")
        night.note(tended)
    if tending.trouble:
        say(f"no issue: {tending.trouble}")
        left = len(wishes) - len(tending.kept)
        notes.append(
            f"Of tonight's {len(wishes)} issues {left} could not be tended: {tending.trouble.message}. Hint: {tending.trouble.hint}."
        )


def _target(place: Whereabouts) -> github.Target:
    return github.Target(api_url=place.api_url, repository=place.repository, token=place.token)
