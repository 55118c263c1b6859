"""The comment on a pull request: what a person needs, in what GitHub takes.

Owns the limit. Its first line is the marker by which the comment is found again.
"""

from flaky_detector.stages.report.digest import Digest
from flaky_detector.stages.report.markdown import draw
from flaky_detector.stages.report.pages import Context

LIMIT_CHARACTERS = 65_536


def comment(digest: Digest, context: Context) -> str:
    """comment.md, at most `LIMIT_CHARACTERS` long as GitHub counts: in UTF-16 units, the worst way to count."""
    return draw("comment.md.j2", digest, context, lambda page: len(page.encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS)
