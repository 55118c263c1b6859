"""The FAILURES and ERRORS sections of a console log → texts of failures by the names that pytest prints over them.

Owns the grammar of those sections. They name a test without its file: whoever reads them has to say which test of that name is meant.
"""

import re
from collections.abc import Container, Iterator, Sequence

import msgspec

from flaky_detector.model import Failure, Phase
from flaky_detector.stages.ingest.failure_text import read_failure

TITLE = re.compile(
    r"^=+ (?P<title>FAILURES|ERRORS|PASSES|XPASSES|short test summary info|rerun test summary info|warnings summary.*"
    r"|slowest .*durations|tests coverage|\d+ [a-z]+.{0,200} in [\d.]+s.{0,50}) =+$"
)
OVERHEAD = re.compile(r"^_{1,} (?:ERROR at (?P<phase>setup|teardown) of )?(?P<name>\S.*?) _{1,}$")
SEPARATOR = re.compile(r"^(?:_ )+_?$")
NOT_TEXT = re.compile(r"^\[gw\d+\] \S+ -- Python |^-+ generated xml file: ")
GROUP = re.compile(r"@[^\]@]*$")
SUBTEST = re.compile(r" (?:\[.*\]|\(.*\))+$")
FULL_WIDTH = 76  # such a line ends a section, whoever it names; a shorter one may be something that a test printed
MOST_LINES = 20_000  # of one section


class Section(msgspec.Struct, frozen=True):
    """One failure's text; `name` is `TestA.test_b[c]`, as pytest prints it."""

    name: str
    failure: Failure


def failure_sections(lines: Sequence[str], names: Container[str]) -> tuple[Section, ...]:
    """Every failure told in the sections, in the order told; `names` are those of the failing tests, as pytest prints them."""
    return tuple(_sections(lines, names))


def _sections(lines: Sequence[str], names: Container[str]) -> Iterator[Section]:
    inside = False
    name, phase = "", "call"
    text: list[str] = []
    for line in lines:
        title = TITLE.match(line) if line.startswith("=") else None
        over = _overhead(line, names) if inside else None
        if (title or over) and name:
            yield _section(name, phase, text)
            name, text = "", []
        if title:
            inside = title["title"] in ("FAILURES", "ERRORS")
        elif over:
            name, phase = over
        elif name and len(text) < MOST_LINES and not NOT_TEXT.match(line):
            text.append(line)
    if name:
        yield _section(name, phase, text)


def _overhead(line: str, names: Container[str]) -> tuple[str, str] | None:
    """Name and phase where the line stands over a failure; the name is "" for one that is not among `names`."""
    found = OVERHEAD.match(line) if line.startswith("_") and not SEPARATOR.match(line) else None
    if not found:
        return None
    printed = found["name"]
    candidates = (printed, GROUP.sub("", printed), SUBTEST.sub("", printed))
    known = next((name for name in candidates if name in names), "")
    return (known, found["phase"] or "call") if known or len(line) >= FULL_WIDTH else None


def _section(name: str, phase: str, text: Sequence[str]) -> Section:
    told: Phase = "setup" if phase == "setup" else "teardown" if phase == "teardown" else "call"
    return Section(name, read_failure("", "\n".join(text), told))
