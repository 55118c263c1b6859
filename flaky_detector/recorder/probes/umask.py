"""The mask of permissions for new files, where a test left another one.

Owns the kind `umask`. It can only be read by setting it: it is set to what it was at the last look, which changes nothing where no test
changed it, and put back at once where one did. Cost: one system call a test.
"""

from __future__ import annotations

import os
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading

_umask = os.umask


class UmaskProbe(Reading):
    """Bound early, for tests patch `os.umask`."""

    name = "umask"
    kind = wire.UMASK
    _mask = 0o077

    def read(self) -> dict[str, Any]:
        """The mask."""
        now = _umask(self._mask)
        if now != self._mask:
            _umask(now)
            self._mask = now
        return {"umask": now}
