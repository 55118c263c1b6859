"""What an object holds, as plain data that can be compared and kept without keeping the object.

Owns the depth and the bounds: containers of the built-in types and their subclasses, instances of the project's own classes, context
variables; three levels, and 500 elements in all below one root; of instances of libraries' classes, options that override what their class
says. Everything else stands by its identity, members of enums too. No code of the user's runs: see `plain`. Containers that hold weakly
stand by identity as well, for what is collected when is chance.

    {"a": [1, Thing(x=2)]}   →   ("dict", 1, {"a": ("list", 1, [1, ("of", …, {"x": 2})])})
"""

from __future__ import annotations

import collections
import contextvars
import enum
import functools
import types
from itertools import islice
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import plain

if TYPE_CHECKING:
    from typing import Callable

DEPTH = 3
ELEMENTS = 500

PRIMITIVES = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), range)
PRIMITIVE_IDS = frozenset(map(id, PRIMITIVES))
LRU_CACHE = type(functools.lru_cache(maxsize=None)(lambda: None))
_cache_info = LRU_CACHE.cache_info
_value_of = contextvars.ContextVar.get

Reader = Any  # (value, depth) → snapshot, or None for identity


class Snapshots:
    """Takes snapshots; `is_own` tells by its module's name whether a class is the project's."""

    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own = is_own
        self._readers: dict[int, tuple[type, Reader]] = {}
        self._left = 0

    def of(self, value: Any) -> Any:
        """The snapshot of a root."""
        if id(type(value)) in PRIMITIVE_IDS:
            return value
        self._left = ELEMENTS
        return self._take(value, DEPTH)

    def is_mutable(self, value: Any) -> bool:
        """Whether an object's content can change while it stays the same object, in a way that a snapshot shows."""
        kind = type(value)
        if kind is tuple and all(not self.is_mutable(each) for each in value):
            return False
        return id(kind) not in PRIMITIVE_IDS and kind is not frozenset and self._reader(kind) is not None

    def _take(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if id(kind) in PRIMITIVE_IDS:
            return value
        reader = self._reader(kind)
        if reader is None or depth <= 0 or self._left <= 0:
            return ("at", id(value))
        return reader(value, depth - 1)

    def _reader(self, kind: type) -> Reader:
        known = self._readers.get(id(kind))
        if known is None:
            known = self._readers[id(kind)] = (kind, self._choose(kind))
        return known[1]

    def _choose(self, kind: type) -> Reader:
        for base, reader in (
            (dict, self._dict),
            (list, self._sequence(list)),
            (tuple, self._sequence(tuple)),
            (collections.deque, self._sequence(collections.deque)),
            (set, self._set(set)),
            (frozenset, self._set(frozenset)),
        ):
            if issubclass(kind, base):
                return reader
        if issubclass(kind, bytearray):
            return lambda value, _: ("bytearray", bytes(bytearray.__getitem__(value, slice(0, 4096))), bytearray.__len__(value))
        if kind is contextvars.ContextVar:
            return lambda value, depth: ("variable", self._take(_value_of(value, None), depth))
        if issubclass(type(kind), enum.EnumMeta):
            return None
        if issubclass(kind, (type, types.ModuleType)):
            return None
        if kind is types.SimpleNamespace or self._is_own(plain.module_of(kind)):
            slots = plain.slots(kind)
            return self._instance(slots) if slots or plain.reader(kind) is not None else None
        return _foreign_instance(kind)

    def _each(self, values: Any, depth: int) -> list[Any]:
        """Snapshots of elements, with those of the built-in types looked at in place."""
        self._left -= len(values)
        return [value if id(type(value)) in PRIMITIVE_IDS else self._take(value, depth) for value in values]

    def _dict(self, value: Any, depth: int) -> Any:
        pairs = list(islice(dict.items(value), max(self._left, 0)))
        values = self._each([pair[1] for pair in pairs], depth)
        return ("dict", dict.__len__(value), dict(zip(map(_key, [pair[0] for pair in pairs]), values)))

    def _sequence(self, base: Any) -> Reader:
        def read(value: Any, depth: int) -> Any:
            return (base.__name__, base.__len__(value), self._each(list(islice(base.__iter__(value), max(self._left, 0))), depth))

        return read

    def _set(self, base: Any) -> Reader:
        def read(value: Any, _: int) -> Any:
            size = base.__len__(value)
            if size > ELEMENTS:  # which of them come first is chance
                return ("set", size, frozenset())
            self._left -= size
            return ("set", size, frozenset(map(_key, list(base.__iter__(value)))))

        return read

    def _instance(self, slots: Any) -> Reader:
        def read(value: Any, depth: int) -> Any:
            found = dict(islice(plain.attributes(value).items(), max(self._left, 0)))
            for name, descriptor in slots:
                try:
                    found[name] = descriptor.__get__(value)
                except AttributeError:
                    continue
            return ("of", id(type(value)), dict(zip(found, self._each(list(found.values()), depth))))

        return read


def _foreign_instance(kind: type) -> Reader:
    """Of an instance of a library's class only what overrides a plain value of its class: an option that somebody set.

    What else it holds is the library's own business, and much of it comes and goes with use.
    """
    options = frozenset(
        name
        for base in plain.ancestors(kind)
        for name, value in list(plain.members(base).items())
        if type(name) is str and not name.startswith("__") and id(type(value)) in PRIMITIVE_IDS
    )
    if not options or plain.reader(kind) is None:
        return None

    def read(value: Any, _: int) -> Any:
        found = plain.attributes(value)
        set_ones = {name: found[name] for name in options if name in found}
        return ("of", id(kind), {name: value for name, value in set_ones.items() if id(type(value)) in PRIMITIVE_IDS})

    return read


def _key(key: Any) -> Any:
    """A key or an element of a set, which must be hashable without the user's code."""
    kind = type(key)
    if id(kind) in PRIMITIVE_IDS:
        return key
    return ("tuple", *map(_key, key)) if kind is tuple else ("at", id(key))


def entries_of(cache: Any) -> int:
    """How many entries an `lru_cache` holds."""
    size: int = _cache_info(cache).currsize
    return size


def canonical(snapshot: Any) -> str:
    """One text for equal snapshots, whatever the order of dicts and sets."""
    kind = type(snapshot)
    if kind is dict:
        return "{%s}" % ",".join(sorted("%s:%s" % (canonical(key), canonical(value)) for key, value in snapshot.items()))
    if kind is frozenset:
        return "{%s}" % ",".join(sorted(map(canonical, snapshot)))
    if kind in (tuple, list):
        return "(%s)" % ",".join(map(canonical, snapshot))
    return repr(snapshot)
