"""The short summary at the end of a console log (`-rA`, `-rf`) → what became of tests, where the log has no line for each.

Owns that section's grammar. It knows neither worker nor order, and of tests that it does not list nothing.

    PASSED tests/a.py::test_x
    FAILED tests/a.py::test_y - assert 1 == 2
    SKIPPED [2] tests/a.py:3: not now                 names no test: left out
"""

import re
from collections.abc import Iterator, Sequence

from flaky_detector.model import Execution, Failure, Outcome, TestId, bare_test_id
from flaky_detector.stages.ingest.failure_sections import Section

HEADING = re.compile(r"^=+ short test summary info =+$")
END = re.compile(r"^=+ .* =+$|^\d+ (?:passed|failed|error)")
LINE = re.compile(r"^(?P<word>PASSED|FAILED|ERROR|XFAIL|XPASS) (?P<rest>\S[^\n]*\.py::\S.*)$")
WORDS = {
    "PASSED": Outcome.PASSED,
    "FAILED": Outcome.FAILED,
    "ERROR": Outcome.ERROR,
    "XFAIL": Outcome.XFAILED,
    "XPASS": Outcome.XPASSED,
}
MESSAGE = " - "


def summarised(lines: Sequence[str], sections: Sequence[Section]) -> tuple[Execution, ...]:
    """An execution for each test listed, the worst outcome where it is listed twice; no worker, no position."""
    texts = {section.name: section.failure for section in sections}
    found: dict[TestId, Execution] = {}
    for outcome, test, message in _listed(lines):
        before = found.get(test)
        if before is None or not before.outcome.is_failure:
            failures = (_failure(test, message, texts),) if outcome.is_failure else ()
            found[test] = Execution(test=test, worker="", position=-1, outcome=outcome, failures=failures)
    return tuple(found.values())


def printed(test: TestId) -> str:
    """The name that pytest prints over a failure: `a.py::TestB::test_c[x::y]` → `TestB.test_c[x::y]`."""
    head, bracket, params = test.split("::", 1)[-1].partition("[")
    return head.replace("::", ".") + bracket + params


def _failure(test: TestId, message: str, texts: dict[str, Failure]) -> Failure:
    head, colon, rest = message.partition(": ")
    exception, told = (head, rest) if colon and head.isidentifier() else ("", message)
    return texts.get(printed(test)) or Failure(phase="call", exception=exception, message=told)


def _listed(lines: Sequence[str]) -> Iterator[tuple[Outcome, TestId, str]]:
    inside = False
    for line in lines:
        if HEADING.match(line):
            inside = True
        elif inside and END.match(line):
            inside = False
        elif inside and (found := LINE.match(line)):
            test, message = _split(found["rest"].rstrip())
            yield WORDS[found["word"]], bare_test_id(test), message


def _split(rest: str) -> tuple[str, str]:
    """Id and message. An id may hold ` - ` within its parameters: then it goes on to the last `]` before a message."""
    bracket = rest.find("[")
    dash = rest.find(MESSAGE)
    if 0 <= bracket < dash or (bracket >= 0 and dash < 0):
        end = rest.find("]" + MESSAGE)
        end = end + 1 if end >= 0 else (rest.rfind("]") + 1 or len(rest))
        return rest[:end], rest[end:].removeprefix(MESSAGE)
    return (rest, "") if dash < 0 else (rest[:dash], rest[dash + len(MESSAGE) :])
