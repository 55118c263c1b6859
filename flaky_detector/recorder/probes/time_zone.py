"""The process's time zone, where a test left another one: what `time.tzset` made of TZ.

Owns the kind `timezone`; the variable TZ itself is of the kind `environ`. Cost: four attributes a test.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading
from flaky_detector.recorder.signs import Signs

_TIME = vars(time)
NAMES = ("tzname", "timezone", "altzone", "daylight")


class TimeZoneProbe(Reading):
    """The attributes of `time` that `time.tzset` sets; it makes them anew."""

    name = "timezone"
    kind = wire.TIMEZONE

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._held: list[Any] = []
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """One value for the whole."""
        values = [_TIME.get(name) for name in NAMES]
        if not plain.same(values, self._held):
            self._held = values
            told = tuple(value if type(value) is tuple or type(value) is int else id(value) for value in values)
            self._known = {"timezone": told}
        return self._known

    def signs(self) -> Signs:
        """The attributes, which are held."""
        return Signs(objects=[(partial(_TIME.get, name), value) for name, value in zip(NAMES, self._held)])
