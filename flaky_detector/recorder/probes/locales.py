"""The process's locale, where a test left another one.

Owns the kind `locale`. Cost: one call into the C library a test.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Dict, Tuple

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading
from flaky_detector.recorder.signs import Signs

try:
    import _locale
except ImportError:  # pragma: no cover -- a Python built without it
    _locale = None  # type: ignore[assignment]

CATEGORIES = ("LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME")


class LocalesProbe(Reading):
    """All categories at once, then each; bound early, for tests patch `locale.setlocale`."""

    name = "locale"
    kind = wire.LOCALE

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._set = getattr(_locale, "setlocale", None)
        self._known: Tuple[str, Dict[str, Any]] = ("", {})

    def read(self) -> dict[str, Any]:
        """Category → locale."""
        if self._set is None:
            return {}
        everything = self._set(_locale.LC_ALL, None)
        if everything != self._known[0]:
            numbers = {name: getattr(_locale, name) for name in CATEGORIES if hasattr(_locale, name)}
            self._known = (everything, {name: self._set(number, None) for name, number in numbers.items()})
        return self._known[1]

    def signs(self) -> Signs:
        """All categories in one text."""
        return Signs(values=[(partial(self._set, _locale.LC_ALL, None), self._known[0])]) if self._set is not None else Signs()
