"""Handlers of the operating system's signals that a test left in place.

Owns the kind `signal-handler`. Those that pytest's plugins set for the length of a test (pytest-timeout) do not count. Cost: one call for
each signal, together about 2 µs a test.
"""

from __future__ import annotations

import signal
import sys
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.addresses import image
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.reading import Reading, Same

getsignal: Any = getattr(sys.modules.get("_signal"), "getsignal", signal.getsignal)
NUMBERS = sorted(int(number) for number in getattr(signal, "valid_signals", lambda: ())())


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal %d" % number


NAMES = tuple(map(_name, NUMBERS))


class SignalsProbe(Reading):
    """Identities first; names and owners only where one differs."""

    name = "signals"
    kind = wire.SIGNAL_HANDLER

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._booking = Booking(self.kind)
        self._found: tuple[Any, ...] = ()
        self._image: Any = None
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Signal's name → handler."""
        found = tuple(map(getsignal, NUMBERS))
        now = image(found)
        if now != self._image:
            self._image = now
            before = self._found or [None] * len(found)
            new = {name: _told(handler) for name, handler, old in zip(NAMES, found, before) if handler is not old}
            self._found = found
            if any(self._known.get(name) != told for name, told in new.items()):
                self._known = {**self._known, **new}
        return self._known

    def origin(self, value: Any) -> str:
        """A function's."""
        return plain.origin(value.value) if type(value) is Same else ""


def _told(handler: Any) -> Any:
    """A number for the system's own; pytest's own count as the default."""
    if handler is None or type(handler) is int:
        return handler
    return int(signal.SIG_DFL) if plain.is_of_pytest(plain.home(handler)) else Same(handler)
