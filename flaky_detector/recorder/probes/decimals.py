"""The context of decimal arithmetic, where a test left another one.

Owns the kind `decimal`. Flags are left out, for every inexact result sets them. Looks only when `decimal` has been imported; a test that
imports it first is held against its well-known defaults. Cost: eight attributes a test.
"""

from __future__ import annotations

import sys
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.reading import Reading

DEFAULTS = {
    "decimal.prec": 28,
    "decimal.rounding": "ROUND_HALF_EVEN",
    "decimal.Emin": -999999,
    "decimal.Emax": 999999,
    "decimal.capitals": 1,
    "decimal.clamp": 0,
    "decimal.traps": ("DivisionByZero", "InvalidOperation", "Overflow"),
}


class DecimalsProbe(Reading):
    """The C implementation's context of the main thread."""

    name = "decimal"
    kind = wire.DECIMAL
    _current: Any = None
    _traps: Any = (None, ())

    def read(self) -> dict[str, Any]:
        """One key an attribute."""
        if self._current is None:
            self._current = getattr(sys.modules.get("_decimal"), "getcontext", None)
            if self._current is None:
                return DEFAULTS
        context = self._current()
        return {
            "decimal.prec": context.prec,
            "decimal.rounding": context.rounding,
            "decimal.Emin": context.Emin,
            "decimal.Emax": context.Emax,
            "decimal.capitals": context.capitals,
            "decimal.clamp": context.clamp,
            "decimal.traps": self._names(dict(context.traps)),
        }

    def _names(self, traps: dict[Any, Any]) -> tuple[str, ...]:
        if traps != self._traps[0]:
            self._traps = (traps, tuple(sorted(signal.__name__ for signal, is_trapped in traps.items() if is_trapped)))
        return self._traps[1]  # type: ignore[no-any-return]
