"""The process's time zone, where a test left another one: what `time.tzset` made of TZ.

Owns the kind `timezone`; the variable TZ itself is of the kind `environ`. Cost: four attributes a test.
"""

from __future__ import annotations

import time
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading

_NAMES = ("tzname", "timezone", "altzone", "daylight")
_TIME = vars(time)


class TimeZoneProbe(Reading):
    """The attributes of `time` that `time.tzset` sets."""

    name = "timezone"
    kind = wire.TIMEZONE

    def read(self) -> dict[str, Any]:
        """One value for the whole."""
        return {"timezone": tuple(value if type(value) is tuple or type(value) is int else id(value) for value in map(_TIME.get, _NAMES))}
