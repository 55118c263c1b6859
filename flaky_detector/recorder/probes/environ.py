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

PYTEST_SETS = "PYTEST_CURRENT_TEST"
PYTEST_SETS_BYTES = b"PYTEST_CURRENT_TEST"


class EnvironProbe:
    """Compares `os.environ` as a whole, then name by name where it differs."""

    name = "environ"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.ENVIRON)
        self._salt = os.urandom(16)
        self._last: dict[Any, Any] = {}

    def start(self) -> None:
        """Take the present variables for granted."""
        self._last = _copy()

    def mark(self, scope: str) -> bool:
        """Book what differs from the last look."""
        now = _copy()
        if now == self._last:
            return bool(self._booking.entries)
        last, self._last = self._last, now
        for name in [*last, *(name for name in now if name not in last)]:
            before, after = last.get(name), now.get(name)
            if before != after:
                self._booking.book(_text(name), self._digest(before), self._digest(after), scope)
        return bool(self._booking.entries)

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _digest(self, value: Any) -> str | None:
        return None if value is None else digest(self._salt + _text(value).encode("utf-8", "surrogateescape"))


def _copy() -> dict[Any, Any]:
    """The mapping behind `os.environ`, which need not be decoded to be compared; `os.environ` itself where a test replaced it.

    Without the one variable that pytest itself sets and removes around each phase.
    """
    copy = dict(getattr(os.environ, "_data", os.environ))
    copy.pop(PYTEST_SETS, None)
    copy.pop(PYTEST_SETS_BYTES, None)
    return copy


def _text(value: Any) -> str:
    return os.fsdecode(value) if isinstance(value, bytes) else str(value)
