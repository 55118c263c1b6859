"""Numbers and nouns in sentences."""

from flaky_detector.stages.report.digest import Tally

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 test`, `3 tests`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def spelt(number: int) -> str:
    """`Three`, `14`."""
    return NUMBERS[number].capitalize() if number < len(NUMBERS) else str(number)


def share(tally: Tally) -> str:
    """`0 of 3`."""
    return f"{tally.failed} of {tally.attempts}"


def clock(seconds: float) -> str:
    """`8 s`, `3 min 10 s`, `1 h 02 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
