"""The context of decimal arithmetic, where a test left another one.

Owns the kind `decimal`. Flags are left out, for every inexact result sets them. Looks only when `decimal` has been imported; a test that
imports it first is held against its well-known defaults. Cost: eight attributes a test.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any, Dict

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading
from flaky_detector.recorder.signs import Signs

DEFAULTS = {
    "decimal.prec": 28,
    "decimal.rounding": "ROUND_HALF_EVEN",
    "decimal.Emin": -999999,
    "decimal.Emax": 999999,
    "decimal.capitals": 1,
    "decimal.clamp": 0,
    "decimal.traps": ("DivisionByZero", "InvalidOperation", "Overflow"),
}
ATTRIBUTES = tuple(name.partition(".")[2] for name in DEFAULTS)


class DecimalsProbe(Reading):
    """The C implementation's context of the main thread."""

    name = "decimal"
    kind = wire.DECIMAL
    _current: Any = None
    _values: Any = None
    _context: Any = None
    _copy: Any = None
    _known: Dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """One key an attribute."""
        if self._current is None:
            self._current = getattr(sys.modules.get("_decimal"), "getcontext", None)
            if self._current is None:
                return DEFAULTS
        context = self._context = self._current()
        traps = context.traps
        values = (context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp)
        if values != self._values or traps != self._copy.traps:
            self._values = values
            self._copy = context.copy()  # whose traps compare bits; to list them takes 2 µs
            names = tuple(sorted(signal.__name__ for signal, is_trapped in traps.items() if is_trapped))
            self._known = dict(zip(DEFAULTS, (*values, names)))
        return self._known

    def signs(self) -> Signs:
        """That it is not there yet, or the context and what is in it."""
        if self._current is None:
            return Signs(objects=[(partial(sys.modules.get, "_decimal"), None)])
        expected = (*self._values, self._copy.traps)
        read = [partial(getattr, self._context, name) for name in ATTRIBUTES]
        return Signs(list(zip(read, expected)), [(self._current, self._context)])
