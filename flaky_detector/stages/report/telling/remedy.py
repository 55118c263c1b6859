"""How a remedy is told."""

from flaky_detector.model import Remedy
from flaky_detector.stages.report.digest import Cause

NOT_HERE = "not here:"


def ways(cause: Cause) -> str:
    """The remedies in a sentence: `Give it a plain object, where it makes no query. Or: define it elsewhere.`"""
    told: list[str] = []
    for remedy in cause.remedies[:3]:
        if not remedy.fits.startswith(NOT_HERE):
            first = remedy.title[:1].lower() if told else remedy.title[:1]
            fits = f", where {remedy.fits}" if remedy.fits else ""
            told.append(f"{'Or ' if told else ''}{first}{remedy.title[1:]}{fits}.")
    return " ".join(told)


def fits(remedy: Remedy) -> str:
    """`Fits where …`, or why it does not; empty where the rule does not say."""
    if remedy.fits.startswith(NOT_HERE):
        return f"It does not fit here: {remedy.fits.removeprefix(NOT_HERE).strip()}."
    return f"Fits where {remedy.fits}." if remedy.fits else ""


def mending(cause: Cause) -> str:
    """What a chain needs to hear before its own remedies, or where nothing is known."""
    if cause.earlier:
        enough = any(place == 1 and not tally.failed for place, tally in cause.without)
        told = "Step 1 is mended as above" + (", and without it nothing fails here either." if enough else ".")
        return told + (" Beside that:" if cause.remedies else "")
    if not cause.remedies and cause.kind == "state-setter":
        return "Let the test, or a fixture that it asks for, set up what it needs, so that it passes alone."
    if not cause.remedies:
        return "No remedy is known for this kind of failure: make the test undo what it changes, whatever its outcome."
    return ""


def example_of(remedy: Remedy) -> tuple[str, str]:
    """The example or patch with its language."""
    shown = remedy.patch or remedy.example
    is_diff = any(line.startswith(("+", "-", "@@")) for line in shown.splitlines())
    return shown, "diff" if is_diff else "python"
