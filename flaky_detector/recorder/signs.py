"""Whether anything can have changed at all: what many probes look at, read in one go.

Owns the one comparison that stands for a dozen probes. Most of them look at a handful of attributes that hardly any test changes; to
call each of them costs more than to read what they read. A probe tells its *signs*: functions of C that give what it saw at its last
look. While all of them give that, none of these probes is asked; where one does not, all are, and each compares for itself.

    cwd ────── getcwd() ───────────────┐
    locale ─── setlocale(LC_ALL, None) ┼─ the same as at the last look? ── yes: nothing to book
    stdio ──── vars(sys).get("stdin") ─┘                                └─ no: every probe looks

A probe whose signs differ three times running is asked each time from then on. Must not run code of the user's: values are of
built-in types, objects are compared by address, and held by their probe.
"""

from __future__ import annotations

import sys
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence, Tuple

from flaky_detector.recorder.addresses import image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flaky_detector.recorder.probes.probe import Probe

PATIENCE = 3
Sign = Tuple[Any, Any]
"""A function, and what it gave at the last look."""


class Signs(NamedTuple):
    """Of one probe. Values are compared by `==`, objects by identity, as are the elements of `rows`: an iterable, and what was in it."""

    values: Sequence[Sign] = ()
    objects: Sequence[Sign] = ()
    rows: Sequence[Sign] = ()


def without(*modules: str) -> Signs | None:
    """The signs that none of some modules is loaded; None where one is."""
    if any(sys.modules.get(name) is not None for name in modules):
        return None
    return Signs(objects=[(partial(sys.modules.get, name), None) for name in modules])


class SignsOfAll:
    """`asked` are the probes that have no signs and look each time."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self._probes = tuple(probes)
        self._failed: dict[str, int] = {}
        self._signs: dict[str, Signs] = {}
        self._getters: list[Any] = []
        self._values: list[Any] = []
        self._objects: list[Any] = []
        self._rows: list[Any] = []
        self._image: Any = None
        self.asked = self._probes

    def are_same(self) -> bool:
        """Whether no probe but those in `asked` can have anything to book."""
        try:
            if [get() for get in self._getters] != self._values:
                return False
            return bool(image((*[get() for get in self._objects], *chain.from_iterable(self._rows))) == self._image)
        except Exception:
            return False

    def blame(self) -> None:
        """Find whose signs differ, before the probes look."""
        for name, signs in self._signs.items():
            self._failed[name] = 0 if _hold(signs) else self._failed.get(name, 0) + 1

    def renew(self) -> None:
        """The signs of what the probes have just seen."""
        found = {probe.name: self._of(probe) for probe in self._probes}
        self._signs = {name: signs for name, signs in found.items() if signs is not None}
        self.asked = tuple(probe for probe in self._probes if probe.name not in self._signs)
        every = list(self._signs.values())
        self._getters = [get for signs in every for get, _ in signs.values]
        self._values = [value for signs in every for _, value in signs.values]
        self._objects = [get for signs in every for get, _ in signs.objects]
        self._rows = [iterable for signs in every for iterable, _ in signs.rows]
        objects = [value for signs in every for _, value in signs.objects]
        self._image = image((*objects, *chain.from_iterable(elements for signs in every for _, elements in signs.rows)))

    def _of(self, probe: Probe) -> Signs | None:
        tell = getattr(probe, "signs", None)
        if tell is None or self._failed.get(probe.name, 0) >= PATIENCE:
            return None
        try:
            signs: Signs | None = tell()
        except Exception:  # then it looks each time
            return None
        return signs


def _hold(signs: Signs) -> bool:
    try:
        if [get() for get, _ in signs.values] != [value for _, value in signs.values]:
            return False
        if any(get() is not value for get, value in signs.objects):
            return False
        return all(_are_same(iterable, elements) for iterable, elements in signs.rows)
    except Exception:
        return False


def _are_same(iterable: Iterable[Any], elements: Sequence[Any]) -> bool:
    now = tuple(iterable)
    return len(now) == len(elements) and all(one is other for one, other in zip(now, elements))
