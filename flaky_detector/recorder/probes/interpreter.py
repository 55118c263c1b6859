"""Switches of the interpreter that a test left in another position: hooks of uncaught exceptions, recursion limit, garbage collector.

Owns the kind `interpreter`. Hooks that pytest sets for the length of a phase do not count. Cost: a handful of calls a test.
"""

from __future__ import annotations

import gc
import sys
import threading
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading, Same

_SYS, _THREADING = vars(sys), vars(threading)
_isenabled, _get_threshold = gc.isenabled, gc.get_threshold
_getrecursionlimit, _getswitchinterval = sys.getrecursionlimit, sys.getswitchinterval


class InterpreterProbe(Reading):
    """Bound early, for tests patch these functions."""

    name = "interpreter"
    kind = wire.INTERPRETER

    def read(self) -> dict[str, Any]:
        """One key a switch."""
        return {
            "sys.excepthook": _hook(_SYS, "excepthook"),
            "sys.displayhook": _hook(_SYS, "displayhook"),
            "sys.unraisablehook": _hook(_SYS, "unraisablehook"),
            "threading.excepthook": _hook(_THREADING, "excepthook"),
            "sys.recursionlimit": _getrecursionlimit(),
            "sys.switchinterval": _getswitchinterval(),
            "gc.enabled": _isenabled(),
            "gc.threshold": _get_threshold(),
        }

    def origin(self, value: Any) -> str:
        """A function's."""
        return plain.origin(value.value) if type(value) is Same else ""


def _hook(names: dict[str, Any], name: str) -> Any:
    hook = names.get(name)
    if hook is names.get("__%s__" % name) or plain.is_of_pytest(plain.home(hook)):
        return "its own"
    return Same(hook)
