"""Environment variables that a test set, changed or removed.

Owns the kind `environ`. Only digests leave the process, salted by process, so that a short secret cannot be guessed from them.
Cost: one comparison of a small dict a test.
"""

from __future__ import annotations

import os
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.world import digest

IGNORED = frozenset(["PYTEST_CURRENT_TEST", wire.AWAKE])


class EnvironProbe:
    """Compares `os.environ` as a whole, then name by name where it differs."""

    name = "environ"

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.ENVIRON)
        self._salt = os.urandom(16)
        self._last: dict[Any, Any] = {}

    def start(self) -> None:
        """Take the present variables for granted."""
        self._last = dict(_raw())

    def begin(self) -> None:
        """Nothing to do."""

    def mark(self, scope: str) -> None:
        """Book what differs from the last look."""
        now = _raw()
        if now == self._last:
            return
        last, self._last = self._last, dict(now)
        for name in [*last, *(name for name in self._last if name not in last)]:
            before, after = last.get(name), self._last.get(name)
            if before != after and _text(name) not in IGNORED:
                self._booking.book(_text(name), self._digest(before), self._digest(after), scope)

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _digest(self, value: Any) -> str | None:
        return None if value is None else digest(self._salt + _text(value).encode("utf-8", "surrogateescape"))


def _raw() -> Any:
    """The mapping behind `os.environ`, which need not be decoded to be compared; `os.environ` itself where a test replaced it."""
    return getattr(os.environ, "_data", os.environ)


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)
