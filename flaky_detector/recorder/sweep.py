"""Drops the test databases that a killed run left behind: `python -m flaky_detector.recorder.sweep --suffix fd1a2b3c`.

Owns a process of its own, started in the user's environment after the run; only here the guest may import Django. Drops a database, or
an SQLite file, only when its name holds the run's suffix as a word of its own (`test_shop_fd1a2b3c`, `test_shop_fd1a2b3c_gw0`) and is
not a name from the settings. A suffix of less than six characters is refused.

Django's settings are found by DJANGO_SETTINGS_MODULE, or by what the run's journals say (`--record`), and so is `sys.path`, for pytest
has its own ways to set both.
"""

from __future__ import annotations

import argparse
import glob
import importlib
import json
import os
import re
import sys
import warnings
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import databases, wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST_SUFFIX = 6
DROPPED, FAILED, USAGE, AWAY = 0, 1, 2, wire.SWEEP_AWAY
NOT_REACHED = frozenset(("OperationalError", "InterfaceError"))


def main(argv: Sequence[str] | None = None) -> int:
    """Prints what was dropped, a line each.

    Returns 0 when nothing is left, 1 when something could not be dropped, 2 when it could not start, 3 when a server did not answer: then
    it is worth trying again.
    """
    parser = argparse.ArgumentParser(prog="python -m flaky_detector.recorder.sweep", description="Drop a run's test databases.")
    parser.add_argument("--suffix", required=True, help="what the run appended to the names of its test databases")
    parser.add_argument("--record", default="", metavar="DIR", help="folder with the run's journals")
    options = parser.parse_args(argv)
    suffix = options.suffix.strip("_")
    if len(suffix) < SHORTEST_SUFFIX or not re.match(r"\w+$", suffix):
        return _refuse("the suffix %r is too short or not a word: nothing is dropped" % options.suffix)
    found = starts(options.record) if options.record else []
    if not os.environ.get("DJANGO_SETTINGS_MODULE") and not any(start.get("settings") for start in found):
        if found:
            return DROPPED  # no Django in that run
        return _refuse("set DJANGO_SETTINGS_MODULE, or give the run's folder with --record")
    warnings.simplefilter("ignore")  # Django warns of queries before its apps are loaded, which they need not be here
    try:
        connections = reach(found)
    except Exception as error:
        return _refuse("Django's settings cannot be loaded: %r" % (error,))
    return drop(connections, suffix)


def reach(starts: Sequence[dict[str, Any]]) -> Any:
    """Django's connections, with the settings and the `sys.path` that the journals tell.

    Raises:
        Exception: whatever loading the settings raises.
    """
    for start in starts:
        sys.path.extend(entry for entry in start.get("sys_path", ()) if entry not in sys.path)
        if start.get("settings"):
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", start["settings"])
    connections = importlib.import_module("django.db").connections
    list(connections)  # loads the settings
    return connections


def drop(connections: Any, suffix: str) -> int:
    """Drop every database of that suffix; `main`'s exit code."""
    return max([_sweep(connections, alias, suffix) for alias in connections], default=DROPPED)


def is_ours(name: str, suffix: str) -> bool:
    """Whether a database of that name was made by the run with that suffix."""
    return re.search(r"_%s(_\w+)?(\.\w+)?$" % re.escape(suffix), name) is not None


def _sweep(connections: Any, alias: str, suffix: str) -> int:
    try:
        connection = connections[alias]
        sweeper = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}.get(connection.vendor)
        if sweeper is None:
            sys.stderr.write("%s: databases of %s are not swept\n" % (alias, connection.vendor))
            return FAILED
        protected = {str(entry.get("NAME")) for entry in connections.settings.values()}
        for name in sweeper(connection, suffix, protected):
            sys.stdout.write("dropped %s\n" % name)
    except Exception as error:
        sys.stderr.write("%s: %s\n" % (alias, " ".join(str(error).split())))
        return AWAY if type(error).__name__ in NOT_REACHED else FAILED
    return DROPPED


def _postgresql(connection: Any, suffix: str, protected: set[str]) -> Iterator[str]:
    with server(connection) as cursor:
        for name in listed(cursor, suffix):
            if name not in protected:
                drop_database(cursor, connection.ops.quote_name(name), name)
                yield name


def _mysql(connection: Any, suffix: str, protected: set[str]) -> Iterator[str]:
    with server(connection) as cursor:
        cursor.execute("SHOW DATABASES")
        for name in [str(row[0]) for row in cursor.fetchall()]:
            if is_ours(name, suffix) and name not in protected:
                cursor.execute("DROP DATABASE IF EXISTS %s" % connection.ops.quote_name(name))
                yield name


def _sqlite(connection: Any, suffix: str, protected: set[str]) -> Iterator[str]:
    name = str((connection.settings_dict.get("TEST") or {}).get("NAME") or "")
    if not name or "memory" in name:
        return
    for path in sorted(glob.glob(glob.escape(name) + "*")):
        if is_ours(path, suffix) and path not in protected:
            remove_files(path)
            yield path


def listed(cursor: Any, suffix: str) -> list[str]:
    """PostgreSQL's databases that bear the suffix."""
    cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
    return [str(row[0]) for row in cursor.fetchall() if is_ours(str(row[0]), suffix)]


def drop_database(cursor: Any, quoted: str, name: str) -> None:
    """In PostgreSQL, whoever is connected to it."""
    cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()", [name])
    cursor.execute("DROP DATABASE IF EXISTS %s" % quoted)


def remove_files(path: str) -> None:
    """A database of SQLite with what stands beside it."""
    for companion in databases.SQLITE_COMPANIONS:
        if os.path.exists(path + companion):
            os.remove(path + companion)


def server(connection: Any) -> Any:
    """A cursor on the server that is in none of the databases to be dropped; Django before 3.1 has another name for it."""
    return connection._nodb_cursor() if hasattr(connection, "_nodb_cursor") else connection._nodb_connection.cursor()


def starts(folder: str) -> list[dict[str, Any]]:
    """The first event of each journal of the folder."""
    found = []
    for path in sorted(glob.glob(os.path.join(glob.escape(folder), wire.JOURNAL_PREFIX + "*" + wire.JOURNAL_SUFFIX))):
        try:
            with open(path, encoding="utf-8") as file:
                event = json.loads(file.readline())
        except (OSError, ValueError):
            continue
        if isinstance(event, dict) and event.get("ev") == "start":
            found.append(event)
    return found


def _refuse(text: str) -> int:
    sys.stderr.write("flaky-detector: %s\n" % text)
    return USAGE


if __name__ == "__main__":
    raise SystemExit(main())
