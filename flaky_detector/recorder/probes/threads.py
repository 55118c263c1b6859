"""Threads that a test started and left running.

Owns the kind `thread`. Only arrivals are booked: that a thread ends by itself during a later test is not that test's doing. Threads of
pytest and its plugins do not count, nor do pools, which keep their threads on purpose. Cost: one short list a test.
"""

from __future__ import annotations

import re
import threading
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs
from flaky_detector.recorder.world import digest

NUMBERED = re.compile(r"^(?:Thread|Dummy|Timer)-\d+")
DIGITS = re.compile(r"\d+")
POOLS = ("concurrent.futures", "multiprocessing.pool", "multiprocessing.queues", "asgiref", "pydevd", "_pydevd")
_active = getattr(threading, "_active", {})


class ThreadsProbe:
    """Compares the threads that run; they are not held, for a thread may be waited for by a weak reference."""

    name = "threads"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.THREAD)
        self._known: dict[int, str] = {}
        self._identities: list[int] = []

    def start(self) -> None:
        """Take the threads that run for granted."""
        self._identities = list(map(id, list(_active.values())))
        self._known = dict.fromkeys(self._identities, "")

    def mark(self, scope: str) -> bool:
        """Book new threads; take back those of this test that have ended since."""
        threads = list(_active.values())
        identities = list(map(id, threads))
        if identities != self._identities:
            known, self._identities = self._known, identities
            self._known = {id(thread): known.get(id(thread)) or _key(thread) for thread in threads}
            for identity in [identity for identity in identities if identity not in known]:
                self._book(self._known[identity], scope, is_there=True)
            for key in [key for identity, key in known.items() if identity not in self._known]:
                if key in self._booking.entries and key not in self._known.values():
                    self._book(key, scope, is_there=False)
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """That there is the main thread alone; others are not held."""
        main = threading.main_thread()
        return Signs(rows=[(_active.values(), (main,))]) if self._identities == [id(main)] else None

    def settle(self) -> list[dict[str, Any]]:
        """Threads that came."""
        return self._booking.settle()

    def _book(self, key: str, scope: str, *, is_there: bool) -> None:
        if key:
            self._booking.book(key, None, digest(key.encode("utf-8", "backslashreplace")) if is_there else None, scope)


def _key(thread: Any) -> str:
    """The name that was given to it, else its target, else its class; empty where it does not count."""
    found = plain.attributes(thread)
    target = found.get("_target")
    code = plain.home(target) if target is not None else plain.module_of(type(thread))
    if plain.is_of_pytest(code) or code.startswith(POOLS) or type(thread) is getattr(threading, "_DummyThread", None):
        return ""
    name = found.get("_name")
    if type(name) is str and not NUMBERED.match(name):
        return DIGITS.sub("#", name)
    return plain.origin(target).replace(":", ".") or "%s.%s" % (plain.module_of(type(thread)), plain.name_of(type(thread)))
