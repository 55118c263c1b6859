"""Names of tests as the house knows them: node ids without xdist's `@group` suffix.

Owns the mapping from items to ids. `--dist loadgroup` appends the suffix to the node ids of a worker while plugins sort the collection
(https://pytest-xdist.readthedocs.io/en/stable/distribution.html), so ids are taken before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class Names:
    """Remembers the ids that items had at first sight."""

    def __init__(self, *, has_groups: bool) -> None:
        self._has_groups = has_groups
        self._ids: dict[Any, str] = {}

    def learn(self, items: Iterable[Any]) -> None:
        """To be called before any plugin can rename them."""
        for item in items:
            self._ids[item] = item.nodeid

    def of(self, item: Any) -> str:
        """The id of an item; of one that came later, its node id without a suffix."""
        known = self._ids.get(item)
        if known is not None:
            return known
        return without_group(item.nodeid) if self._has_groups else str(item.nodeid)


def without_group(nodeid: str) -> str:
    """The node id without `@group`: a function name cannot hold an `@`, so the suffix starts at the first one after the parameters."""
    closing = nodeid.rfind("]")
    start = closing if closing >= 0 else nodeid.rfind("::")
    at = nodeid.find("@", max(start, 0))
    return nodeid if at < 0 or start < 0 else nodeid[:at]
