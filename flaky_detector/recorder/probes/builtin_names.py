"""Built-in functions that a test replaced, added or removed.

Owns the kind `builtins`. The name `_` is left out: the interactive hook and doctest put every value there. Cost: none where dicts have
versions, else one row of addresses, 1 µs.
"""

from __future__ import annotations

import builtins
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, versions, wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.reading import Reading, Same
from flaky_detector.recorder.signs import Signs

_BUILTINS = vars(builtins)
IGNORED = ("_", "__debug__")


class BuiltinNamesProbe(Reading):
    """By identity; the functions are held, so that no other object can have their address."""

    name = "builtins"
    kind = wire.BUILTINS

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._image: Any = None
        self._latest: Any = None
        self._cell = versions.cell(_BUILTINS)
        self._version = 0
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Name → object."""
        self._version = versions.read(self._cell) if self._cell is not None else 0
        now = image(tuple(_BUILTINS.values()))
        latest = next(reversed(_BUILTINS))
        if now != self._image or latest is not self._latest:
            self._image, self._latest = now, latest
            self._known = {"builtins." + name: Same(value) for name, value in _BUILTINS.items() if _counts(name)}
        return self._known

    def signs(self) -> Signs | None:
        """The version of the dict."""
        return Signs(values=[(partial(versions.read, self._cell), self._version)]) if self._cell is not None else None

    def origin(self, value: Any) -> str:
        """A function's."""
        return plain.origin(value.value) if type(value) is Same else ""


def _counts(name: str) -> bool:
    return name not in IGNORED and not name.startswith("@")
