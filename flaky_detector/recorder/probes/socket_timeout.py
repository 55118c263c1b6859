"""The time-out that new sockets get, where a test left another one.

Owns the kind `socket-timeout`. Looks only when `socket` has been imported. Cost: one call a test.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading


class SocketTimeoutProbe(Reading):
    """Of the C module, bound at the first sight of it."""

    name = "socket-timeout"
    kind = wire.SOCKET_TIMEOUT
    _get: Any = None

    def read(self) -> dict[str, Any]:
        """Seconds, or none."""
        if self._get is None:
            self._get = getattr(sys.modules.get("_socket"), "getdefaulttimeout", None)
        seconds = self._get() if self._get is not None else None
        return {"socket.defaulttimeout": "none" if seconds is None else seconds}
