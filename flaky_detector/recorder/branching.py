"""Test databases of a walk: a copy for every fork, so that none sees what another wrote. PYTEST_DONT_REWRITE

Owns what a fork may not share: Django's connections are closed before it, and the fork is given copies. Only databases whose names hold the
run's suffix are touched. PostgreSQL copies a database that nobody is connected to; an SQLite file is copied as a file; one in memory is
copied by the fork itself. A connection of any other kind is left open, and then the walk finds it and is given up.

    checkpoint   test_shop_fd1a2b         at rest: no transaction, connections closed
      fork       test_shop_fd1a2b_w0       a copy; when the fork has ended, whatever it made is dropped
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import databases, sweep
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS, PAUSE_SECONDS = 2.0, 0.01
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Branching:
    """The databases of this process, as far as they are this run's.

    Args:
        suffix: what the run appends to their names; empty where there is none, then nothing is done.
        note: takes what a reader should know.
    """

    def __init__(self, suffix: str, note: Callable[[str], None]) -> None:
        self._suffix = suffix.strip("_")
        self._note = note
        self._is_out_of_reach = False

    def is_in_transaction(self) -> bool:
        """Whether a connection is in one: what it holds is seen by nobody else, and no copy would have it."""
        return any(connection.in_atomic_block for connection in self._open())

    def rest(self) -> None:
        """Close what a fork must not inherit."""
        for connection in self._open():
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()

    def branch(self, mark: int) -> dict[str, str]:
        """Copies for one fork, by alias; the number tells them from all others that there are at the same time.

        Raises:
            Exception: what the engine says.
        """
        copies, made = {}, {}
        for connection in self._ours():
            name = str(connection.settings_dict["NAME"])
            if name not in made:
                made[name] = "%s_w%s" % (_base(name, self._suffix), _short(mark))
                _copy(connection, name, made[name])
            copies[connection.alias] = made[name]
        return copies

    def enter(self, copies: dict[str, str]) -> None:
        """In the fork: these from now on."""
        settings = sys.modules["django.conf"].settings.DATABASES if copies else {}
        for connection in _connections():
            copy = copies.get(connection.alias)
            if copy is not None:
                connection.settings_dict["NAME"] = settings[connection.alias]["NAME"] = copy

    def there(self) -> set[str]:
        """Names of all databases of this run that there are now, whoever made them."""
        return {name for _, name in self._found()}

    def drop_but(self, kept: set[str]) -> None:
        """Drop what a fork, which has ended, left."""
        for connection, name in self._found(loads=True):
            if name not in kept:
                _drop(connection, name)

    def _found(self, *, loads: bool = False) -> list[tuple[Any, str]]:
        """Nothing where a server cannot be reached, as it may be where no test uses it.

        With `loads` Django's backends are loaded: the fork may have used what this process has not.
        """
        if not self._suffix or self._is_out_of_reach:
            return []
        try:
            if loads:
                databases.load_backends()
            return list(_all(self._suffix))
        except Exception as error:
            self._is_out_of_reach = True
            self._note("test databases that a walk may have left cannot be looked for: %r" % (error,))
            return []

    def _open(self) -> list[Any]:
        return [connection for connection in _connections() if connection.connection is not None and not _is_in_memory(connection)]

    def _ours(self) -> list[Any]:
        """Connections to databases that have been made for this run; one alias may mirror another."""
        return [
            connection
            for connection in _connections()
            if self._suffix
            and sweep.is_ours(str(connection.settings_dict.get("NAME") or ""), self._suffix)
            and connection.vendor in ("postgresql", "sqlite")
        ]


def _all(suffix: str) -> Iterator[tuple[Any, str]]:
    """Of each server once."""
    asked = set()
    for connection in _connections():
        place = tuple(str(connection.settings_dict.get(key)) for key in ("ENGINE", "HOST", "PORT"))
        name = str((connection.settings_dict.get("TEST") or {}).get("NAME") or "")
        if connection.vendor == "postgresql" and place not in asked:
            asked.add(place)
            yield from ((connection, each) for each in _listed(connection, suffix))
        elif connection.vendor == "sqlite" and suffix in name:
            yield from ((connection, path) for path in glob.glob(glob.escape(name) + "*") if sweep.is_ours(path, suffix))


def _connections() -> list[Any]:
    """Those that Django has made so far in this thread, whether they are connected or not; none without Django."""
    handler = getattr(sys.modules.get("django.db"), "connections", None)
    if handler is None or not databases.present():
        return []
    storage = getattr(handler, "_connections", None)
    return [getattr(storage, alias) for alias in handler if hasattr(storage, alias)]


def _is_in_memory(connection: Any) -> bool:
    return connection.vendor == "sqlite" and bool(connection.is_in_memory_db())


def _base(name: str, suffix: str) -> str:
    """The name without what an earlier copy added."""
    return name[: name.rindex(suffix) + len(suffix)] if suffix in name else name


def _short(number: int) -> str:
    text = ""
    while number or not text:
        number, digit = divmod(number, len(DIGITS))
        text = DIGITS[digit] + text
    return text


@contextlib.contextmanager
def _server(connection: Any) -> Iterator[Any]:
    """A cursor of the driver's, in none of the databases. Not Django's own way to one: pytest-django bars that outside of tests."""
    apart = type(connection)({**connection.settings_dict, "NAME": None}, alias="__no_db__")
    apart.ensure_connection = lambda: None if apart.connection is not None else apart.connect()
    apart.ensure_connection()
    try:
        with apart.connection.cursor() as cursor:
            yield cursor
    finally:
        apart.close()


def _listed(connection: Any, suffix: str) -> list[str]:
    with _server(connection) as cursor:
        return sweep.listed(cursor, suffix)


def _copy(connection: Any, name: str, copy: str) -> None:
    """PostgreSQL refuses while somebody is connected; a connection that was just closed may take the server a moment to end."""
    if connection.vendor == "sqlite":
        for companion in databases.SQLITE_COMPANIONS:
            if os.path.exists(name + companion):
                shutil.copyfile(name + companion, copy + companion)
        return
    quoted = connection.ops.quote_name
    last = World.ticks() + PATIENCE_SECONDS
    with _server(connection) as cursor:
        while True:
            try:
                cursor.execute("CREATE DATABASE %s TEMPLATE %s" % (quoted(copy), quoted(name)))
                return
            except Exception:
                if World.ticks() > last:
                    raise
                World.sleep(PAUSE_SECONDS)


def _drop(connection: Any, name: str) -> None:
    if connection.vendor == "sqlite":
        sweep.remove_files(name)
        return
    with _server(connection) as cursor:
        sweep.drop_database(cursor, connection.ops.quote_name(name), name)
