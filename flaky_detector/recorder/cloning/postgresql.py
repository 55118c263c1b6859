"""Templates on PostgreSQL: `CREATE DATABASE … TEMPLATE …`, or a copy that was made beforehand and only gets its name.

Owns the statements. A database can be copied only while nobody is connected to it, and its own settings and rights are not copied.

Sources: https://www.postgresql.org/docs/current/manage-ag-templatedbs.html, https://www.postgresql.org/docs/current/sql-createdatabase.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.cloning.registry import DeclinedError
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from flaky_detector.recorder.cloning.registry import Registry

MAX_BYTES = 2 << 30
MOST_DISCARDED = 20
OWN = (
    "SELECT pg_database_size(d.oid), d.datacl IS NOT NULL OR EXISTS (SELECT 1 FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)"
    " FROM pg_database d WHERE d.datname = %s"
)
EXISTS = "SELECT 1 FROM pg_database WHERE datname = %s"


def snapshot(creation: Any, registry: Registry, key: str) -> dict[str, Any]:
    """Make the template of the database that the connection is in; what is to be known of it."""
    connection = creation.connection
    name, template = connection.settings_dict["NAME"], registry.name_of(key)
    connection.close()
    if hasattr(connection, "close_pool"):
        connection.close_pool()
    with connection._nodb_cursor() as cursor:
        cursor.execute(OWN, [name])
        size, has_own = cursor.fetchone()
        if has_own:
            raise DeclinedError("the migrations give the database settings or rights of its own, which a copy would lack")
        if size > MAX_BYTES:
            raise DeclinedError("the database is larger than %d GB" % (MAX_BYTES >> 30))
        _copy(cursor, connection, name, template)
    return {"name": template, "bytes": size}


def clone(creation: Any, registry: Registry, template: dict[str, Any], name: str) -> None:
    """Make the database `name`, which must not exist, from the template."""
    connection = creation.connection
    with connection._nodb_cursor() as cursor:
        cursor.execute(EXISTS, [name])
        if cursor.fetchone() is not None:
            raise DeclinedError("there is a database %s already" % name)
        ready = registry.take(template["key"])
        if ready:
            try:
                cursor.execute("ALTER DATABASE %s RENAME TO %s" % (_quoted(connection, ready), _quoted(connection, name)))
            except Exception:  # it is gone, or the name is taken
                ready = ""
        if not ready:
            _copy(cursor, connection, template["name"], name)


def discard(creation: Any, registry: Registry, key: str, name: str) -> bool:
    """Leave it to the keeper to drop a copy, which takes longer than giving it another name; False where it is to be dropped as ever."""
    connection = creation.connection
    if not registry.has_keeper() or len(registry.discarded(key)) >= MOST_DISCARDED:
        return False
    another = "%s_%s" % (registry.name_of(key), World.sha256(name.encode()).hexdigest()[:12])
    try:
        if hasattr(connection, "close_pool"):
            connection.close_pool()
        with connection._nodb_cursor() as cursor:
            cursor.execute("ALTER DATABASE %s RENAME TO %s" % (_quoted(connection, name), _quoted(connection, another)))
        registry.discard(key, another)
    except Exception:  # Django's own way will say what is wrong
        return False
    return True


def drop(connection: Any, registry: Registry, key: str) -> None:
    """Drop what has been discarded."""
    for name in registry.discarded(key):
        with connection._nodb_cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS %s" % _quoted(connection, name))
        registry.dropped(key, name)


def make_ready(connection: Any, registry: Registry, template: dict[str, Any], name: str) -> None:
    """One more copy under a name of ours."""
    with connection._nodb_cursor() as cursor:
        _copy(cursor, connection, template["name"], name)
    registry.offer(template["key"], name)


def _copy(cursor: Any, connection: Any, source: str, target: str) -> None:
    cursor.execute("CREATE DATABASE %s TEMPLATE %s" % (_quoted(connection, target), _quoted(connection, source)))


def _quoted(connection: Any, name: str) -> str:
    return str(connection.ops.quote_name(name))
