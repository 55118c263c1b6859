"""The lines of a console log as pytest printed them.

Owns what others put before whole logs: CI's time stamps (`console_lines.plain`) and the names of services and environments that compose
or tox put at the start of each line. Must not read what the lines say.
"""

import re
from collections.abc import Sequence

from flaky_detector.stages.ingest.console_lines import plain

FIRST = re.compile(r"^(?P<prefix>[^=\n]{1,100})=+ test session starts =+")
FEWEST = 3


def lines_of(data: bytes) -> list[str]:
    """Every line without stamps, colours and a prefix that the line of the session's start has and others share."""
    lines = [plain(line) for line in data.decode("utf-8", errors="replace").split("\n")]
    prefix = _prefix(lines)
    return [line.removeprefix(prefix) for line in lines] if prefix else lines


def _prefix(lines: Sequence[str]) -> str:
    for number, line in enumerate(lines):
        found = FIRST.match(line) if "test session starts" in line else None
        if found:
            shared = sum(other.startswith(found["prefix"]) for other in lines[number : number + 20])
            return found["prefix"] if shared >= FEWEST else ""
    return ""
