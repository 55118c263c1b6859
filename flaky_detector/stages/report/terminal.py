"""The answer in a terminal: what a person reads when the program has ended.

Owns plain text of a width that a terminal shows. The wording is `telling`'s.
"""

from collections.abc import Iterator

from flaky_detector.stages.report import telling
from flaky_detector.stages.report.digest import Cause, Digest, Suspicion
from flaky_detector.stages.report.names import Names

MOST_VICTIMS = 12


def terminal(digest: Digest) -> str:
    """A headline, the causes with their victims and the command that shows each, the rest in a line."""
    names = Names(_tests(digest))
    lines = ["", telling.headline(digest), ""]
    lines += [*telling.notices(digest), ""] if telling.notices(digest) else []
    for cause in digest.causes:
        lines += [*_cause(cause, digest, names), ""]
    for suspicion in digest.suspicions:
        lines += [*_suspicion(suspicion), ""]
    if not (digest.causes or digest.suspicions):
        lines += [telling.tried(digest), ""] if digest.result.runs else []
    if telling.also_seen(digest):
        lines += [f"Also: {telling.also_seen(digest)}", ""]
    lines.append(" · ".join(telling.footer(digest)))
    return "\n".join(lines) + "\n"
