"""What Django keeps for a thread: the `value` of its `Local` objects, read at a tenth of the price.

Owns the way in. `Local` is asgiref's: each attribute is asked for under a lock, through two `__getattr__` and a context variable, which
takes 3 µs (https://github.com/django/asgiref/blob/main/asgiref/local.py). Where it is built as known, the variable is read directly;
where not (a `threading.local` of an older Django, another asgiref), the attribute is asked for.
"""

from __future__ import annotations

import contextvars
import threading
from typing import Any

from flaky_detector.recorder import plain
from flaky_detector.recorder.plain import MISSING

_get_ident = threading.get_ident


class Kept:
    """Remembers how to read one `Local`."""

    __slots__ = ("_local", "_read")

    def __init__(self) -> None:
        self._local: Any = None
        self._read: Any = None

    def value(self, local: Any) -> Any:
        """The `value` of a `Local` on this thread; None where there is none, or no `Local`."""
        if local is not self._local:
            self._local, self._read = local, _reader(local)
        stored = self._read(None) if self._read is not None else MISSING
        if stored is None:
            return None
        if type(stored) is dict:
            return stored.get("value")
        if type(stored).__name__ == "_Storage" and stored.thread_id == _get_ident():
            return stored.data.get("value")
        return getattr(local, "value", None)


def _reader(local: Any) -> Any:
    """The `get` of the context variable behind a `Local`; None where it is not built as known."""
    storage = plain.attributes(local).get("_storage")
    variable = plain.attributes(storage).get("_data")
    if type(variable) is not contextvars.ContextVar or type(storage).__module__ != "asgiref.local":
        return None
    return variable.get
