"""Which of its globals a module assigns itself, and did not import: told by its source.

Owns the reading. It is asked only where one object changed that several modules hold, once a module.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 1 << 21
ASSIGNMENT = re.compile(rb"^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)

_known: dict[str, frozenset[str]] = {}


def assigned(names: Mapping[str, Any]) -> frozenset[str]:
    """Names that stand at the beginning of a line and get a value; none where the source cannot be read."""
    file = names.get("__file__")
    if type(file) is not str:
        return frozenset()
    if file not in _known:
        _known[file] = frozenset(name.decode("utf-8", "replace") for name in ASSIGNMENT.findall(_read(file)))
    return _known[file]


def _read(path: str) -> bytes:
    try:
        fd = World.open(path, os.O_RDONLY)
        try:
            return World.read(fd, MAX_BYTES)
        finally:
            World.close(fd)
    except OSError:
        return b""
