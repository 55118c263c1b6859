"""The language that Django's translations speak on this thread.

Owns the kind `django-language`, key `language`. A request through `LocaleMiddleware` activates one too and leaves it so; the language of
the settings is as good as none. Cost: one attribute a test, 4 µs.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.world import digest

KEY = "language"
NO_TRANSLATION = "(none)"


class DjangoLanguageProbe:
    """Compares the active language."""

    name = "django-language"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_LANGUAGE)
        self._active: Any = None
        self._last: str | None = None

    def start(self) -> None:
        """Take the present language for granted."""
        self._active = _active()
        self._last = _language(self._active)

    def mark(self, scope: str) -> bool:
        """Book another language."""
        active = _active()
        if active is not self._active:
            self._active = active
            now = _language(active)
            if now != self._last:
                self._booking.book(KEY, _digest(self._last), _digest(now), scope)
                self._last = now
        return bool(self._booking.entries)

    def settle(self) -> list[dict[str, Any]]:
        """The net change."""
        return self._booking.settle()


def _active() -> Any:
    return getattr(getattr(sys.modules.get("django.utils.translation.trans_real"), "_active", None), "value", None)


def _language(active: Any) -> str | None:
    """None where it is the one of the settings."""
    if active is None:
        return None
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    language = active.to_language()
    return None if language == getattr(settings, "LANGUAGE_CODE", None) else str(language or NO_TRANSLATION)


def _digest(language: str | None) -> str | None:
    return None if language is None else digest(language.encode("utf-8", "surrogatepass"))
