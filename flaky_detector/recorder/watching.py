"""All the namespaces that a deep probe watches: which of them are worth a look, and what each of them took.

Owns the quick answer. Of hundreds of namespaces hardly any changes from one test to the next. Where dicts have versions, one list of
numbers says which; only these are looked at, and those with something inside that can change without them.

    versions  812 813 40 977 …   →   40 is 41 now: look at this one
    inside     –   yes  –  –  …   →   and at this one, as ever
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import versions
from flaky_detector.recorder.allowance import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Protocol

    class Namespace(Protocol):
        """What is watched. `roots` are looked into each time, `dicts` may grow; `seconds` by name, under no name its own."""

        prefix: str
        cell: Any
        version: int
        roots: Any
        dicts: Any
        seconds: dict[str, float]

        def give_up(self, name: str) -> None:
            """Look into one thing no longer."""


class Watching:
    """By a key of the probe's."""

    def __init__(self) -> None:
        self.all: dict[int, Any] = {}
        self._is_stale = True
        self._order: list[Any] = []
        self._cells: list[Any] = []
        self._versions: list[int] = []
        self._dicts: list[Any] = []
        self._sizes: list[int] = []
        self._always: list[Any] = []

    def add(self, key: int, namespace: Namespace) -> None:
        """Watch one more, which has been looked at."""
        self.all[key] = namespace
        self._is_stale = True

    def worth_a_look(self) -> Sequence[Any]:
        """Those that have changed, or may have inside; in the order in which they were added. All of these must be looked at now."""
        if self._is_stale:
            self._gather()
        now = list(map(versions.read, self._cells))
        have_grown = list(map(len, self._dicts)) != self._sizes
        if now == self._versions and not have_grown:
            return self._always
        self._is_stale = True
        changed = {id(each) for each, one, other in zip(self._order, now, self._versions) if one != other}
        changed.update(map(id, self._always))
        return [each for each in self.all.values() if have_grown or id(each) in changed]

    def parts(self) -> Iterator[Part]:
        """What each took since its time is taken; that begins anew."""
        for key, namespace in list(self.all.items()):
            taken, namespace.seconds = namespace.seconds, {}
            for name, seconds in taken.items():
                give_up = partial(self._give_up, key, name)
                yield Part((namespace.prefix + "." + name).rstrip("."), seconds, give_up)

    def _give_up(self, key: int, name: str) -> None:
        self._is_stale = True
        if name:
            self.all[key].give_up(name)
        else:
            self.all[key] = Nothing()

    def _gather(self) -> None:
        self._is_stale = False
        self._order = [each for each in self.all.values() if each.cell is not None]
        self._cells = [each.cell for each in self._order]
        self._versions = [each.version for each in self._order]
        self._dicts = [attributes for each in self.all.values() for attributes in each.dicts]
        self._sizes = list(map(len, self._dicts))
        self._always = [each for each in self.all.values() if each.cell is None or each.roots]


class Nothing:
    """Takes the place of a namespace that was given up, so that it is not taken for a new one."""

    def __init__(self) -> None:
        self.prefix = ""
        self.cell: Any = None
        self.version = 0
        self.names: dict[str, Any] = {}
        self.roots = self.dicts = ()
        self.seconds: dict[str, float] = {}

    def look(self, **_: Any) -> list[Any]:
        """Never anything."""
        return []

    def give_up(self, name: str) -> None:
        """There is nothing to give up."""
