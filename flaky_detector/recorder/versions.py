"""The number that a dict gets anew each time it is changed (PEP 509), where the interpreter keeps one.

Owns the reading of it: one word of the dict's own head, the same on CPython 3.8 to 3.13. It says in 50 ns that a dict of any size has
not been touched, which no look at its elements can. Whether it is there and does what it should is tried at import, on a dict of our
own; where not (3.14, other interpreters, no ctypes), there are no cells, and the elements are looked at.

    dict  │ references │ type │ length │ version │ keys │ values │

Only for dicts that stand by themselves: module globals, `sys.modules`, what a class defines. The attributes of an instance may be kept
beside its dict, as they are by 3.13: there are cells of these only where setting an attribute is seen. https://peps.python.org/pep-0509/
"""

from __future__ import annotations

import gc
import sys
import types
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OFFSET = object.__basicsize__ + tuple.__itemsize__
read: Any = attrgetter("value")
"""The number in a cell, now."""


def _cells() -> Any:
    """From a dict to the cell of its number; None where there is none that can be relied upon."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 14):
        return None
    try:
        import ctypes

        at = ctypes.c_uint64.from_address
        return at if _is_kept(lambda names: at(id(names) + _OFFSET)) else None
    except Exception:
        return None


def _is_kept(cell_of: Any) -> bool:
    """Whether each change gives another number, and looking gives none."""
    names: dict[Any, Any] = {"__name__": __name__, "a": 1, "b": None}
    cell = cell_of(names)
    exec("def put(value):\n    global a\n    a = value", names)  # noqa: S102 -- the one way to set a global of this very dict
    changes: tuple[Callable[[], Any], ...] = (
        *(partial(names["put"], number) for number in range(40)),  # often enough to be specialised
        partial(names.update, a=1.5),
        partial(names.pop, "b"),
        partial(names.__setitem__, "b", None),
        partial(names.__delitem__, "b"),
        partial(names.setdefault, "c", 1),
    )
    for change in changes:
        before = read(cell)
        change()
        after = read(cell)
        _look(names)
        if before == after or read(cell) != after:
            return False
    return True


class _Thing:
    def put(self, value: Any) -> None:
        self.a = value


def _sees_attributes() -> bool:
    """Whether an attribute that is set, by whatever shortcut of the interpreter's, gives the instance's dict another number."""
    thing = _Thing()
    for number in range(3):  # so that the shortcut is there before the dict is
        thing.put(number)
    names = thing.__dict__
    cell_of_it = cell(names)
    for number in range(200):
        before = read(cell_of_it) if cell_of_it is not None else None
        thing.put(number)
        if cell_of_it is None or read(cell_of_it) == before or names["a"] != number:
            return False
    return True


def _look(names: dict[Any, Any]) -> None:
    """What must not count as a change."""
    list(names.items())
    names.get("a")
    names.copy()


_at = _cells()


def behind(names: Any) -> Any:
    """The dict behind what a class shows of it; any other as it is."""
    found = gc.get_referents(names) if type(names) is types.MappingProxyType else [names]
    return found[0] if len(found) == 1 else None


def cell(names: Any) -> Any:
    """The cell of a dict, which must outlive it; None where its number cannot be had."""
    return _at(id(names) + _OFFSET) if _at is not None and type(names) is dict else None


OF_INSTANCES = _sees_attributes()
"""Whether cells of instances' dicts can be relied upon."""


class Untouched:
    """Whether none of some dicts, which are held, was changed since `renew`; no, where that cannot be told. Renew before reading them."""

    __slots__ = ("_cells", "_dicts", "_numbers")

    def __init__(self, dicts: Sequence[Any], *, of_instances: bool = False) -> None:
        cells = [cell(each) for each in dicts] if OF_INSTANCES or not of_instances else [None]
        self._dicts = dicts
        self._cells = cells if None not in cells else []
        self._numbers: list[int] = []
        self.renew()

    def renew(self) -> None:
        """From now on."""
        self._numbers = list(map(read, self._cells))

    def holds(self) -> bool:
        """As said."""
        return bool(self._cells) and list(map(read, self._cells)) == self._numbers
