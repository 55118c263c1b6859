"""The job summary: what the comment says, and what the runs were and cost.

Owns the limit.
"""

from flaky_detector.stages.report.digest import Digest
from flaky_detector.stages.report.markdown import Room, draw
from flaky_detector.stages.report.pages import Context

LIMIT_BYTES = 1_000_000
"""GitHub takes 1 MiB for all that a step writes; this leaves room for the notes of others."""


def summary(digest: Digest, context: Context) -> str:
    """summary.md, at most `LIMIT_BYTES` long."""
    room = Room(causes=200, victims=500, suspicions=200, others=500, notes=10)
    return draw("summary.md.j2", digest, context, lambda page: len(page.encode()) <= LIMIT_BYTES, room)
