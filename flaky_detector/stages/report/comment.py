"""The comment on a pull request: what a person needs, in what GitHub takes.

Owns the limit, and when two comments tell the same. Its first line is the marker by which the comment is found again, its last line what
it accuses, for the next run to read.
"""

import re

from flaky_detector.model import Result
from flaky_detector.stages.report.digest import Digest, digest
from flaky_detector.stages.report.markdown import Room, draw
from flaky_detector.stages.report.pages import Context

LIMIT_CHARACTERS = 65_536
MOST_SUSPICIONS = 8
"""Groups of tests with nothing but suspects; who wants to see more opens the report."""
COST = re.compile(r"^<sub>.*?(?= · (?:commit <code>|flaky-detector))", re.MULTILINE)


def comment(told: Digest, context: Context) -> str:
    """comment.md, at most `LIMIT_CHARACTERS` long as GitHub counts: in UTF-16 units, the worst way to count."""
    room = Room(suspicions=MOST_SUSPICIONS)
    return draw("comment.md.j2", told, context, lambda page: len(page.encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS, room)


def comment_of(result: Result, context: Context) -> str:
    """The same, from a result."""
    return comment(digest(result), context)


def tells_the_same(one: str, other: str) -> bool:
    """Whether two comments differ in nothing but what the runs cost, which is never twice the same, and in line ends."""
    return _told(one) == _told(other)


def _told(page: str) -> str:
    return COST.sub("<sub>", page.replace("\r\n", "\n").rstrip())
