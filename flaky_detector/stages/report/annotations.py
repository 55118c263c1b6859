"""Notes at lines of the diff view: one a cause, where the state is left behind.

Owns their number and level. Escaping for the runner is the adapter's.
"""

from collections.abc import Iterator
from itertools import islice

from msgspec.structs import replace

from flaky_detector.model import Location, path_of
from flaky_detector.model.words import enumerated
from flaky_detector.stages.report import telling
from flaky_detector.stages.report.digest import Cause, Digest, Suspicion
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.neutral import plain
from flaky_detector.stages.report.pages import Annotation, Context

MOST = 10
LONGEST_TITLE, LONGEST_MESSAGE = 120, 1000


def annotations(digest: Digest, context: Context) -> tuple[Annotation, ...]:
    """At most `MOST`, proven causes first; paths count from the repository's root."""
    folder = plain(context.folder)
    return tuple(replace(note, path=f"{folder}/{note.path}" if folder else note.path) for note in islice(_all(digest), MOST))


def _all(digest: Digest) -> Iterator[Annotation]:
    names = Names(digest.result)
    for cause in digest.causes:
        yield _of_cause(cause, digest, names)
    for suspicion in digest.suspicions:
        yield _of_suspicion(suspicion, names)


def _of_cause(cause: Cause, digest: Digest, names: Names) -> Annotation:
    tests, sentence = telling.alert(cause, digest, names)
    subject = ", then ".join(tests)
    joint = "" if sentence.startswith(",") else " "
    victims = [names(victim.finding.test) for victim in cause.victims[:5]]
    victims += [f"{len(cause.victims) - 5} more"] if len(cause.victims) > 5 else []
    broken = "" if cause.kind == "state-setter" else f" Proven to break {enumerated(victims)}."
    mend = f" Mend it: {cause.remedies[0].title}." if cause.remedies else ""
    default = cause.first.test if cause.kind == "state-setter" else cause.head[0]
    title = "Test needs another to run first" if cause.kind == "state-setter" else "Test pollutes others"
    at = cause.location or Location(path_of(default), 1)
    return _annotation(at, "error", title, f"{subject}{joint}{sentence}{broken}{mend}")


def _of_suspicion(suspicion: Suspicion, names: Names) -> Annotation:
    suspect = suspicion.suspects[0]
    why = "; ".join(evidence.text for evidence in suspect.evidence)
    message = f"{names(suspicion.first.test)} {telling.suspicion_alert(suspicion)} First suspect: {names(suspect.test)} ({why})."
    at = Location(path_of(suspect.test), 1)
    return _annotation(at, "warning", "Suspect, not proven", message)


def _annotation(at: Location, level: str, title: str, message: str) -> Annotation:
    return Annotation(
        path=plain(at.path),
        line=max(at.line, 1),
        level="error" if level == "error" else "warning",
        title=plain(title, LONGEST_TITLE),
        message=plain(message.replace("`", ""), LONGEST_MESSAGE),
    )
