"""Templates of SQLite databases: a file in the registry's folder.

Owns the copying: of files as files, of databases in memory through SQLite's backup, page by page.

Source: https://www.sqlite.org/backup.html
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.cloning.registry import DeclinedError

if TYPE_CHECKING:
    from flaky_detector.recorder.cloning.registry import Registry

TABLES = "SELECT count(*) FROM sqlite_master"


def snapshot(creation: Any, registry: Registry, key: str) -> dict[str, Any]:
    """Make the template of the database that the connection has open; what is to be known of it."""
    connection = creation.connection
    path = registry.path(key, "sqlite3")
    with closing(connection.Database.connect(path)) as target:
        connection.connection.backup(target)
    return {"name": path, "bytes": os.path.getsize(path)}


def clone(creation: Any, registry: Registry, template: dict[str, Any], name: str) -> Any:
    """Make the database `name` from the template; of one in memory, a connection that keeps it until Django has its own."""
    del registry
    if not creation.is_in_memory_db(name):
        if os.path.exists(name):
            raise DeclinedError("there is a file %s already" % name)
        shutil.copyfile(template["name"], name)
        return None
    driver = creation.connection.Database
    target = driver.connect(name, uri=True)
    try:
        if target.execute(TABLES).fetchone()[0]:
            raise DeclinedError("the database in memory is not empty")
        with closing(driver.connect(template["name"])) as source:
            source.backup(target)
    except BaseException:
        target.close()
        raise
    return target
