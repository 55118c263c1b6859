"""`sys.modules`: modules that a test took out, replaced, or put in place without importing them.

Owns the kind `module`. A first import is no change, nor is importing again what another test took out. Put in place is what is no
module at all, or a module without a spec, unless it came along with an import of its own package (packages that replace themselves). Cost:
one comparison of addresses a test, about 6 ns a module.
"""

from __future__ import annotations

import os
import sys
import types
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.booking import Booking
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

    def start(self) -> None:
        """Take the present modules for granted."""
        self._last = dict(sys.modules)
        self._image = image(tuple(self._last.values()))
        self._latest = next(reversed(self._last), None)

    def mark(self, scope: str) -> bool:
        """Book what differs from the last look.

        The latest name is looked at as well, for one that is taken out and put in under another name leaves the row of modules the same.
        """
        modules = sys.modules
        if image(tuple(modules.values())) != self._image or next(reversed(modules), None) is not self._latest:
            last = self._last
            self.start()
            self._compare(last, self._last, scope)
        return bool(self._booking.entries)

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
