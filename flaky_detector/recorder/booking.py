"""What one test changed, booked change by change and settled into net changes.

Owns the arithmetic: first `before`, last `after`, nothing where the two are equal. Must not know where changes are seen.

    MODE  unset -> a    a session fixture, during this test's setup
    MODE  a -> b        the test
    MODE  unset -> b    settled, on the account of the last one: the test
"""

from __future__ import annotations

from typing import Any

MAX_CHANGES = 200
"""Of one kind and one test; a test that changes more has told enough."""

Change = Any  # a dict as in the `state` of wire's "end" event


class Booking:
    """Changes of one kind of state; `entries` holds what was booked since the last settlement."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.entries: dict[str, dict[str, Any]] = {}

    def book(self, key: str, before: str | None, after: str | None, scope: str, origin: str = "") -> dict[str, Any]:
        """One change that was seen; digests, None where the thing did not exist. Returns the entry, for additions."""
        entry = self.entries.setdefault(key, {"kind": self.kind, "key": key, "before": before})
        entry["after"] = after
        entry["scope"] = scope
        if origin or "origin" not in entry:
            entry["origin"] = origin
        return entry

    def settle(self) -> list[dict[str, Any]]:
        """The net changes since the last settlement, in the order in which they began."""
        booked, self.entries = self.entries, {}
        return [entry for entry in booked.values() if entry["before"] != entry["after"]][:MAX_CHANGES]
