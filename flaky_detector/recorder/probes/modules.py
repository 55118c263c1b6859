"""`sys.modules`: modules that a test took out, replaced, or put in place without importing them.

Owns the kind `module`. A first import is no change, nor is importing again what another test took out. Put in place is what is no
module at all, or a module without a spec, unless it came along with an import of its own package (packages that replace themselves). Cost:
none where dicts have versions, else one comparison of addresses a test, about 6 ns a module.
"""

from __future__ import annotations

import os
import sys
import types
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, versions, wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs
from flaky_detector.recorder.world import digest


class ModulesProbe:
    """Compares names and identities; the modules themselves are held, so that no other object can have their address."""

    name = "modules"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.MODULE)
        self._salt = os.urandom(16)
        self._last: dict[str, Any] = {}
        self._image: Any = None
        self._latest: Any = None
        self._modules: Any = None
        self._cell: Any = None
        self._version = 0

    def start(self) -> None:
        """Take the present modules for granted."""
        self._modules = sys.modules
        self._cell = versions.cell(self._modules)
        self._version = versions.read(self._cell) if self._cell is not None else 0
        self._last = dict(self._modules)
        self._image = image(tuple(self._last.values()))
        self._latest = next(reversed(self._last), None)

    def mark(self, scope: str) -> bool:
        """Book what differs from the last look.

        The latest name is looked at as well, for one that is taken out and put in under another name leaves the row of modules the same.
        """
        modules = sys.modules
        if modules is self._modules and self._cell is not None and versions.read(self._cell) == self._version:
            return bool(self._booking.entries)
        if image(tuple(modules.values())) != self._image or next(reversed(modules), None) is not self._latest:
            last = self._last
            self.start()
            self._compare(last, self._last, scope)
        elif self._cell is not None:
            self.start()
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """The dict, and its version."""
        if self._cell is None:
            return None
        return Signs([(partial(versions.read, self._cell), self._version)], [(partial(vars(sys).get, "modules"), self._modules)])

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _compare(self, last: dict[str, Any], now: dict[str, Any], scope: str) -> None:
        for name, before in last.items():
            after = now.get(name, plain.MISSING)
            if before is not after:
                self._book(name, before, after, scope)
        for name in [name for name in now if name not in last]:
            if name in self._booking.entries or _is_put_in_place(name, now[name], last):
                self._book(name, plain.MISSING, now[name], scope)

    def _book(self, name: Any, before: Any, after: Any, scope: str) -> None:
        if type(name) is str:
            self._booking.book(name, self._digest(before), self._digest(after), scope)

    def _digest(self, module: Any) -> str | None:
        return None if module is plain.MISSING else digest(self._salt + b"%d" % id(module))


def _is_put_in_place(name: Any, module: Any, last: dict[str, Any]) -> bool:
    if type(name) is not str:
        return False
    top = name.partition(".")[0]
    if plain.is_a(module, types.ModuleType):
        found = plain.namespace(module)
        if found.get("__spec__") is not None or found.get("__file__") or found.get("__loader__") is not None:
            return False
    elif plain.module_of(type(module)).partition(".")[0] == top:
        return False
    return top == name or top in last or not _is_imported(sys.modules.get(top))


def _is_imported(module: Any) -> bool:
    return plain.namespace(module).get("__spec__") is not None
