"""An issue for each proven cause: what its section of the comment says, under a title that names it.

Owns the limit. Must not know which issues there are already.
"""

from msgspec.structs import replace

from flaky_detector.model import Remembered
from flaky_detector.stages.report import telling
from flaky_detector.stages.report.digest import Cause, Digest
from flaky_detector.stages.report.markdown import draw, draw_whole
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import plain
from flaky_detector.stages.report.pages import Context, IssuePage
from flaky_detector.stages.report.telling import count

LIMIT_CHARACTERS = 60_000
"""GitHub takes 65,536 UTF-16 units; the fingerprints come on top."""
MOST_FINGERPRINTS = 50
LONGEST_TITLE = 200


def issues(digest: Digest, context: Context) -> tuple[IssuePage, ...]:
    """One for each cause; suspects are not accused in issues."""
    names = Names(digest.result)
    return tuple(_issue(cause, digest, context, names) for cause in digest.causes)


def _issue(cause: Cause, digest: Digest, context: Context, names: Names) -> IssuePage:
    alone = replace(digest, causes=(cause,), suspicions=(), others=(), latent=(), gaps=(), asides=(), conflicts=())
    fingerprints = dict.fromkeys(victim.finding.fingerprint for victim in cause.victims if victim.finding.fingerprint)
    return IssuePage(
        title=plain(_title(cause, names), LONGEST_TITLE),
        body=draw("issue.md.j2", alone, context, lambda page: len(page.encode("utf-16-le")) // 2 <= LIMIT_CHARACTERS),
        fingerprints=tuple(fingerprints)[:MOST_FINGERPRINTS],
    )


def issue_comment(cause: Remembered, digest: Digest, context: Context) -> str:
    """What is said below an issue when it is closed or opened again, by what tonight says of its cause."""
    said = telling.closing(cause) if cause.verdict in ("cured", "gone") else telling.reopening(cause)
    return draw_whole("issue_comment.md.j2", digest, context, {"said": said})


def _title(cause: Cause, names: Names) -> str:
    if cause.kind == "state-setter":
        return f"{names(cause.first.test)} fails unless another test ran before"
    tests = ", then ".join(names(test) for test in cause.head)
    return f"{tests} {'makes' if len(cause.head) == 1 else 'make'} {count(len(cause.broken), 'test')} fail"
