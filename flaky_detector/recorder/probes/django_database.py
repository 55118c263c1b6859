"""What tests leave in the test databases: tables, numbers of rows, recorded migrations.

Owns the kinds `table`, `rows` and `django-migration`, which one look tells together, and when to look: after a test that can have
committed (`committing`), and before it where others ran since the last look, so that nobody is charged with what a thread of another
test wrote. The first look is when the databases have been made: what migrations put there and a flush takes away is seen.

    made ── look ── … ── look ── transactional test ── look ── transactional test ── look ── …

The digest of rows is that of their number, None for an empty table: a row that is changed in place is not seen, nor is the thousandth
and first. A database that several xdist workers share is not looked at.

Cost: 2 µs a test that needs no look; a look as `contents` says, at most a twentieth of the run's time, beyond a floor. What is held
against the floor are the quickest of the last looks, times their number: on a busy machine a look may take a hundred times as long as
it needs, and a suite of some dozen tests would not be looked at to its end.
"""

from __future__ import annotations

import os
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.committing import Committing
from flaky_detector.recorder.contents import BusyError, Contents, contents
from flaky_detector.recorder.signs import Signs
from flaky_detector.recorder.world import World, digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Callable

SHARE = 0.05
FLOOR_SECONDS = 1.0
LAST_LOOKS = 8
MAX_FAILURES = 3
FUNCTION = "function"


class DjangoDatabaseProbe:
    """`expect` tells it of the next test, `made` of the test databases."""

    name = "django-database"
    is_deep = False

    def __init__(self, _tree: Any, note: Callable[[str], None]) -> None:
        self._note = note
        self._bookings = {kind: Booking(kind) for kind in (wire.TABLE, wire.ROWS, wire.DJANGO_MIGRATION)}
        self._committing = Committing()
        self._names: dict[str, str] = {}
        self._last: dict[str, Contents] = {}
        self._failures: dict[str, int] = {}
        self._of_wider: set[tuple[str, str]] = set()
        self._item: Any = None
        self._class: Any = None
        self._is_watched = self._is_fresh = False
        self._scope = FUNCTION
        self._started = World.ticks()
        self._spent = 0.0
        self._looks = 0
        self._last_looks: deque[float] = deque(maxlen=LAST_LOOKS)

    def start(self) -> None:
        """Nothing is there before the databases are made."""

    def expect(self, item: Any) -> None:
        """A test is about to be set up."""
        self._item = item
        if not self._names:
            return
        owner = self._committing.class_of(item)
        is_new_class = owner is not None and owner is not self._class
        self._class = owner
        self._is_watched = self._committing.may(item)
        if (self._is_watched or is_new_class) and not self._is_fresh:
            self._last.update(self._look())
        self._is_fresh = False

    def made(self, names: Mapping[str, str]) -> None:
        """The test databases have been made: their names by alias. What is in them now is taken for granted."""
        worker = os.environ.get("PYTEST_XDIST_WORKER", "")
        self._names = {alias: name for alias, name in names.items() if worker in name or "memory" in name}
        self._last = self._look()
        if self._names and self._item is not None:
            self._class = self._committing.class_of(self._item)
            self._is_watched = self._committing.may(self._item)

    def mark(self, scope: str) -> bool:
        """Book what a test that can commit, or a wider fixture that it is the first to use, has changed."""
        if self._names:
            fallen = self._committing.has_fallen()
            self._scope = scope
            if self._is_watched:
                self._compare(scope, only=None)
            elif fallen:
                self._compare(scope, only=self._of_wider)
        return self._is_watched or self._has_class_ended() or any(booking.entries for booking in self._bookings.values())

    def signs(self) -> Signs | None:
        """That no databases have been made."""
        return None if self._names else Signs(objects=[(partial(getattr, self, "_names"), self._names)])

    def settle(self) -> list[dict[str, Any]]:
        """Net changes; called when the test is over, just after `mark`."""
        if self._has_class_ended():
            self._compare(self._scope, only=None)
        self._is_fresh = self._is_watched
        return [change for booking in self._bookings.values() for change in booking.settle()]

    def _has_class_ended(self) -> bool:
        """When the test is over and it is not the test's account that is open, its class is over too."""
        return self._class is not None and not self._is_watched and self._scope != FUNCTION

    def _compare(self, scope: str, only: set[tuple[str, str]] | None) -> None:
        found = self._look()
        for alias, now in found.items():
            last = self._last.get(alias)
            for kind, key, before, after in _differences(alias, last, now) if last is not None else ():
                if only is None or (kind, key) in only:
                    self._bookings[kind].book(key, before, after, scope)
                    if scope != FUNCTION:
                        self._of_wider.add((kind, key))
        self._last.update(found)

    def _look(self) -> dict[str, Contents]:
        """What is in the databases; without those that cannot be looked at now, whose last look then counts no longer."""
        started = World.ticks()
        if self._spent > SHARE * (started - self._started) and self._needed() > FLOOR_SECONDS:
            self._last.clear()
            return {}
        found: dict[str, Contents] = {}
        for alias, name in self._names.items():
            try:
                seen = contents(alias, name)
            except BusyError:
                if self._class is not None:  # in the transaction of a class; there will be another look when that ends
                    continue
                seen = None
            except Exception as error:
                seen = None
                self._fail(alias, error)
            if seen is None:
                self._last.pop(alias, None)
            else:
                found[alias] = seen
        self._names = {alias: name for alias, name in self._names.items() if self._failures.get(alias, 0) < MAX_FAILURES}
        self._last_looks.append(World.ticks() - started)
        self._spent += self._last_looks[-1]
        self._looks += 1
        return found

    def _needed(self) -> float:
        """What all looks would have taken on a quiet machine, in seconds."""
        return self._looks * min(self._last_looks, default=0.0)

    def _fail(self, alias: str, error: Exception) -> None:
        failures = self._failures[alias] = self._failures.get(alias, 0) + 1
        if failures == MAX_FAILURES:
            self._note("the test database %s is not looked at any more: %s" % (alias, type(error).__name__))


def _differences(alias: str, last: Contents, now: Contents) -> list[tuple[str, str, str | None, str | None]]:
    """Kind, key, before and after."""
    found: list[tuple[str, str, str | None, str | None]] = []
    for table in sorted({*last.rows, *now.rows}):
        before, after = last.rows.get(table), now.rows.get(table)
        key = "%s.%s" % (alias, table)
        if before is None or after is None:
            found.append((wire.TABLE, key, _digest(before is not None), _digest(after is not None)))
        elif before != after:
            found.append((wire.ROWS, key, _digest(before), _digest(after)))
    changed = sorted(last.migrations ^ now.migrations)
    return found + [(wire.DJANGO_MIGRATION, name, _digest(name in last.migrations), _digest(name in now.migrations)) for name in changed]


def _digest(number: int) -> str | None:
    return digest(b"%d" % number) if number else None
