"""Receivers of Django's signals: those that a test connected or disconnected, and left so.

Owns the kind `django-signal`; the key is the signal's name and the receiver's, `post_save:shop.signals.count_stock`. Signals are those that
stand as a global in any imported module, Django's own and the project's. A receiver that is referred to weakly and that no module
holds dies with the test that made it, at the latest when pytest forgets its traceback, and is none; nor are Django's own, which
come with the import of its modules.

Cost: one comparison of a list for each signal a test, by identity: 2 µs for 20 signals. Once, at the start, the globals of all modules
are looked through: 8 ms for 700 modules; later only those of new ones.
"""

from __future__ import annotations

import sys
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.signs import Signs, without
from flaky_detector.recorder.world import digest

if TYPE_CHECKING:
    from collections.abc import Iterable

DJANGO = "django"
MAX_SIGNALS = 1000


class DjangoSignalsProbe:
    """Compares each signal's `receivers` with a copy of the list, then by name where they differ."""

    name = "django-signals"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.DJANGO_SIGNAL)
        self._seen_modules: set[str] = set()
        self._signals: dict[int, tuple[str, Any, list[Any]]] = {}

    def start(self) -> None:
        """Take the present receivers for granted."""
        self._find()

    def mark(self, scope: str) -> bool:
        """Book receivers that came or went; those of a signal that is new are taken for granted."""
        for key, (name, signal, last) in self._signals.items():
            receivers = signal.receivers
            if receivers != last:
                self._signals[key] = (name, signal, list(receivers))
                self._compare(name, _named(last), _named(receivers), scope)
        if len(sys.modules) != len(self._seen_modules):
            self._find()
        return bool(self._booking.entries)

    def signs(self) -> Signs | None:
        """That Django is not there; none where it is."""
        return without("django.dispatch.dispatcher")

    def settle(self) -> list[dict[str, Any]]:
        """Net changes."""
        return self._booking.settle()

    def _compare(self, signal: str, last: Counter[str], now: Counter[str], scope: str) -> None:
        for receiver in [*last, *(receiver for receiver in now if receiver not in last)]:
            if last[receiver] != now[receiver]:
                self._booking.book(signal + ":" + receiver, _digest(last[receiver]), _digest(now[receiver]), scope, receiver)

    def _find(self) -> None:
        """Signals among the globals of modules that were not there before."""
        kind = getattr(sys.modules.get("django.dispatch.dispatcher"), "Signal", None)
        if not isinstance(kind, type):
            return
        names = set(sys.modules)
        for module in names - self._seen_modules:
            for name, value in _signals(sys.modules.get(module), kind):
                if id(value) not in self._signals and len(self._signals) < MAX_SIGNALS:
                    self._signals[id(value)] = (name, value, list(value.receivers))
        self._seen_modules = names


_REMEMBERED: dict[int, tuple[Any, int, list[tuple[str, Any]]]] = {}


def remember() -> None:
    """Look through the modules that there are, for processes that are forked from this one."""
    kind = getattr(sys.modules.get("django.dispatch.dispatcher"), "Signal", None)
    if isinstance(kind, type):
        for module in list(sys.modules.values()):
            names = plain.namespace(module)
            _REMEMBERED[id(module)] = (module, len(names), list(_signals(module, kind)))


def _signals(module: Any, kind: type) -> Iterable[tuple[str, Any]]:
    """Among the globals of a module; those of one that has as many names as when it was looked through before are remembered."""
    names = plain.namespace(module)
    remembered = _REMEMBERED.get(id(module))
    if remembered is not None and remembered[1] == len(names):
        return remembered[2]
    return [(name, value) for name, value in list(names.items()) if issubclass(type(value), kind)]


def _named(receivers: Iterable[Any]) -> Counter[str]:
    """How often each receiver is connected, without those that are dead or about to die, and Django's own."""
    counted: Counter[str] = Counter()
    for entry in receivers:
        stored = entry[1]
        is_weak = isinstance(stored, weakref.ReferenceType)
        receiver = stored() if is_weak else stored
        name = _name(receiver)
        if receiver is not None and name.split(".", 1)[0] != DJANGO and not (is_weak and not _is_held(receiver)):
            counted[name] += 1
    return counted


def _name(receiver: Any) -> str:
    known = receiver if hasattr(receiver, "__qualname__") else type(receiver)
    return "%s.%s" % (getattr(known, "__module__", ""), getattr(known, "__qualname__", ""))


def _is_held(receiver: Any) -> bool:
    """Whether a module holds the function, the method's object or its class."""
    owner = getattr(receiver, "__self__", None)
    if isinstance(owner, type):
        return True
    held = receiver if owner is None else owner
    module = sys.modules.get(getattr(held, "__module__", None) or "")
    found: Any = module
    for part in str(getattr(held, "__qualname__", "")).split("."):
        found = getattr(found, part, None)
    return found is held or any(value is held for value in list(plain.namespace(module).values()))


def _digest(count: int) -> str | None:
    return digest(b"%d" % count) if count else None
