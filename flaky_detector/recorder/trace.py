"""A quick way to see that an object's content is what it was: its elements are the very same objects, and so are theirs.

Owns the walk, which takes some 10 ns an element, and none in a large dict that has a version, where a snapshot takes 200 ns. It only ever
says "the same for sure"; everything else is for the snapshot to tell. The elements are held, so that nothing else can get their address,
and so a trace is made only where that cannot be noticed: of objects that cannot be referred to weakly and that have no finalizer.

    {"a": [1, 2]}   →   elements "a", the list; below the list: 1, 2
"""

from __future__ import annotations

import collections
import contextvars
import types
from functools import partial
from itertools import islice
from typing import Any

from flaky_detector.recorder import plain, versions
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.snapshot import DEPTH, ELEMENTS, PRIMITIVE_IDS

HELD = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type, staticmethod, classmethod, property)
UNSEEN = frozenset(map(id, (bytearray, contextvars.ContextVar)))
"""Types whose content is not made of elements."""
SEQUENCES = (list, tuple, set, frozenset, collections.deque)
MANY = 16
"""From so many elements on it pays to compare addresses, and versions of dicts."""
MOST = 4 * ELEMENTS
"""A trace reaches at least as far as a snapshot."""
_WEAK = type.__dict__["__weakrefoffset__"].__get__

_holdable: dict[int, tuple[type, bool]] = {}
_readers: dict[int, tuple[type, Any]] = {}


class Trace:
    """Elements of one object, and traces of those among them that have elements of their own."""

    __slots__ = ("_address", "_cell", "_image", "_version", "elements", "inner", "size")

    def __init__(self, size: int, elements: list[Any], inner: list[tuple[Any, Trace]]) -> None:
        self.size = size
        self.elements = elements
        self.inner = inner
        self._image = image(tuple(elements)) if len(elements) >= MANY else None
        self._cell: Any = None
        self._address = self._version = 0

    def number(self, value: Any, version: int) -> None:
        """Remember the version that a large dict had before its elements were read; the dict itself is not held."""
        self._cell, self._address, self._version = versions.cell(value), id(value), version

    def holds(self, value: Any) -> bool:
        """Whether nothing has changed for sure."""
        if not self._is_untouched(value):
            size, elements = _elements(value)
            if size != self.size or not self._are_same(elements):
                return False
        return all(trace.holds(element) for element, trace in self.inner) if self.inner else True

    def _is_untouched(self, value: Any) -> bool:
        """By its version. The cell is read only where a dict lies at its address; another one there has another version."""
        if self._cell is None or type(value) is not dict or id(value) != self._address:
            return False
        return bool(versions.read(self._cell) == self._version)

    def _are_same(self, elements: list[Any]) -> bool:
        return plain.same(elements, self.elements) if self._image is None else bool(image(tuple(elements)) == self._image)


def trace(value: Any) -> Trace | None:
    """The trace of an object's content; None where it cannot be held."""
    return _trace(value, DEPTH, [MOST])


def _trace(value: Any, depth: int, left: list[int]) -> Trace | None:
    if id(type(value)) in UNSEEN:
        return None
    cell = versions.cell(value) if type(value) is dict and len(value) >= MANY else None
    version = versions.read(cell) if cell is not None else 0
    size, elements = _elements(value)
    left[0] -= len(elements)
    inner = []
    for element in elements:
        kind = type(element)
        if id(kind) in PRIMITIVE_IDS or issubclass(kind, HELD):
            continue
        if not _can_be_held(kind):
            return None
        if depth > 1 and left[0] > 0:
            below = _trace(element, depth - 1, left)
            if below is None:
                return None
            if below.elements or _can_grow(kind):
                inner.append((element, below))
    found = Trace(size, elements, inner)
    if cell is not None:
        found.number(value, version)
    return found


def _elements(value: Any) -> tuple[int, list[Any]]:
    kind = type(value)
    known = _readers.get(id(kind))
    if known is None:
        known = _readers[id(kind)] = (kind, _reader(kind))
    found: tuple[int, list[Any]] = known[1](value)
    return found


def _reader(kind: type) -> Any:
    if issubclass(kind, dict):
        return lambda value: (dict.__len__(value), [*islice(dict.keys(value), ELEMENTS), *islice(dict.values(value), ELEMENTS)])
    for base in SEQUENCES:
        if issubclass(kind, base):
            return partial(_sequence, base)
    return partial(_instance, plain.reader(kind), plain.slots(kind))


def _sequence(base: Any, value: Any) -> tuple[int, list[Any]]:
    return base.__len__(value), list(islice(base.__iter__(value), ELEMENTS))


def _instance(reader: Any, slots: Any, value: Any) -> tuple[int, list[Any]]:
    found = reader.__get__(value) if reader is not None else None
    elements = [*found, *found.values()] if type(found) is dict else []
    for _, descriptor in slots:
        try:
            elements.append(descriptor.__get__(value))
        except AttributeError:
            elements.append(plain.MISSING)
    return len(elements), elements


def _can_grow(kind: type) -> bool:
    """Whether what has no elements may have some at the next look."""
    return issubclass(kind, (dict, *SEQUENCES)) or plain.reader(kind) is not None


def _can_be_held(kind: type) -> bool:
    known = _holdable.get(id(kind))
    if known is None:
        finalizes = any("__del__" in plain.members(base) for base in plain.ancestors(kind))
        known = _holdable[id(kind)] = (kind, not _WEAK(kind) and not finalizes)
    return known[1]
