"""Filters of warnings that a test added or removed.

Owns the kind `warnings`. pytest's own plugin puts filters back after every test, which is seen by its recording of warnings: then there is
nothing to look for, and this probe does nothing. It looks where that plugin is off (`-p no:warnings`). Cost: one row of addresses.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.reading import Reading, Same
from flaky_detector.recorder.signs import Signs


class WarningFiltersProbe(Reading):
    """`warnings.filters` and `warnings.showwarning`."""

    name = "warnings"
    kind = wire.WARNINGS
    _is_idle = False

    def start(self) -> None:
        """See whether pytest looks after them."""
        show = getattr(sys.modules.get("warnings"), "_showwarnmsg_impl", None)
        self._is_idle = type(getattr(show, "__self__", None)) is list
        super().start()

    def signs(self) -> Signs | None:
        """None are needed while pytest looks after them."""
        return Signs() if self._is_idle else None

    def read(self) -> dict[str, Any]:
        """Filters by identity: each is a tuple that `warnings` made."""
        warnings = sys.modules.get("warnings")
        if self._is_idle or warnings is None:
            return {}
        filters = image(tuple(warnings.filters)) if type(warnings.filters) is list else ()
        return {"warnings.filters": filters, "warnings.showwarning": Same(warnings.showwarning)}
