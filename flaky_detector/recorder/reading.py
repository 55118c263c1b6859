"""A probe of a handful of plain values: compared as a whole, then key by key where they differ.

Owns what such probes share. A reading holds text, numbers and tuples of them, and `Same` for an object, which is compared by identity.
Only digests leave the process, salted by process.
"""

from __future__ import annotations

import os
from typing import Any

from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.world import digest


class Same:
    """Stands for an object in a reading; equal to none but itself, without asking the object."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return type(other) is Same and other.value is self.value

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "object %d" % id(self.value)


class Reading:
    """What `read` tells, compared; a subclass has `name` and `kind`, and `read`."""

    name = ""
    kind = ""
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(self.kind)
        self._salt = os.urandom(16)
        self._last: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Key → value; the same dict as last time where it is known to be equal."""
        raise NotImplementedError

    def origin(self, value: Any) -> str:  # noqa: ARG002 -- most have none
        """Where in source a value comes from."""
        return ""

    def start(self) -> None:
        """Take the present values for granted."""
        self._last = self.read()

    def mark(self, scope: str) -> bool:
        """Book what differs from the last look."""
        now = self.read()
        if now is not self._last and now != self._last:
            last, self._last = self._last, now
            for key in [*last, *(key for key in now if key not in last)]:
                before, after = last.get(key), now.get(key)
                if before != after:
                    self._booking.book(key, self.digest(before), self.digest(after), scope, self.origin(after))
        return bool(self._booking.entries)

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def digest(self, value: Any) -> str | None:
        """Of a value of a reading; None for None."""
        return None if value is None else digest(self._salt + repr(value).encode("utf-8", "backslashreplace"))
