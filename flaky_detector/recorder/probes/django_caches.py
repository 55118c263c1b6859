"""What tests leave in the caches that Django keeps in this process.

Owns the kind `django-cache`; the key is the alias of a cache of the settings that is in local memory, `contenttypes` or `sites`. Which
entries came or went is not told, only that there are others: their names are often made of numbers. A cache that most tests fill is
noise, which the house learns.

Cost: one comparison of dicts a test, by the identity of the entries, up to `MAX_ENTRIES`, then by their number: 1 µs for empty caches,
10 µs for one of a thousand entries.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs, without
from flaky_detector.recorder.world import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENTRIES = 1000
MODULES = ("django.core.cache.backends.locmem", "django.contrib.contenttypes.models", "django.contrib.sites.models")


class DjangoCachesProbe:
    """Compares the caches with shallow copies."""

    name = "django-caches"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_CACHE)
        self._salt = os.urandom(16)
        self._last: dict[str, Any] = {}

    def start(self) -> None:
        """Take what is in them for granted."""
        self._last = {key: _copy(entries) for key, entries in _caches()}

    def mark(self, scope: str) -> bool:
        """Book caches that hold something else."""
        for key, entries in _caches():
            last = self._last.get(key, {})
            if not _is_same(entries, last):
                now = self._last[key] = _copy(entries)
                self._booking.book(_alias(key), self._digest(last), self._digest(now), scope)
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """That Django is not there; none where it is."""
        return without(*MODULES)

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _digest(self, entries: Any) -> str | None:
        """Of the names and the values as they are stored; of the number where there are many."""
        if not entries:
            return None
        told = entries if isinstance(entries, int) else sorted([_told(name, value) for name, value in entries.items()])
        return digest(self._salt + repr(told).encode("utf-8", "surrogatepass"))


def _caches() -> Iterator[tuple[str, Any]]:
    """Names and entries of all caches that there are. Names of Django's own start with a dot."""
    stored = getattr(sys.modules.get(MODULES[0]), "_caches", None)
    if stored:
        yield from list(stored.items())
    manager = getattr(getattr(sys.modules.get(MODULES[1]), "ContentType", None), "objects", None)
    types = getattr(manager, "_cache", None)
    if types is not None:
        yield ".contenttypes", {(alias, key): value for alias, inner in list(types.items()) for key, value in list(inner.items())}
    sites = getattr(sys.modules.get(MODULES[2]), "SITE_CACHE", None)
    if sites is not None:
        yield ".sites", sites


def _copy(entries: Any) -> Any:
    return dict(entries) if len(entries) <= MAX_ENTRIES else len(entries)


def _is_same(entries: Any, last: Any) -> bool:
    if isinstance(last, int) or len(entries) > MAX_ENTRIES:
        return bool(last == len(entries))
    return bool(last == entries)


def _told(name: Any, value: Any) -> str:
    """What Django stores in local memory is pickled; its own caches hold models, told apart by their key."""
    return "%r=%s" % (name, digest(value) if isinstance(value, bytes) else getattr(value, "pk", ""))


def _alias(name: str) -> str:
    """The alias of the cache that has this name (its LOCATION), else the name."""
    if name.startswith("."):
        return name[1:]
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    for alias, entry in (getattr(settings, "CACHES", None) or {}).items():
        if str(entry.get("LOCATION", "")) == name and "locmem" in str(entry.get("BACKEND", "")):
            return str(alias)
    return name or "default"
