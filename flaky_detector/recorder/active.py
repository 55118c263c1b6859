"""What Django holds active on this thread: a language, a time zone.

Owns the comparison that the probes of both share. `activate` leaves an object in a thread-local; it is looked at only when it is
another object than at the last look.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs, without
from flaky_detector.recorder.thread_local import Kept
from flaky_detector.recorder.world import digest


class ActiveProbe:
    """Compares what is active; a subclass says where it is kept and what it is called."""

    name = ""
    kind = ""
    key = ""
    module = ""
    """The module of Django in whose `_active` it is kept."""
    setting = ""
    """The setting with what is active otherwise, which is as good as none."""
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(self.kind)
        self._kept = Kept()
        self._active: Any = None
        self._last: str | None = None

    def name_of(self, active: Any) -> str:
        """What the active object is called."""
        return str(active)

    def start(self) -> None:
        """Take the present one for granted."""
        self._active = self._present()
        self._last = self._told()

    def mark(self, scope: str) -> bool:
        """Book another one."""
        active = self._present()
        if active is not self._active:
            self._active = active
            before, self._last = self._last, self._told()
            if before != self._last:
                self._booking.book(self.key, _digest(before), _digest(self._last), scope)
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """That Django is not there; none where it is."""
        return without(self.module)

    def settle(self) -> list[dict[str, Any]]:
        """The net change."""
        return self._booking.settle()

    def _present(self) -> Any:
        module = sys.modules.get(self.module)
        return None if module is None else self._kept.value(getattr(module, "_active", None))

    def _told(self) -> str | None:
        if self._active is None:
            return None
        name = self.name_of(self._active)
        settings = getattr(sys.modules.get("django.conf"), "settings", None)
        return None if name == getattr(settings, self.setting, None) else name


def _digest(name: str | None) -> str | None:
    return None if name is None else digest(name.encode("utf-8", "surrogatepass"))
