"""An issue for each cause, kept up to date.

Owns finding our own issues again: by the label, the hidden fingerprints in the body, and the author. Must not know what an issue says, nor
when one is wanted. Closing is a person's: that a hunt did not meet the cause again proves nothing.
"""

import re
import time
from collections.abc import Callable, Sequence

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


def keep_issues(
    target: Target, notes: Sequence[IssueNote], patience: Patience | None = None, sleep: Callable[[float], None] = time.sleep
) -> tuple[Posted, ...]:
    """For each note create an issue, change it, or leave it alone; titles, labels and states that people gave stay.

    Raises:
        GitHubError: GitHub refused or could not be reached; nothing else is raised.
    """
    patience = patience or Patience()
    with connected(target, patience) as client:
        keeper = _Keeper(client, target, Waiting(target, patience, sleep))
        return tuple(keeper.keep(note) for note in notes)


class _Keeper:
    """The open issues of ours in one repository."""

    def __init__(self, client: Github, target: Target, waiting: Waiting) -> None:
        self._repository = client.get_repo(target.repository)
        self._authorship = Authorship(client)
        self._waiting = waiting
        self._open: list[Issue] | None = None

    def keep(self, note: IssueNote) -> Posted:
        mine = self._waiting.until_answered("read the issues", lambda: self._find(note))
        if mine is None:
            return self._create(note)
        if same_text(mine.body, note.text):
            return Posted("unchanged", mine.html_url)
        url = mine.html_url
        self._waiting.until_answered("change the issue", lambda: mine.edit(body=note.text))
        return Posted("updated", url)

    def _find(self, note: IssueNote) -> Issue | None:
        if self._open is None:
            self._open = [each for each in self._repository.get_issues(state="open", labels=[LABEL]) if self._is_ours(each)]
        wanted = set(note.fingerprints)
        return next((each for each in self._open if wanted & set(MARKER.findall(each.body))), None)

    def _is_ours(self, issue: Issue) -> bool:
        """Pull requests are listed among the issues; asking PyGithub for `pull_request` would cost a request for each."""
        return "/pull/" not in issue.html_url and bool(MARKER.match(issue.body or "")) and self._authorship.is_ours(issue.user)

    def _create(self, note: IssueNote) -> Posted:
        """As with comments, what may have been made already is looked for before it is made again."""
        again = False

        def attempt() -> Posted:
            nonlocal again
            if again:
                self._open = None
            mine = self._find(note) if again else None
            again = True
            made = mine or self._repository.create_issue(title=note.title, body=note.text, labels=[LABEL])
            return Posted("created", made.html_url)

        return self._waiting.until_answered("open an issue", attempt)
