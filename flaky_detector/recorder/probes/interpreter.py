"""Switches of the interpreter that a test left in another position: hooks of uncaught exceptions, recursion limit, garbage collector.

Owns the kind `interpreter`. Hooks that pytest sets for the length of a phase do not count. Cost: a handful of calls a test.
"""

from __future__ import annotations

import gc
import sys
import threading
import types
from functools import partial
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.reading import Reading, Same
from flaky_detector.recorder.signs import Signs

_SYS, _THREADING = vars(sys), vars(threading)
_isenabled, _get_threshold = gc.isenabled, gc.get_threshold
_getrecursionlimit, _getswitchinterval = sys.getrecursionlimit, sys.getswitchinterval

HOOKS = ("sys.excepthook", "sys.displayhook", "sys.unraisablehook", "threading.excepthook")
_READ_HOOKS = tuple(partial((_THREADING if name.startswith("threading.") else _SYS).get, name.partition(".")[2]) for name in HOOKS)
_READ_SWITCHES = (_getrecursionlimit, _getswitchinterval, _isenabled, _get_threshold)
SWITCHES = ("sys.recursionlimit", "sys.switchinterval", "gc.enabled", "gc.threshold")


class InterpreterProbe(Reading):
    """Bound early, for tests patch these functions."""

    name = "interpreter"
    kind = wire.INTERPRETER

    def __init__(self, *_: Any) -> None:
        super().__init__()
        self._hooks: list[Any] = []
        self._switches: Any = None
        self._known: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """One key a switch."""
        hooks, switches = [read() for read in _READ_HOOKS], [read() for read in _READ_SWITCHES]
        if switches != self._switches or not plain.same(hooks, self._hooks):
            self._hooks, self._switches = hooks, switches
            self._known = {name: _told(hook, name) for hook, name in zip(hooks, HOOKS)}
            self._known.update(zip(SWITCHES, switches))
        return self._known

    def signs(self) -> Signs:
        """Hooks are held."""
        return Signs(list(zip(_READ_SWITCHES, self._switches)), list(zip(_READ_HOOKS, self._hooks)))

    def origin(self, value: Any) -> str:
        """A function's."""
        return plain.origin(value.value) if type(value) is Same else ""


def _told(hook: Any, name: str) -> Any:
    """The interpreter's own hooks are equal, and so are pytest's."""
    names = _THREADING if name.startswith("threading.") else _SYS
    if type(hook) is types.BuiltinFunctionType:
        return "its own"
    is_own = hook is names.get("__%s__" % name.partition(".")[2]) or plain.is_of_pytest(plain.home(hook))
    return "its own" if is_own else Same(hook)
