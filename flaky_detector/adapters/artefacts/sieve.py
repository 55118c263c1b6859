"""A console log that is too large to be held → its lines that pytest printed, line by line.

Owns what is left out of large logs: what steps around pytest and tests themselves printed, beyond a share that is enough to know a failure
by. Must not read reports: a line too many does no harm.

    2026-… Downloading torch (799 MB)            left out
    2026-… ===== test session starts =====       kept, and the header below it
    2026-… tests/a.py::test_x PASSED [ 1%]       kept
    2026-… what -s lets through                  left out
    2026-… ===== FAILURES =====                  from here on
    2026-… ____ test_y ____                      the first 64 KiB below each heading, and every line of pytest's own
"""

import re
from collections.abc import Iterator
from functools import partial
from typing import IO

LONGEST_LINE = 200_000
HEADER_LINES = 40
KEPT_OF_A_SECTION = 64 * 1024
SESSION = b"test session starts"
REPORT = re.compile(
    rb"\b(?:PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS|RERUN)(?:\x1b\[[0-9;]*m)*\s*(?:(?:\x1b\[[0-9;]*m)*\[[ \d/%]+\])?"
    rb"(?:\x1b\[[0-9;]*m)*\s*$|\b\d+ (?:passed|failed|error|skipped|deselected)|\bworkers?\b|randomly-seed=|generated xml file|\d error"
)
SECTIONS = re.compile(rb"=+ (?:FAILURES|ERRORS|PASSES|XPASSES) =+")
SUMMARY = b"short test summary info"
OVERHEAD = re.compile(rb"_{3,} \S[^\n]{0,2000} _{3,}\s*(?:\x1b\[[0-9;]*m)*\s*$")
ERROR_LINE = re.compile(rb"(?:^|[Z\sm])E   ")
LEFT_OUT = b"(more of it is left out of this large log)\n"


def sifted(log: IO[bytes]) -> Iterator[bytes]:
    """The lines worth reading; one that is longer than any reader takes comes in pieces, of which only the first is one."""
    header, in_sections, room, is_cut = 0, False, KEPT_OF_A_SECTION, False
    for line in iter(partial(log.readline, LONGEST_LINE), b""):
        if SESSION in line:
            header, in_sections = HEADER_LINES, False
        elif b"=====" in line:
            in_sections = bool(SECTIONS.search(line)) or (in_sections and not _ends_sections(line))
            header, room = 0, KEPT_OF_A_SECTION
        elif in_sections and line.count(b"_", 0, 400) >= 6 and OVERHEAD.search(line):
            room, is_cut = KEPT_OF_A_SECTION, False
        elif header > 0:
            header -= 1
        elif in_sections:
            room -= len(line)
            if room < 0 and not ERROR_LINE.search(line, 0, 200):
                if not is_cut:
                    yield LEFT_OUT
                is_cut = True
                continue
        elif not _is_report(line):
            continue
        yield line


def _is_report(line: bytes) -> bool:
    """Nearly all lines are none: they are let go without the expression, which takes four times as long."""
    if b".py::" in line or b"[gw" in line:
        return True
    may_be = (
        b"ED" in line
        or b"error" in line
        or b"worker" in line
        or b"RERUN" in line
        or b"ERROR" in line
        or b"XFAIL" in line
        or b"XPASS" in line
        or b"ed" in line
    )
    return may_be and REPORT.search(line) is not None


def _ends_sections(line: bytes) -> bool:
    return SUMMARY in line or b" in " in line or b"warnings summary" in line
