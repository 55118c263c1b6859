"""Python's audit events, handed to all who listen.

Owns the one hook of the process. A hook can never be removed (https://docs.python.org/3/library/sys.html#sys.addaudithook), so there is
a single one, which does nothing but look an event's name up in a dict that is empty while nobody listens. Must not raise: an exception
would abort the operation that the user's code asked for.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Callable

    Listener = Callable[[Any], None]

_listeners: dict[str, Any] = {}
_installed = False


def listen(listeners: Mapping[str, Listener]) -> bool:
    """Call `listeners[event](args)` from now on, beside those before; False where this Python has no audit events."""
    global _installed
    if not hasattr(sys, "addaudithook"):
        return False
    for event, listener in listeners.items():
        _listeners[event] = (*_listeners.get(event, ()), listener)
    if not _installed:
        sys.addaudithook(_hook)
        _installed = True
    return True


def silence() -> None:
    """Listen no longer."""
    _listeners.clear()


def _hook(event: str, args: Any, _listeners: dict[str, Any] = _listeners) -> None:
    if event in _listeners:
        for listener in _listeners[event]:
            try:
                listener(args)
            except Exception:
                pass
