"""Globals of the project's own modules, test modules and conftests included, that a test replaced or changed inside.

Owns the kinds `module-global` and `cache` (entries of a `functools.lru_cache`). A global that is there for the first time is none where it
is a submodule, or where the module makes its attributes on demand. What bounds a look is in `snapshot`, what bounds all of them in
`allowance`. Cost a test: 50 ns a module where dicts have versions, else 1 ns a global; 10 ns for each element of a container or
attribute of an object.
"""

from __future__ import annotations

import os
import types
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import databases, plain, wire
from flaky_detector.recorder.allowance import Allowance
from flaky_detector.recorder.assigned import assigned
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.own import Own
from flaky_detector.recorder.plain import MISSING
from flaky_detector.recorder.snapshot import Snapshots, canonical
from flaky_detector.recorder.watched import Difference, Watched
from flaky_detector.recorder.watching import Watching
from flaky_detector.recorder.world import World, digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Callable

    from flaky_detector.recorder.tree import Tree


class ModuleGlobalsProbe:
    """Watches the namespace of each own module from when it is first seen."""

    name = "module-globals"
    kind = wire.MODULE_GLOBAL
    is_deep = True

    def __init__(self, tree: Tree, note: Callable[[str], None]) -> None:
        self._own = Own(tree)
        self._snapshots = Snapshots(self._own.is_name)
        self._allowance = Allowance(self.name, note)
        self._booking = Booking(self.kind)
        self._caches = Booking(wire.CACHE)
        self._salt = os.urandom(16)
        self._watching = Watching()

    def start(self) -> None:
        """Take what is now for granted."""
        for name, names in self._own.new():
            for watched in self.watch(name, names):
                self._watching.add(id(watched.names), watched)

    def watch(self, name: str, names: dict[str, Any]) -> Iterable[Watched]:
        """What to watch of a module that was just imported."""
        return [] if id(names) in self._watching.all else [Watched(name, names, self._snapshots, _counts)]

    def mark(self, scope: str) -> bool:
        """Book what differs from the last look; modules that are new are taken for granted."""
        if not self._allowance.is_used_up:
            self._allowance.begin()
            timed = self._allowance.is_tight
            worth = self._watching.worth_a_look()
            found = [(watched, difference) for watched in worth for difference in watched.look(is_timed=timed)]
            for watched, difference in _once(found):
                if self.counts(watched, difference, scope):
                    started = World.worked() if timed else 0.0
                    self._book((watched.prefix + "." + difference.name).rstrip("."), difference, scope)
                    watched.take_time(difference.name, started)
            self.start()
            self._allowance.end()
            if self._allowance.is_exceeded:
                self._allowance.give_up(self._watching.parts())
        return bool(self._booking.entries or self._caches.entries)

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle() + self._caches.settle()

    def counts(self, watched: Watched, difference: Difference, scope: str) -> bool:  # noqa: ARG002 -- classes ask for the scope
        """Whether a difference is more than something made on demand; settings of databases are left to `django_settings`."""
        if databases.are_databases(difference.value):
            return False
        return difference.before is not MISSING or not (plain.is_a(difference.value, types.ModuleType) or "__getattr__" in watched.names)

    def _book(self, key: str, difference: Difference, scope: str) -> None:
        if difference.is_cache:  # an empty one is none
            entries = (difference.before or MISSING, difference.after or MISSING)
            self._caches.book(key, self._digest(entries[0]), self._digest(entries[1]), scope)
            return
        self._booking.book(key, self._digest(difference.before), self._digest(difference.after), scope, plain.origin(difference.value))

    def _digest(self, snapshot: Any) -> str | None:
        return None if snapshot is MISSING else digest(self._salt + canonical(snapshot).encode("utf-8", "backslashreplace"))


def _once(found: list[tuple[Watched, Difference]]) -> list[tuple[Watched, Difference]]:
    """Of one object that changed under several names, the name in the module whose source assigns it, else the last."""
    if len(found) < 2:
        return found
    best: dict[int, tuple[Watched, Difference]] = {}
    for number, (watched, difference) in enumerate(found):
        shared = type(difference.after) is tuple and difference.after[:1] != ("at",) and difference.value is not None
        key = id(difference.value) if shared else -number - 1
        if key not in best or difference.name in assigned(watched.names):
            best[key] = (watched, difference)
    return list(best.values())


def _counts(name: str, _value: Any) -> bool:
    return not name.startswith(("__", "@"))
