"""An issue for each cause, kept up to date.

Owns finding our own issues again: by the label, the hidden fingerprints in the body, and the author. Must not know what an issue says, nor
when one is wanted. `keep_issues` knows nothing of earlier nights, so closing is a person's: that a hunt did not meet the cause again proves
nothing. What is done with the memory of a history is `tending`'s.
"""

import re
import time
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec
from github import Github
from github.Issue import Issue

from flaky_detector.adapters.github.authorship import Authorship
from flaky_detector.adapters.github.comment import Posted, same_text
from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected

LABEL = "flaky-detector"
MARKER = re.compile(r"<!-- flaky-detector:fingerprint:(\S+) -->")


class IssueNote(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue is to say. One that carries any of the fingerprints is the same issue."""

    title: str
    body: str
    fingerprints: tuple[str, ...]

    @property
    def text(self) -> str:
        """The body, after its hidden fingerprints."""
        return "".join(f"<!-- flaky-detector:fingerprint:{each} -->\n" for each in self.fingerprints) + self.body


class OurIssues:
    """The issues of ours in one repository; open ones are listed once, when they are first asked for."""

    def __init__(self, client: Github, target: Target, waiting: Waiting) -> None:
        self.repository = client.get_repo(target.repository)
        self.authorship = Authorship(client)
        self.waiting = waiting
        self._open: list[Issue] | None = None

    def open_ones(self) -> list[Issue]:
        """All that are open."""
        return self.waiting.until_answered("read the issues", self._listed)

    def open_one(self, fingerprints: Iterable[str], but: Collection[int] = ()) -> Issue | None:
        """The open one with most of these fingerprints, if it has any; `but` are numbers that are not meant."""
        return most_alike([each for each in self.open_ones() if each.number not in but], fingerprints)

    def update(self, mine: Issue, text: str) -> Posted:
        """Change its text, unless that would change nothing."""
        url = mine.html_url
        if same_text(mine.body, text):
            return Posted("unchanged", url)
        self.waiting.until_answered("change the issue", lambda: mine.edit(body=text))
        return Posted("updated", url)

    def create(self, note: IssueNote) -> Posted:
        """As with comments, what may have been made already is looked for before it is made again."""
        again = False

        def attempt() -> Posted:
            nonlocal again
            if again:
                self._open = None
            mine = most_alike(self._listed(), note.fingerprints) if again else None
            again = True
            made = mine or self.repository.create_issue(title=note.title, body=note.text, labels=[LABEL])
            return Posted("created", made.html_url)

        return self.waiting.until_answered("open an issue", attempt)

    def is_ours(self, issue: Issue) -> bool:
        """Pull requests are listed among the issues; asking PyGithub for `pull_request` would cost a request for each."""
        return "/pull/" not in issue.html_url and bool(MARKER.match(issue.body or "")) and self.authorship.is_ours(issue.user)

    def _listed(self) -> list[Issue]:
        if self._open is None:
            self._open = [each for each in self.repository.get_issues(state="open", labels=[LABEL]) if self.is_ours(each)]
        return self._open


def keep_issues(
    target: Target, notes: Sequence[IssueNote], patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
) -> tuple[Posted, ...]:
    """For each note create an issue, change it, or leave it alone; titles, labels and states that people gave stay.

    Raises:
        GitHubError: GitHub refused or could not be reached; nothing else is raised.
    """
    patience = patience or Patience()
    with connected(target, patience) as client:
        ours = OurIssues(client, target, Waiting(target, patience, sleep))
        return tuple(_keep(ours, note) for note in notes)


def _keep(ours: OurIssues, note: IssueNote) -> Posted:
    mine = ours.open_one(note.fingerprints)
    return ours.create(note) if mine is None else ours.update(mine, note.text)


def most_alike(issues: Sequence[Issue], fingerprints: Iterable[str]) -> Issue | None:
    """The issue that carries most of the fingerprints, the first of several; None where none carries any."""
    wanted = set(fingerprints)
    counted = [(len(wanted & set(MARKER.findall(issue.body or ""))), issue) for issue in issues]
    best = max((count for count, _ in counted), default=0)
    return next((issue for count, issue in counted if count == best), None) if best else None
