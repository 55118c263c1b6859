"""What is remembered from night to night: causes with the orders that show them, what became of each, and the issue that tells of it.

`History` is what the history file holds; `Nights` is what a report says of it. Frozen; must not compute anything but what a record says
of itself. Dates are ISO days in UTC: two hunts of one day are one night.
"""

from typing import Literal

import msgspec

from flaky_detector.model.design import Order
from flaky_detector.model.evidence import Signature
from flaky_detector.model.identity import TestId

CauseKind = Literal["polluter", "state-setter"]

Verdict = Literal["untried", "quiet", "cured", "gone", "unclear", "seen", "proven"]
"""What a night showed of a cause.

    proven    re-run tonight: it fails in the order, passes alone, time and again
    seen      it failed tonight, and was not proven
    unclear   its order could be run and ended in another way, or could not be run although its tests are there
    gone      its tests are no longer among those of the suite: nothing was cured, for nothing could be tried
    quiet     every attempt at its orders passed, and no run met it
    cured     the same, for so many nights in a row as the settings ask for
    untried   nobody looked: no time was left, or nothing was re-run
"""


class KnownOrder(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest order that showed one test's failure.

    `test` is its last step, `rate` the share of attempts that failed (of a state-setter's order: alone), `python` such as "3.12".
    """

    fingerprint: str
    test: TestId
    signature: Signature
    order: Order
    warm_up: tuple[TestId, ...] = ()
    python: str = ""
    rate: float = 1.0
    app_labels: tuple[str, ...] = ()


class Recheck(msgspec.Struct, frozen=True, kw_only=True):
    """A known order, re-run tonight: how it ended, why in words where that is not plain, and how often the test failed.

    Failures with the same signature, of all attempts: in the order, and alone.
    """

    order: KnownOrder
    outcome: Literal["proven", "seen", "passed", "other", "not-run", "no-time"]
    failed: int = 0
    attempts: int = 0
    alone_failed: int = 0
    alone_attempts: int = 0
    note: str = ""


class CauseNight(msgspec.Struct, frozen=True):
    """What one night showed of one cause."""

    date: str
    verdict: Verdict
    note: str = ""


class KnownIssue(msgspec.Struct, frozen=True, kw_only=True):
    """The issue of a cause. `written` is the day on which its text was last changed by us, `closed` that on which we closed it.

    `is_declined` tells that a person does not want it: closed as not planned, its label taken off, or deleted.
    """

    repository: str
    number: int
    url: str = ""
    written: str = ""
    closed: str = ""
    is_declined: bool = False


class KnownCause(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to mend, over all nights.

    `number` is the file's own, 0 for one that has none yet. `sets` are the polluters or state-setters as alternatives, the one that is
    named first. `fingerprints` and `tests` are those of the failing tests, `nights` in the order of their dates.
    """

    number: int = 0
    kind: CauseKind
    fingerprints: tuple[str, ...]
    sets: tuple[tuple[TestId, ...], ...]
    tests: tuple[TestId, ...]
    orders: tuple[KnownOrder, ...] = ()
    first_seen: str = ""
    last_seen: str = ""
    nights: tuple[CauseNight, ...] = ()
    issue: KnownIssue | None = None

    @property
    def verdict(self) -> Verdict:
        """Of the last night on which somebody looked."""
        return next((night.verdict for night in reversed(self.nights) if night.verdict != "untried"), "untried")


class History(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the history file holds: the causes, and the dates of the nights, ascending."""

    causes: tuple[KnownCause, ...] = ()
    nights: tuple[str, ...] = ()


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """One known cause as a report tells of it.

    `heads` are the tests that are named, `tests` those that fail. `nights_seen` counts the nights on which it failed, `row` the
    nights in a row with the latest verdict. `issue` is the issue's address, `done` what was done with it tonight.
    """

    kind: CauseKind
    heads: tuple[TestId, ...]
    tests: tuple[TestId, ...]
    fingerprints: tuple[str, ...]
    verdict: Verdict
    note: str = ""
    first_seen: str = ""
    last_seen: str = ""
    nights_seen: int = 0
    row: int = 0
    trend: tuple[CauseNight, ...] = ()
    issue: str = ""
    done: str = ""


class Nights(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered, as a report tells it: tonight's date, the last dates of hunts, the causes, and what there is to say beside."""

    date: str
    cured_after: int
    dates: tuple[str, ...] = ()
    causes: tuple[Remembered, ...] = ()
    notes: tuple[str, ...] = ()
