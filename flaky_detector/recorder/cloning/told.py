"""Values as text that is the same in another process, for things that decide what a test database will hold.

Owns the wording. Runs no code of the user's objects; two values with the same text may still differ in what only such code would tell.
"""

from __future__ import annotations

import datetime as dt
import decimal
import pathlib
import re
import types
import uuid
from typing import Any

from flaky_detector.recorder import plain

MAX_DEPTH = 7
MOST_OBJECTS = 2
"""Objects within objects that are told by their attributes; what they hold beyond that is told by its class."""

PLAIN = (
    str,
    bytes,
    bool,
    int,
    float,
    complex,
    type(None),
    dt.date,
    dt.datetime,
    dt.timedelta,
    decimal.Decimal,
    uuid.UUID,
)
PATHS = (pathlib.PosixPath, pathlib.WindowsPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)
SEQUENCES = (list, tuple)
SETS = (set, frozenset)


def told(value: Any, depth: int = 0, objects: int = 0) -> str:
    """Plain values as they are, containers by what they hold, modules, functions and classes by name, the rest by class and attributes."""
    kind = type(value)
    if kind in PLAIN:
        return repr(value)
    if kind in PATHS:
        return repr(str(value))
    if kind is re.Pattern:
        return repr((value.pattern, value.flags))
    if plain.is_a(value, types.ModuleType):
        return str(plain.namespace(value).get("__name__"))
    name = plain.origin(value)
    if name:
        return name
    if depth >= MAX_DEPTH:
        return plain.name_of(kind)
    if kind in SEQUENCES:
        return "[%s]" % ",".join([told(inner, depth + 1, objects) for inner in value])
    if kind in SETS:
        return "{%s}" % ",".join(sorted([told(inner, depth + 1, objects) for inner in value]))
    if issubclass(kind, dict):
        return "%s{%s}" % (kind.__name__, ",".join(_pairs(dict.items(value), depth, objects)))
    for base in (str, bytes, int, float):
        if issubclass(kind, base):  # an enumeration's member, a safe string
            return "%s %s" % (plain.name_of(kind), base.__repr__(value))
    inner = _pairs(plain.attributes(value).items(), depth, objects + 1) if objects < MOST_OBJECTS else []
    return "%s:%s(%s)" % (plain.module_of(kind), plain.name_of(kind), ",".join(inner))


def _pairs(items: Any, depth: int, objects: int) -> list[str]:
    """In the order of their names, which does not depend on who came first."""
    return sorted([told(name, depth + 1) + ":" + told(inner, depth + 1, objects) for name, inner in list(items)])
