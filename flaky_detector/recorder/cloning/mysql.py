"""Templates on MySQL and MariaDB, which can copy no database as a whole: table by table, within the server.

Owns the statements. Databases with views, triggers, routines, events or sequences are declined. Tables are made as `SHOW CREATE TABLE`
says, since `CREATE TABLE … LIKE` leaves foreign keys out; then filled, but for generated columns.

Sources: https://dev.mysql.com/doc/refman/8.4/en/show-create-table.html, https://mariadb.com/kb/en/create-table/#create-table-like
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.cloning.registry import DeclinedError

if TYPE_CHECKING:
    from flaky_detector.recorder.cloning.registry import Registry

OTHERS = (
    "SELECT (SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = %s)"
    " + (SELECT count(*) FROM information_schema.routines WHERE routine_schema = %s)"
    " + (SELECT count(*) FROM information_schema.events WHERE event_schema = %s)"
    " + (SELECT count(*) FROM information_schema.tables WHERE table_schema = %s AND table_type <> 'BASE TABLE')"
)
TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s ORDER BY table_name"
COLUMNS = "SELECT column_name, extra FROM information_schema.columns WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position"
DEFAULTS = "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = %s"
AS_IT_IS = "SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'"


def snapshot(creation: Any, registry: Registry, key: str) -> dict[str, Any]:
    """Make the template of the database that the connection is in; what is to be known of it."""
    connection = creation.connection
    name, template = connection.settings_dict["NAME"], registry.name_of(key)
    with connection._nodb_cursor() as cursor:
        cursor.execute(OTHERS, [name] * 4)
        if cursor.fetchone()[0]:
            raise DeclinedError("a copy would lack the views, triggers, routines, events or sequences that the migrations make")
        cursor.execute(DEFAULTS, [name])
        words = (_quoted(connection, template), *cursor.fetchone())
        cursor.execute("CREATE DATABASE %s CHARACTER SET %s COLLATE %s" % words)
        _fill(cursor, connection, name, template)
    return {"name": template, "bytes": 0}


def clone(creation: Any, registry: Registry, template: dict[str, Any], name: str) -> None:
    """Make the database `name`, which must not exist, from the template."""
    del registry
    connection = creation.connection
    with connection._nodb_cursor() as cursor:
        cursor.execute(DEFAULTS, [template["name"]])
        words = (_quoted(connection, name), *cursor.fetchone())
        cursor.execute("CREATE DATABASE %s CHARACTER SET %s COLLATE %s" % words)
        try:
            _fill(cursor, connection, template["name"], name)
        except BaseException:
            cursor.execute("DROP DATABASE %s" % _quoted(connection, name))
            raise


def _fill(cursor: Any, connection: Any, source: str, target: str) -> None:
    cursor.execute(AS_IT_IS)
    cursor.execute("USE %s" % _quoted(connection, target))
    cursor.execute(TABLES, [source])
    for (table,) in list(cursor.fetchall()):
        whole = "%s.%s" % (_quoted(connection, source), _quoted(connection, table))
        cursor.execute("SHOW CREATE TABLE %s" % whole)
        cursor.execute(cursor.fetchone()[1], None)
        cursor.execute(COLUMNS, [source, table])
        stored = ", ".join([_quoted(connection, name) for name, extra in cursor.fetchall() if not _is_generated(extra)])
        words = (_quoted(connection, target), _quoted(connection, table), stored, stored, whole)
        cursor.execute("INSERT INTO %s.%s (%s) SELECT %s FROM %s" % words)  # noqa: S608 -- quoted


def _is_generated(extra: str) -> bool:
    """`DEFAULT_GENERATED` is only a default."""
    return any(word in extra.upper() for word in ("VIRTUAL", "STORED", "PERSISTENT"))


def _quoted(connection: Any, name: str) -> str:
    return str(connection.ops.quote_name(name))
