"""What goes into a report besides the result, and what comes out of it."""

from collections.abc import Callable
from typing import Literal

import msgspec

from flaky_detector.model import Result
from flaky_detector.stages.report.earlier import Told, recall

Level = Literal["error", "warning", "notice"]


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Where the report will be read.

    `key` tells sticky comments apart; `repository_url` (`https://github.com/owner/name`) and `commit` make links to lines;
    `folder` is the rootdir within the repository, "" where it is its root. `run_url` is the CI run with the full report. `can_comment` is
    False where the token may not write (a fork), `wants_comment` where there is no pull request to comment on, or no comment is asked
    for. `of_others`: the result was left by a run of a pull request's own code.
    `earlier` is what the comment told that stands there.
    """

    key: str = "default"
    commit: str = ""
    repository_url: str = ""
    folder: str = ""
    run_url: str = ""
    version: str = ""
    can_comment: bool = True
    wants_comment: bool = True
    of_others: bool = False
    earlier: tuple[Told, ...] = ()


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """One note at a line of the diff view. Texts are single lines without control characters."""

    path: str
    line: int
    level: Level
    title: str
    message: str


class IssuePage(msgspec.Struct, frozen=True, kw_only=True):
    """What an issue says about one proven cause; `fingerprints` are those of its findings, by which it is found again."""

    title: str
    body: str
    fingerprints: tuple[str, ...]


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a hunt says, ready to be written."""

    findings_json: str
    comment: str
    summary: str
    html: str
    annotations: tuple[Annotation, ...] = ()
    terminal: str = ""
    issues: tuple[IssuePage, ...] = ()
    redraw: "Redraw | None" = None


class Redraw(msgspec.Struct, frozen=True):
    """The comment again, where one stands already: it then tells what is no longer seen as well."""

    result: Result
    context: Context
    draw: Callable[[Result, Context], str]

    def __call__(self, body: str) -> str:
        """The comment to put in the place of `body`."""
        return self.draw(self.result, msgspec.structs.replace(self.context, earlier=recall(body)))
