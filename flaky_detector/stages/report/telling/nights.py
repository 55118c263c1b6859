"""How earlier nights are told: a sign for each night, a sentence for each cause, and what an issue hears of its cause."""

from collections.abc import Sequence

from flaky_detector.model import Nights, Remembered, Verdict, short_name
from flaky_detector.model.words import enumerated, tick
from flaky_detector.stages.report.names import Names
from flaky_detector.stages.report.telling.grammar import count

SIGNS: dict[Verdict, str] = {"proven": "●", "seen": "◐", "quiet": "○", "cured": "✓", "gone": "×", "unclear": "?", "untried": "·"}
MEANINGS: dict[Verdict, str] = {
    "proven": "proven",
    "seen": "failed, not proven",
    "quiet": "not seen, its order passes",
    "cured": "cured",
    "gone": "its tests are gone",
    "unclear": "could not be judged",
    "untried": "nobody looked, or not known yet",
}
MOST_TESTS = 3


def legend() -> str:
    """What the signs mean: `● proven; ◐ failed, not proven; …`."""
    return "; ".join(f"{sign} {MEANINGS[verdict]}" for verdict, sign in SIGNS.items())


def trend(cause: Remembered, dates: Sequence[str]) -> str:
    """A sign for each of these nights, `·●●○`."""
    verdicts = {night.date: night.verdict for night in cause.trend}
    return "".join(SIGNS[verdicts.get(date, "untried")] for date in dates)


def known(cause: Remembered, names: Names) -> str:
    """Who does what to whom, in a clause: `test_p makes test_v and 2 more fail`."""
    heads = ", then ".join(tick(names(test)) for test in cause.heads)
    tests = enumerated(
        [tick(names(test)) for test in cause.tests[:MOST_TESTS]]
        + ([f"{len(cause.tests) - MOST_TESTS} more"] if len(cause.tests) > MOST_TESTS else [])
    )
    if cause.kind == "state-setter":
        return f"{tests} {'passes' if len(cause.tests) == 1 else 'pass'} only after {heads}"
    return f"{heads} {'makes' if len(cause.heads) == 1 else 'make'} {tests} fail"


def tonight(cause: Remembered, nights: Nights) -> str:
    """What tonight says of it: the verdict in words, why, and how far it is to a cure."""
    left = nights.cured_after - cause.row
    word = {
        "proven": "proven",
        "seen": "failed",
        "quiet": "not seen tonight; " + (f"cured after {count(left, 'more night')}" if left > 0 else "all but cured"),
        "cured": f"cured: {count(cause.row, 'night')} in a row",
        "gone": "gone, which is not cured",
        "unclear": "could not be judged",
        "untried": "nobody looked",
    }[cause.verdict]
    return f"{word} ({cause.note})" if cause.note else word


def so_far(cause: Remembered) -> str:
    """`failed on 3 nights since 2025-01-02, last on 2025-01-04`."""
    nights = count(cause.nights_seen, "night")
    last = f", last on {cause.last_seen}" if cause.last_seen != cause.first_seen else ""
    return f"failed on {nights} since {cause.first_seen}{last}"


def by_night(nights: Nights) -> list[tuple[str, int, int, int, int]]:
    """For each night: how many causes were proven, failed without proof, did not show, were cured."""
    rows = []
    for date in nights.dates:
        verdicts = [night.verdict for cause in nights.causes for night in cause.trend if night.date == date]
        counted = (verdicts.count(verdict) for verdict in ("proven", "seen", "quiet", "cured"))
        rows.append((date, *counted))
    return rows  # type: ignore[return-value]


def nights_headline(nights: Nights) -> str:
    """`3 known causes: 1 proven tonight, 2 not seen`."""
    if not nights.causes:
        return "No cause is known from earlier nights"
    words = {"proven": "proven", "seen": "failed without proof", "quiet": "not seen", "gone": "gone"}
    words |= {"cured": "cured", "unclear": "could not be judged", "untried": "not looked at"}
    verdicts = [cause.verdict for cause in nights.causes]
    parts = [f"{verdicts.count(verdict)} {words[verdict]}" for verdict in SIGNS if verdict in verdicts]
    return f"{count(len(nights.causes), 'known cause')}: {', '.join(parts)}"


def remembered(nights: Nights | None, fingerprints: Sequence[str]) -> Remembered | None:
    """What is known of the cause with these failing tests."""
    wanted = set(fingerprints)
    found = [(len(wanted & set(cause.fingerprints)), cause) for cause in (nights.causes if nights else ())]
    best = max((common for common, _ in found), default=0)
    return next((cause for common, cause in found if common == best), None) if best else None


def closing(cause: Remembered) -> tuple[str, str]:
    """What is said in an issue when it is closed: a word, and why."""
    row = count(cause.row, "night")
    if cause.verdict == "gone":
        return "Its tests are gone, which is no cure.", (
            f"For {row} in a row its order could not be run: {cause.note}. Closed as not planned, for there is nothing left to try. What is"
            " found under another name gets an issue of its own; should these tests be back and fail, this one is opened again."
        )
    return "Cured.", (
        f"For {row} in a row {_named(cause)} was re-run in the order that used to fail, every attempt passed, and no run of those nights"
        f" met the failure. The last one, {cause.note}. Should it be back, this issue is opened again."
    )


def reopening(cause: Remembered) -> tuple[str, str]:
    """What is said in an issue when it is opened again: a word, and why."""
    why = f" ({cause.note})" if cause.note else ""
    return "It is back.", (
        f"Proven again on {cause.last_seen}{why}; it {so_far(cause)}. Whoever does not want this issue closes it as not planned, or takes"
        " its label off: then it is left alone."
    )


def done(cause: Remembered) -> str:
    """What was done with its issue tonight, in a word or two."""
    return "left alone, for a person does not want it" if cause.done == "declined" else "" if cause.done == "absent" else cause.done


def _named(cause: Remembered) -> str:
    first = tick(short_name(cause.tests[0])) if cause.tests else "the test"
    return first if len(cause.tests) < 2 else f"{first} and {count(len(cause.tests) - 1, 'more test')}"
