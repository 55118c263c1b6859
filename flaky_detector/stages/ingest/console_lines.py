"""One line of a pytest console log at a time → what it reports.

Owns the shapes of lines: time stamps and colour codes that CI puts in, xdist's `[gw0] [ 12%] PASSED id`, plain `-v`'s
`id PASSED [ 12%]`, lines glued to one another, and where an id ends. Must not remember earlier lines.
"""

import re
from collections.abc import Callable, Iterator

import msgspec

from flaky_detector.model import TestId, bare_test_id

COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]")
# `2026-01-01T00:00:00.1234567Z `, GitLab's with a stream's number (`01O `), also after the `job<TAB>step<TAB>` of GitHub's command line
STAMP = re.compile(
    r"^\ufeff?(?:[^\t\n]{0,200}\t[^\t\n]{0,200}\t)?\ufeff?"
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?\]? (?:\d\d[OE][ +])?"
)
WORD = r"(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN|SUBFAIL(?:ED)?(?:[\[(].{0,500}?[\])])?)"
# `[ 12%]`, `[ 338/3166]`, or with console_output_style=times `1.174ms`
PROGRESS = r"(?:\[ *(?:\d+%|\d+/\d+)\]|\d[\d.]*(?:ns|us|ms|s|m|h)\b)"
WORKER_LINE = re.compile(rf"\[(?P<worker>gw\d+)\](?: +{PROGRESS})? +(?P<word>{WORD}) +(?P<rest>\S.*)")
GLUED = re.compile(rf"(?=\[gw\d+\](?: +{PROGRESS})? +{WORD} +[^\s:]+\.py::)")
SERIAL_LINE = re.compile(rf"^(?P<id>[^\s:]+\.py::\S.*) (?P<word>{WORD})(?: \(.{{0,500}}\))?\s*{PROGRESS}?\s*$")
LATE_WORD = re.compile(rf"^(?:.*\S )?(?P<word>{WORD})(?: \(.{{0,500}}\))?\s*{PROGRESS}?\s*$")
STARTED = re.compile(r"^(?P<id>[^\s:]+\.py::\S.*?) ?$")
FROM_BASE_CLASS = re.compile(r" <- \S+$")
LONGEST_LINE = 200_000  # ids of 30,000 characters have been seen
MOST_TRIES = 50


class Report(msgspec.Struct, frozen=True):
    """A test's outcome word, told by a worker; "" for a run without xdist."""

    worker: str
    word: str
    test: TestId


def plain(line: str) -> str:
    """The line without what CI and terminals add."""
    text = line[:LONGEST_LINE]
    if "\x1b" in text:
        text = COLOURS.sub("", text)
    return STAMP.sub("", text, count=1).rstrip("\r")


def worker_reports(line: str, is_known: Callable[[str], bool]) -> Iterator[Report]:
    """Every xdist report in a line: usually one, two where lines were glued."""
    for piece in GLUED.split(line) if line.count("[gw") > 1 else (line,):
        found = WORKER_LINE.search(piece)
        if found and "::" in found["rest"]:
            yield Report(found["worker"], _bare_word(found["word"]), bare_test_id(cut_id(found["rest"], is_known)))


def serial_report(line: str) -> Report | None:
    """A report of a run without xdist, if the line is one. With `-s` the test's output stands between id and outcome."""
    found = SERIAL_LINE.match(line)
    return Report("", _bare_word(found["word"]), bare_test_id(cut_id(found["id"], lambda _: False))) if found else None


def late_word(line: str) -> str:
    """The outcome of a test that was announced on an earlier line and has printed since; "" where there is none."""
    found = LATE_WORD.match(line)
    return _bare_word(found["word"]) if found else ""


def _bare_word(word: str) -> str:
    return "SUBFAILED" if word.startswith("SUBFAIL") else word


def started_id(line: str) -> str | None:
    """The id of a line that announces a test, and nothing else."""
    found = STARTED.match(line)
    return FROM_BASE_CLASS.sub("", found["id"]) if found else None


def cut_id(rest: str, is_known: Callable[[str], bool]) -> str:
    """The node id at the start of what follows the outcome word, without text that another process glued to it.

    An id may hold spaces and brackets inside its parameters. First choice is an id that was announced; else up to the last `]`
    of the parameters, or to the first space where there are none.
    """
    text = FROM_BASE_CLASS.sub("", rest.rstrip())
    if is_known(text):
        return text
    bracket = text.find("[")
    space = text.find(" ", max(text.find("::"), 0))
    if bracket < 0 or 0 <= space < bracket:
        return text if space < 0 else text[:space]
    end = text.rfind("]")
    last = end
    for _ in range(MOST_TRIES):
        if end <= bracket:
            break
        group = text.find(" ", end)
        with_group = text[: group if group >= 0 else len(text)]
        if is_known(with_group):
            return with_group
        if is_known(text[: end + 1]):
            return text[: end + 1]
        end = text.rfind("]", 0, end)
    return text[: last + 1] if last > bracket else text
