"""Tests under consideration, while reasons gather.

Owns how much each kind of reason multiplies the odds of a test. Must not look for reasons itself.

What must hold: whoever left behind the very thing that the failure is about comes before everybody who did not, whatever the statistics
of a handful of runs say. So order statistics are squeezed into a span (`ORDER_SPAN` either way) that one such reason outweighs.
"""

import math
from collections.abc import Sequence

import msgspec

from flaky_detector.model import Evidence, StateChange, TestId
from flaky_detector.recorder import wire

ORDER_SPAN = 1e3
MATCHING = 1e9  # more than ORDER_SPAN² × every other reason
OTHER_STATE = 3.0
IN_SOURCE, IN_NAME, IN_PATH = 20.0, 4.0, 1.5
LEAST_NAMED = 1.2

HIT, NOISE = 0.9, 0.02

WORDS = {
    wire.DJANGO_MODEL: "the Django model",
    wire.FILE: "the file",
    wire.ENVIRON: "the environment variable",
    wire.CWD: "the working directory",
    wire.DJANGO_SETTING: "the setting",
    wire.DJANGO_SIGNAL: "the signal receiver",
    wire.DJANGO_URLCONF: "Django's",
    wire.DJANGO_LANGUAGE: "the active",
    wire.DJANGO_TIMEZONE: "the active",
    wire.DJANGO_CACHE: "the cache",
    wire.TABLE: "the table",
    wire.ROWS: "rows of the table",
    wire.DJANGO_MIGRATION: "the record of the migration",
    wire.MODULE: "the module",
    wire.SYS_PATH: "the import list",
    wire.LOGGING: "the logging setting",
    wire.WARNINGS: "the warnings setting",
    wire.LOCALE: "the locale",
    wire.TIMEZONE: "the process's",
    wire.DECIMAL: "the setting",
    wire.UMASK: "the process's",
    wire.SIGNAL_HANDLER: "the handler of",
    wire.THREAD: "the thread",
    wire.CHILD_PROCESS: "the child process",
    wire.STDIO: "the stream",
    wire.INTERPRETER: "the interpreter's",
    wire.SOCKET_TIMEOUT: "the default",
    wire.EVENT_LOOP: "the event loop",
    wire.BUILTINS: "the built-in",
    wire.TEMPORARY_FILE: "the temporary file",
    wire.MODULE_GLOBAL: "the module global",
    wire.CLASS_ATTRIBUTE: "the class attribute",
    wire.MODULE_ATTRIBUTE: "the attribute",
    wire.CACHE: "the cache of",
}


class Candidate(msgspec.Struct):
    """A test that may be the cause. `worker` is "same", or the name of another worker."""

    test: TestId
    worker: str
    odds: float = 1.0
    evidence: list[Evidence] = msgspec.field(default_factory=list)

    def add(self, kind: str, odds: float, text: str) -> None:
        """One more reason."""
        self.odds *= odds
        self.evidence.append(Evidence(kind, text))

    @property
    def has_reason(self) -> bool:
        """Whether anything but order and names speaks against it."""
        return any(reason.kind in ("state", "tree") for reason in self.evidence)


def order_odds(hits: int, failing: int, misses: int, passing: int) -> float:
    """How well "it fails after this test" tells the failing orders from the passing ones.

    Args:
        hits: failing orders with the test before.
        failing: all failing orders.
        misses: passing orders with the test before.
        passing: all passing orders.

    A polluter hits with rate h and the victim fails otherwise with rate e: L = h^f · e^(F-f) · (1-h)^p · (1-e)^(P-p), over the
    likelihood that no test is the cause, which is the plain failure rate's. Squeezed to 1/ORDER_SPAN .. ORDER_SPAN, order kept.
    """
    if not failing:
        return 1.0
    fit = hits * math.log(HIT) + (failing - hits) * math.log(NOISE) + misses * math.log(1 - HIT) + (passing - misses) * math.log(1 - NOISE)
    rate = min(max(failing / (failing + passing), NOISE), 1 - NOISE)
    chance = failing * math.log(rate) + passing * math.log(1 - rate)
    span = math.log(ORDER_SPAN)
    return math.exp(span * math.tanh((fit - chance) / span))


def tell(changes: Sequence[StateChange], most: int = 3) -> str:
    """`the Django model shop.Phantom, the file a.py and 2 more`."""
    parts = [f"{WORDS.get(change.kind, change.kind)} `{change.key}`" for change in changes[:most]]
    parts += [f"{len(changes) - most} more"] if len(changes) > most else []
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
