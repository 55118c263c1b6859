"""Where Django's URLs lead on this thread: the URL conf that a test set, and the prefix of the script.

Owns the kind `django-urlconf`, keys `urlconf` and `script-prefix`. Every request sets both and resets the first; a URL conf that is the
one in the settings, and the prefix `/`, are as good as none. The caches of resolvers are not looked at: every test fills them, and
what they hold follows from the URL conf. Cost: two context variables a test, 1 µs.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs, without
from flaky_detector.recorder.thread_local import Kept
from flaky_detector.recorder.world import digest


class DjangoUrlconfProbe:
    """Compares what `get_urlconf` and `get_script_prefix` would say."""

    name = "django-urlconf"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_URLCONF)
        self._last: tuple[Any, Any] = (None, None)
        self._urlconf = Kept()
        self._prefix = Kept()

    def start(self) -> None:
        """Take what is set now for granted."""
        self._last = self._present()

    def mark(self, scope: str) -> bool:
        """Book what is set to something else."""
        now = self._present()
        if now != self._last:
            for key, before, after in zip(("urlconf", "script-prefix"), self._last, now):
                if before != after:
                    self._booking.book(key, _digest(before), _digest(after), scope)
            self._last = now
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """That Django is not there; none where it is."""
        return without("django.urls.base")

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _present(self) -> tuple[Any, Any]:
        base = sys.modules.get("django.urls.base")
        if base is None:
            return None, None
        urlconf = self._urlconf.value(getattr(base, "_urlconfs", None))
        prefix = self._prefix.value(getattr(base, "_prefixes", None))
        if urlconf is not None:
            settings = getattr(sys.modules.get("django.conf"), "settings", None)
            urlconf = None if urlconf == getattr(settings, "ROOT_URLCONF", None) else _name(urlconf)
        return urlconf, None if prefix in (None, "/", "") else str(prefix)


def _name(urlconf: Any) -> str:
    """A module's name; Django also takes modules and lists of patterns."""
    return (
        urlconf
        if isinstance(urlconf, str)
        else str(getattr(urlconf, "__name__", None) or "%s at %d" % (type(urlconf).__name__, id(urlconf)))
    )


def _digest(value: Any) -> str | None:
    return None if value is None else digest(str(value).encode("utf-8", "surrogatepass"))
