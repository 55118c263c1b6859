"""What a report tells of the nights.

Owns the choice: causes that are about, and those that came to rest within the nights that are shown. Must not word anything.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from flaky_detector.model import CauseNight, History, KnownCause, Nights, Remembered
from flaky_detector.stages.remember.verdict import row

SHOWN_NIGHTS, MOST_CAUSES = 14, 200
AT_REST = ("cured", "gone")
SEQUENCE = ("proven", "seen", "unclear", "untried", "quiet", "cured", "gone")


def told(history: History, date: str, cured_after: int, done: Mapping[int, str] | None = None) -> Nights:
    """The last nights; the causes that failed tonight first. `done` says, by the cause's number, what was done with its issue."""
    dates = history.nights[-SHOWN_NIGHTS:]
    shown = [cause for cause in history.causes if _is_shown(cause, dates)]
    shown.sort(key=lambda cause: (SEQUENCE.index(cause.verdict), cause.first_seen, cause.number))
    causes = [told_of(cause, dates, date) for cause in shown[:MOST_CAUSES]]
    numbers = [cause.number for cause in shown]
    causes = [replace(cause, done=(done or {}).get(number, cause.done)) for number, cause in zip(numbers, causes, strict=False)]
    return Nights(date=date, cured_after=cured_after, dates=dates, causes=tuple(causes))


def _is_shown(cause: KnownCause, dates: tuple[str, ...]) -> bool:
    if cause.verdict not in AT_REST:
        return True
    at_rest = row(cause.nights, cause.verdict)
    looked_at = [night.date for night in cause.nights if night.verdict != "untried"]
    return bool(dates) and looked_at[-at_rest] >= dates[0]


def told_of(cause: KnownCause, dates: Sequence[str], date: str) -> Remembered:
    """One cause, over these nights."""
    tonight = next((night for night in cause.nights if night.date == date), CauseNight(date, "untried"))
    return Remembered(
        kind=cause.kind,
        heads=cause.sets[0] if cause.sets else (),
        tests=cause.tests,
        fingerprints=cause.fingerprints,
        verdict=tonight.verdict,
        note=tonight.note,
        first_seen=cause.first_seen,
        last_seen=cause.last_seen,
        nights_seen=sum(night.verdict in ("proven", "seen") for night in cause.nights),
        row=row(cause.nights, cause.verdict),
        trend=tuple(night for night in cause.nights if night.date in dates),
        issue=cause.issue.url if cause.issue else "",
        done="declined" if cause.issue and cause.issue.is_declined else "",
    )
