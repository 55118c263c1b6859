"""What a test database holds: its tables, how many rows are in each, and the migrations that are recorded in it.

Owns the queries. They go past Django: over a connection to the driver that lives for one look and can neither write nor wait long for a
lock, so that no connection, transaction, cursor, query log or blocker of the suite is touched, and only what was committed is seen. Only a
SQLite database in memory is seen through the connection that the suite has open, between transactions. PostgreSQL and SQLite are
looked at, and never a database under another name than that of the test database.

Costs: PostgreSQL 5 ms for 15 tables (3 of them to connect), SQLite 0.3 ms; a table is counted up to `MAX_ROWS`.
"""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Query = Callable[[str], Sequence[Sequence[Any]]]

MAX_ROWS = 1000
MAX_TABLES = 1000
AT_ONCE = 100  # SQLite takes 500 parts of a UNION
MIGRATIONS = "django_migrations"
RECORDED = "SELECT app, name FROM django_migrations LIMIT 5000"
LOCK_SECONDS = 0.2
CONNECT_SECONDS = 3
BOUNDS = " -c lock_timeout=200 -c statement_timeout=3000 -c default_transaction_read_only=on"
TABLES = {
    "postgresql": (
        "SELECT c.relname FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid)"
        " AND c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    ),
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
}


class BusyError(Exception):
    """A transaction is open on the only connection there is: what is committed cannot be told."""


class Contents:
    """One look: number of rows by table, at most `MAX_ROWS` + 1, and the names of migrations."""

    __slots__ = ("migrations", "rows")

    def __init__(self, rows: dict[str, int], migrations: frozenset[str]) -> None:
        self.rows = rows
        self.migrations = migrations


def contents(alias: str, name: str) -> Contents | None:
    """Of the test database `name`; None where the alias has another database now, or one that is not looked at.

    Raises:
        BusyError: it cannot be told now.
        Exception: whatever the driver raises.
    """
    connections = sys.modules["django.db"].connections
    wrapper = getattr(connections._connections, alias, None)
    if wrapper is None or wrapper.settings_dict.get("NAME") != name or wrapper.vendor not in TABLES:
        return None
    if wrapper.vendor == "postgresql":
        parameters = dict(wrapper.get_connection_params())
        parameters["options"] = str(parameters.get("options") or "") + BOUNDS
        parameters["connect_timeout"] = CONNECT_SECONDS
        with closing(wrapper.Database.connect(**parameters)) as connection:
            return _read(wrapper.vendor, _query(connection))
    if wrapper.is_in_memory_db():
        connection = wrapper.connection
        if connection is None:
            return None
        if wrapper.in_atomic_block or connection.in_transaction:
            raise BusyError
        return _read(wrapper.vendor, _query(connection))
    if not World.exists(str(name)):
        return None
    with closing(wrapper.Database.connect(str(name), timeout=LOCK_SECONDS)) as connection:
        return _read(wrapper.vendor, _query(connection))


def _query(connection: Any) -> Query:
    def query(sql: str) -> Sequence[Sequence[Any]]:
        with closing(connection.cursor()) as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    return query


def _read(vendor: str, query: Query) -> Contents:
    tables = sorted(str(row[0]) for row in query(TABLES[vendor]))[:MAX_TABLES]
    rows: dict[str, int] = {}
    for start in range(0, len(tables), AT_ONCE):
        some = tables[start : start + AT_ONCE]
        counted = query(" UNION ALL ".join([_count(number, table) for number, table in enumerate(some)]))
        rows.update((some[int(row[0])], int(row[1])) for row in counted)
    recorded = query(RECORDED) if rows.pop(MIGRATIONS, 0) else ()
    return Contents(rows, frozenset(["%s.%s" % (row[0], row[1]) for row in recorded]))


def _count(number: int, table: str) -> str:
    """Exact up to the bound."""
    quoted = '"%s"' % table.replace('"', '""')
    return "SELECT %d, count(*) FROM (SELECT 1 FROM %s LIMIT %d) AS counted" % (number, quoted, MAX_ROWS + 1)  # noqa: S608 -- quoted
