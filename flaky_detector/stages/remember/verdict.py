"""What a night showed of one known cause.

Owns the judgement. Nothing is cured because nobody met it: only re-run orders that pass speak for a cure, and only a row of nights is one.

    the hunt proved it            proven
    the hunt met it, no proof     seen; unclear, where the test fails whatever runs before it
    its orders, re-run            the gravest of: proven, seen, unclear, untried (no time), quiet, gone

An order that could not be run is `gone` only where the suite of tonight is known and one of its tests is not in it.
"""

from collections.abc import Iterator, Sequence

from flaky_detector.model import CauseNight, KnownCause, Recheck, Verdict, short_name
from flaky_detector.model.words import enumerated, tick
from flaky_detector.stages.remember.tonight import Tonight

GRAVEST: tuple[Verdict, ...] = ("proven", "seen", "unclear", "untried", "quiet", "cured", "gone")
"""Of several orders of one cause, and of what the hunt met of it."""

STRONGEST: tuple[Verdict, ...] = ("proven", "seen", "unclear", "gone", "quiet", "cured", "untried")
"""Of two hunts on one day."""

NOTHING: tuple[Verdict, str] = ("untried", "")

NOBODY = {
    "broken": "its test fails in every run now, whatever the order",
    "non-deterministic": "its test fails at random now, whatever the order",
    "environment": "its test fails on some Pythons only now, whatever the order",
}
"""Kinds of findings that accuse nobody, and what such a one says of a cause that is known for the same failure."""


def night_of(cause: KnownCause, tonight: Tonight, *, is_proven: bool) -> CauseNight:
    """The verdict on a known cause, with why in words where it is not plain.

    That of an earlier hunt of the day stands where it is the stronger one.
    """
    before = [night for night in cause.nights if night.date != tonight.date]
    verdicts = _verdicts(cause, tonight, is_proven=is_proven)
    verdict, note = min(verdicts, key=lambda each: GRAVEST.index(each[0]), default=NOTHING)
    if verdict == "quiet" and row(before, "quiet") + 1 >= tonight.cured_after:
        verdict = "cured"
    fresh = CauseNight(tonight.date, verdict, note)
    earlier = next((night for night in cause.nights if night.date == tonight.date), fresh)
    return min(fresh, earlier, key=lambda night: STRONGEST.index(night.verdict))


def row(nights: Sequence[CauseNight], verdict: Verdict) -> int:
    """How many nights in a row, the last ones, had this verdict; nights on which nobody looked are passed over."""
    wanted = ("quiet", "cured") if verdict in ("quiet", "cured") else (verdict,)
    count = 0
    for night in reversed([night for night in nights if night.verdict != "untried"]):
        if night.verdict not in wanted:
            break
        count += 1
    return count


def _verdicts(cause: KnownCause, tonight: Tonight, *, is_proven: bool) -> Iterator[tuple[Verdict, str]]:
    if is_proven:
        yield "proven", ""
    for kind in {tonight.failing[each] for each in cause.fingerprints if each in tonight.failing}:
        yield ("unclear", NOBODY[kind]) if kind in NOBODY else ("seen", "a run met it, and it was not proven tonight")
    if not tonight.proven_too.isdisjoint(cause.fingerprints):
        yield "proven", ""
    for recheck in tonight.rechecks.get(cause.number, ()):
        yield _of_recheck(recheck, tonight)


def _of_recheck(recheck: Recheck, tonight: Tonight) -> tuple[Verdict, str]:
    counts = f"{recheck.failed} of {recheck.attempts} attempts at its order fail, alone {recheck.alone_failed} of {recheck.alone_attempts}"
    match recheck.outcome:
        case "proven":
            return "proven", f"re-run: {counts}"
        case "seen":
            return "seen", f"re-run: {recheck.note} ({counts})"
        case "passed":
            return "quiet", f"re-run: {counts}"
        case "no-time":
            return "untried", "there was no time to re-run its order"
        case "other":
            return "unclear", f"re-run: {recheck.note}"
        case "not-run":
            return _not_run(recheck, tonight)


def _not_run(recheck: Recheck, tonight: Tonight) -> tuple[Verdict, str]:
    missing = list(dict.fromkeys(step.test for step in recheck.order.order if step.test not in tonight.tests))
    if not tonight.tests or not missing:
        return "unclear", f"re-run: {recheck.note}"
    names = enumerated([tick(short_name(test)) for test in missing[:3]])
    more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
    return "gone", f"{names}{more} {'is' if len(missing) == 1 else 'are'} not among the tests of tonight: renamed, removed or deselected"
