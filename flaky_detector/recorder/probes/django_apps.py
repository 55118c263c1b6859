"""Django's apps registry: models that a test registered, replaced or took out.

Owns the kind `django-model`. Looks at the global registry only, and only when Django has been imported; models of isolated registries
and of migration states are not in it. Cost: one comparison of nested dicts a test, which for unchanged entries compares identities.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs, without
from flaky_detector.recorder.world import digest


class DjangoAppsProbe:
    """Compares `apps.all_models` with a copy of two levels."""

    name = "django-apps"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_MODEL)
        self._last: dict[str, dict[str, Any]] = {}

    def start(self) -> None:
        """Take the present registry for granted."""
        self._last = _copy(_all_models())

    def mark(self, scope: str) -> bool:
        """Book models that came, went or were replaced."""
        now = _all_models()
        if now == self._last:
            return bool(self._booking.entries)
        last, self._last = self._last, _copy(now)
        for label in [*last, *(label for label in self._last if label not in last)]:
            self._compare(label, last.get(label, {}), self._last.get(label, {}), scope)
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """That Django is not there; none where it is."""
        return without("django.apps")

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _compare(self, label: str, last: dict[str, Any], now: dict[str, Any], scope: str) -> None:
        for name in [*last, *(name for name in now if name not in last)]:
            before, after = last.get(name), now.get(name)
            if before is after:
                continue
            model = after if after is not None else before
            first, second = _digest(before), _digest(after)
            if first == second and second is not None:
                second = digest(second.encode() + b" again")
            key = label + "." + str(getattr(getattr(model, "_meta", None), "object_name", None) or name)
            self._booking.book(key, first, second, scope, _origin(model))


def _all_models() -> Any:
    apps = getattr(sys.modules.get("django.apps"), "apps", None)
    return getattr(apps, "all_models", None) or {}


def _copy(all_models: Any) -> dict[str, dict[str, Any]]:
    return {label: dict(models) for label, models in all_models.items()}


def _origin(model: Any) -> str:
    return "%s:%s" % (getattr(model, "__module__", ""), getattr(model, "__qualname__", ""))


def _digest(model: Any) -> str | None:
    """Of what the class says of itself: where it was defined, and its fields."""
    if model is None:
        return None
    fields = [getattr(field, "name", "") for field in getattr(getattr(model, "_meta", None), "local_fields", ())]
    return digest("\n".join([_origin(model), *fields]).encode("utf-8", "surrogatepass"))
