"""Names of Django's test databases: a suffix that keeps runs apart, and what they were called in the end.

Owns `FLAKY_DETECTOR_DATABASE_SUFFIX`; how they are made is `cloning`'s. The suffix goes into `DATABASES[…]["TEST"]["NAME"]` before
pytest-django appends xdist's `_gw0` to it, and once more, where a project's own fixture has overwritten that, when a test database is about
to be made. An in-memory SQLite database belongs to its process alone and keeps its name. Looks only at a Django that has been imported and
configured.

Sources: https://pytest-django.readthedocs.io/en/latest/database.html, https://docs.djangoproject.com/en/stable/ref/settings/#test
"""

from __future__ import annotations

import hashlib
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.cloning.making import Cloning

if TYPE_CHECKING:
    from flaky_detector.recorder.journal import Journal

LONGEST_NAME = {"postgresql": 63, "mysql": 64}
ROOM_FOR_WORKER = 6  # _gw999
SETUP_FIXTURE = "django_db_setup"
SQLITE = "sqlite3"
SQLITE_COMPANIONS = ("", "-journal", "-wal", "-shm")


class Databases:
    """Around the making of the test databases: gives them their suffix, and writes `databases`."""

    def __init__(self, journal: Journal, suffix: str, templates: str = "") -> None:
        self._journal = journal
        self._suffix = suffix
        self.cloning = Cloning(templates, journal.note)
        self._before: list[dict[str, str]] = []
        self.names: list[str] = []
        self.by_alias: dict[str, str] = {}

    def rename(self) -> None:
        """As early as possible: once everything has been imported."""
        try:
            if self._suffix:
                rename(self._suffix)
        except Exception as error:
            self._journal.note("test databases may lack their suffix: %r" % (error,))

    def before(self) -> None:
        """They are about to be made."""
        self.rename()
        try:
            self._before = present()
            if self._suffix:
                load_backends()
                follow_creation(self._suffix, self.cloning)
        except Exception as error:
            self._journal.note("test databases may lack their suffix: %r" % (error,))

    def after(self) -> None:
        """They have been made."""
        try:
            made = [entry for entry in present() if entry not in self._before]
            self.names = [entry["name"] for entry in made]
            self.by_alias = {entry["alias"]: entry["name"] for entry in made}
            told = [{**entry, "copied": True} if entry["alias"] in self.cloning.copied else entry for entry in made]
            self._journal.write({"ev": "databases", "databases": told})
        except Exception as error:
            self._journal.note("the names of the test databases are not known: %r" % (error,))


def rename(suffix: str) -> None:
    """Append the suffix to the test name of every database that does not hold it yet."""
    for entry in _settings().values():
        _rename(entry, suffix)


def follow_creation(suffix: str, cloning: Cloning) -> None:
    """See to it that a test database gets the suffix when it is made, whoever has named it in between, and is a copy where one will do."""
    module = sys.modules.get("django.db.backends.base.creation")
    base = getattr(module, "BaseDatabaseCreation", None)
    if base is None or getattr(base.create_test_db, "has_suffix", False):
        return
    original = base.create_test_db

    def create_test_db(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            _rename(self.connection.settings_dict, suffix)
        except Exception:
            pass
        return cloning.create(self, partial(original, self, *args, **kwargs))

    create_test_db.has_suffix = True  # type: ignore[attr-defined]
    base.create_test_db = create_test_db


def load_backends() -> None:
    """Let Django load the backends, as it is about to do anyway: called when a project's database fixture is set up."""
    connections = getattr(sys.modules.get("django.db"), "connections", None)
    if connections is not None:
        for alias in _settings():
            getattr(connections[alias], "creation", None)


def present() -> list[dict[str, str]]:
    """Alias, engine and name of every database as the settings have them now."""
    return [
        {"alias": alias, "engine": str(entry.get("ENGINE", "")), "name": str(entry.get("NAME", ""))} for alias, entry in _settings().items()
    ]


def are_databases(value: Any) -> bool:
    """Whether this is the very `DATABASES` of Django's settings, into which Django writes the names of the test databases."""
    return value is not None and value is _settings()


def with_suffix(name: str, suffix: str, engine: str) -> str:
    """`test_shop` → `test_shop_fd1a2b`; a name that the engine would cut is shortened in front, and told apart by a digest."""
    tail = "_" + suffix.lstrip("_")
    longest = LONGEST_NAME.get(_backend(engine))
    if longest is not None and len(name) + len(tail) + ROOM_FOR_WORKER > longest:
        mark = hashlib.sha256(name.encode()).hexdigest()[:6]
        name = name[: longest - len(tail) - ROOM_FOR_WORKER - len(mark)] + mark
    return name + tail


def _rename(entry: Any, suffix: str) -> None:
    test = entry.setdefault("TEST", {})
    engine = str(entry.get("ENGINE", ""))
    name = test.get("NAME")
    if test.get("MIRROR") or not engine or suffix.lstrip("_") in str(name or ""):
        return
    if not name:
        if _backend(engine) in (SQLITE, "spatialite") or not entry.get("NAME"):
            return
        name = "test_%s" % entry["NAME"]
    if ":memory:" in str(name) or "mode=memory" in str(name):
        return
    test["NAME"] = with_suffix(str(name), suffix, engine)


def _backend(engine: str) -> str:
    """The part of an engine's path that tells what it is: `django.contrib.gis.db.backends.postgis` counts as postgresql."""
    last = engine.rsplit(".", 1)[-1]
    return "postgresql" if last in ("postgis", "postgresql_psycopg2") or "postgres" in engine else last


def _settings() -> Any:
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not getattr(settings, "configured", False):
        return {}
    return settings.DATABASES
