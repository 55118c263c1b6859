"""Standard streams that a test left replaced.

Owns the kind `stdio`. Under pytest's capture its own streams come and go, and what a test put there is thrown out with the test; so this
speaks under `-s`, and of `sys.stdin`. Cost: three attributes a test.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading, Same
from flaky_detector.recorder.signs import Signs

_SYS = vars(sys)
NAMES = ("stdin", "stdout", "stderr")


class StdioProbe(Reading):
    """By identity; pytest's streams count as those that stand behind them."""

    name = "stdio"
    kind = wire.STDIO

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._held: list[Any] = []
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Three streams."""
        streams = [_SYS.get(name) for name in NAMES]
        if not plain.same(streams, self._held):
            self._held = streams
            self._known = self._streams()
        return self._known

    def _streams(self) -> dict[str, Any]:
        return {"sys." + name: Same(_behind(name)) for name in NAMES}

    def signs(self) -> Signs:
        """The streams, which are held."""
        return Signs(objects=[(partial(_SYS.get, name), stream) for name, stream in zip(NAMES, self._held)])


def _behind(name: str) -> Any:
    stream = _SYS.get(name)
    return _SYS.get("__%s__" % name) if plain.is_of_pytest(plain.module_of(type(stream))) else stream
