"""The time zone that is current for Django on this thread.

Owns the kind `django-timezone`, key `timezone`. The zone of the settings is as good as none. Cost: one attribute a test, 3 µs.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.world import digest

KEY = "timezone"


class DjangoTimezoneProbe:
    """Compares the active time zone."""

    name = "django-timezone"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_TIMEZONE)
        self._active: Any = None
        self._last: str | None = None

    def start(self) -> None:
        """Take the present zone for granted."""
        self._active = _active()
        self._last = _zone(self._active)

    def mark(self, scope: str) -> bool:
        """Book another zone."""
        active = _active()
        if active is not self._active:
            self._active = active
            now = _zone(active)
            if now != self._last:
                self._booking.book(KEY, _digest(self._last), _digest(now), scope)
                self._last = now
        return bool(self._booking.entries)

    def settle(self) -> list[dict[str, Any]]:
        """The net change."""
        return self._booking.settle()


def _active() -> Any:
    return getattr(getattr(sys.modules.get("django.utils.timezone"), "_active", None), "value", None)


def _zone(active: Any) -> str | None:
    """None where it is the one of the settings."""
    if active is None:
        return None
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    return None if str(active) == getattr(settings, "TIME_ZONE", None) else str(active)


def _digest(zone: str | None) -> str | None:
    return None if zone is None else digest(zone.encode("utf-8", "surrogatepass"))
