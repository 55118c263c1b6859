"""How a failure is told, and the command that shows it."""

import shlex
from collections.abc import Callable

from flaky_detector.model import Finding, TestId
from flaky_detector.model.words import enumerated, tick
from flaky_detector.stages.report.neutral import plain

LONGEST_COMMAND = 4000


def failure(finding: Finding, most: int = 110) -> str:
    """`SystemExit: 1`, `DuplicateTable: relation "a" already exists`: the exception and the first line of its message."""
    exception = finding.signature.exception
    lines = finding.message.strip().splitlines()
    message = lines[0].strip() if lines else ""
    bare = exception.split(":", 1)[0]
    if not message or message in exception or not bare:
        return plain(exception or message or "failed", most)
    return plain(f"{bare}: {message}", most)


def about(finding: Finding, most: int = 3) -> str:
    """The contested things where the failure's own text does not name them."""
    said = failure(finding).lower()
    resources = [one for one in finding.signature.resources if one.lower() not in said and one.lower().replace(".", "_") not in said]
    named = [tick(plain(resource, 80)) for resource in resources[:most]]
    return enumerated(named + ([f"{len(resources) - most} more"] if len(resources) > most else []))


def beside(finding: Finding, names: Callable[[TestId], str], most: int = 3) -> str:
    """`while `test_b` runs on another worker`; empty where no counterpart is known."""
    counterparts = finding.counterparts
    shown = [tick(names(test)) for test in counterparts[:most]] + ([f"{len(counterparts) - most} more"] if len(counterparts) > most else [])
    verb = "runs" if len(counterparts) == 1 else "run"
    return f"while {enumerated(shown)} {verb} on another worker" if counterparts else ""


def phases(finding: Finding) -> str:
    """`setup, teardown`; empty for a failure in the call alone."""
    return "" if finding.phases in ((), ("call",)) else ", ".join(finding.phases)


def command(finding: Finding) -> str:
    """The command to paste, a line for each option; empty where it is too long to be of use here."""
    told = plain(finding.reproduce)
    if not told or len(told) > LONGEST_COMMAND:
        return ""
    try:
        words = shlex.split(told)
    except ValueError:
        return told
    if shlex.join(words) != told or len(told) <= 100:
        return told
    lines: list[list[str]] = [[]]
    for word in words:
        if word.startswith("--") and lines[-1]:
            lines.append([])
        lines[-1].append(word)
    return " \\\n  ".join(shlex.join(line) for line in lines)
