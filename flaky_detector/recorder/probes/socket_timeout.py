"""The time-out that new sockets get, where a test left another one.

Owns the kind `socket-timeout`. Looks only when `socket` has been imported. Cost: one call a test.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading
from flaky_detector.recorder.signs import Signs


class SocketTimeoutProbe(Reading):
    """Of the C module, bound at the first sight of it."""

    name = "socket-timeout"
    kind = wire.SOCKET_TIMEOUT
    _get: Any = None
    _seconds: Any = None

    def read(self) -> dict[str, Any]:
        """Seconds, or none."""
        if self._get is None:
            self._get = getattr(sys.modules.get("_socket"), "getdefaulttimeout", None)
        self._seconds = self._get() if self._get is not None else None
        return {"socket.defaulttimeout": "none" if self._seconds is None else self._seconds}

    def signs(self) -> Signs:
        """That it is not there yet, or the time-out."""
        if self._get is None:
            return Signs(objects=[(partial(sys.modules.get, "_socket"), None)])
        return Signs(values=[(self._get, self._seconds)])
