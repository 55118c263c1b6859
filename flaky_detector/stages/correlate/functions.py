"""The source of a test's function, by its node id.

Owns finding a function in a file's text: by indentation, which needs no parser of the suite's Python. Each file is cut up once.
"""

import re
from collections.abc import Callable

from flaky_detector.model import TestId, function_of, path_of

DEFINITION = re.compile(r"^(?P<indent>[ \t]*)(?:async[ \t]+)?def[ \t]+(?P<name>\w+)[ \t]*[(\[]")


def functions(sources: Callable[[str], str | None]) -> Callable[[TestId], str | None]:
    """A function from node ids to the text of the test's function, with its decorators; None where it cannot be had."""
    by_path: dict[str, dict[str, str]] = {}

    def function(test: TestId) -> str | None:
        path = path_of(test)
        if path not in by_path:
            by_path[path] = cut_up(sources(path) or "")
        return by_path[path].get(function_of(test))

    return function


def cut_up(text: str) -> dict[str, str]:
    """Every function of a file by name; of two that are called alike (methods of two classes), both.

    A function goes from its decorators to the next line that is indented no deeper, not counting blank lines and closing brackets.
    """
    lines = text.splitlines()
    found: dict[str, str] = {}
    for start, line in enumerate(lines):
        definition = DEFINITION.match(line) if "def" in line else None
        if definition:
            depth = len(definition["indent"])
            body = "\n".join(lines[_decorated(lines, start, depth) : _end(lines, start, depth)])
            found[definition["name"]] = f"{found[definition['name']]}\n{body}" if definition["name"] in found else body
    return found


def _end(lines: list[str], start: int, depth: int) -> int:
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or _depth(lines[end]) > depth or lines[end].lstrip()[:1] in (")", "]")):
        end += 1
    return end


def _decorated(lines: list[str], start: int, depth: int) -> int:
    """Where the decorators above a definition begin."""
    first = at = start
    while at > 0 and lines[at - 1].strip() and (_depth(lines[at - 1]) > depth or lines[at - 1].lstrip()[:1] in ("@", ")", "]")):
        at -= 1
        if lines[at].lstrip().startswith("@") and _depth(lines[at]) == depth:
            first = at
    return first


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
