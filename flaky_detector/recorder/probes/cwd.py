"""The working directory, where a test left another one.

Owns the kind `cwd`. Cost: one system call a test.
"""

from __future__ import annotations

import os
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs
from flaky_detector.recorder.world import World, digest


class CwdProbe:
    """Compares the path; a directory that was removed under the process's feet is a change as well."""

    name = "cwd"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.CWD)
        self._last = ""

    def start(self) -> None:
        """Take the present directory for granted."""
        self._last = _cwd()

    def mark(self, scope: str) -> bool:
        """Book another directory."""
        now = _cwd()
        if now != self._last:
            self._booking.book("cwd", _digest(self._last), _digest(now), scope)
            self._last = now
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """The path; none where there is no directory."""
        return Signs(values=[(World.getcwd, self._last)]) if self._last else None

    def settle(self) -> list[dict[str, Any]]:
        """The net change."""
        return self._booking.settle()


def _cwd() -> str:
    try:
        return World.getcwd()
    except OSError:
        return ""


def _digest(path: str) -> str | None:
    return digest(os.fsencode(path)) if path else None
