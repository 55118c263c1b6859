"""What the making of a test database depends on, as one key: databases with the same key are taken to be equal.

Owns the list: the versions at work, the settings of the database and those that Django looks at, settings that have changed since the
session began, every model that is registered (a polluter may have registered one), the contents of all migrations, and what the tests
that ran before have left behind as far as the probes saw it. Must not import anything.

Paths of the private copy and of its temporary folder are told by what they stand for, for every run has others.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.cloning.registry import DeclinedError
from flaky_detector.recorder.cloning.told import told
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SETTINGS = (
    "SETTINGS_MODULE",
    "INSTALLED_APPS",
    "DATABASE_ROUTERS",
    "MIGRATION_MODULES",
    "DEFAULT_AUTO_FIELD",
    "DEFAULT_TABLESPACE",
    "DEFAULT_INDEX_TABLESPACE",
    "AUTH_USER_MODEL",
    "LANGUAGE_CODE",
    "TIME_ZONE",
    "USE_TZ",
    "USE_I18N",
    "SITE_ID",
    "CACHES",
)
OF_THE_FRAME = ("ALLOWED_HOSTS", "DEBUG", "EMAIL_BACKEND", "DATABASES", "MIGRATION_MODULES")
"""What Django's and pytest-django's set-up change before any test."""

NOT_STORED = ("validators", "error_messages", "help_text", "verbose_name", "choices", "limit_choices_to")
MAX_MIGRATION_BYTES = 64 << 20


def key_of(creation: Any, since: Mapping[str, str], left: Iterable[str]) -> str:
    """Twelve hexadecimal digits.

    Args:
        creation: Django's `DatabaseCreation` of the alias.
        since: settings as they were when the session began (`settings_now`).
        left: what earlier tests of this process left behind, a word each.

    Raises:
        DeclinedError: a migrations module cannot be found.
    """
    connection = creation.connection
    parts = ["\n".join(_versions(connection)), connection.alias, told(_without_names(connection.settings_dict))]
    parts += ["%s=%s" % pair for pair in _settings(since)]
    parts += sorted(_models())
    parts += _migrations()
    parts += sorted(left)
    text = "\0".join(parts)
    for path, name in _homes():
        text = text.replace(path, name)
    return str(World.sha256(text.encode("utf-8", "surrogatepass")).hexdigest())[:12]


def settings_now() -> dict[str, str]:
    """Every setting as text; empty while there are none."""
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    if settings is None or not settings.configured:
        return {}
    return {name: told(getattr(settings, name, None)) for name in dir(settings) if name.isupper()}


def _settings(since: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    now = settings_now()
    for name in sorted({*now, *since}):
        changed = bool(since) and name not in OF_THE_FRAME and since.get(name) != now.get(name)
        if name in SETTINGS or changed:
            yield name, now.get(name, "gone")


def _versions(connection: Any) -> Iterator[str]:
    yield sys.version
    yield str(getattr(sys.modules.get("django"), "VERSION", ""))
    for name in ("psycopg", "psycopg2", "MySQLdb", "pymysql"):
        yield name + str(getattr(sys.modules.get(name), "__version__", ""))
    yield str(getattr(connection.Database, "sqlite_version", ""))


def _without_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in settings.items() if name != "NAME"}
    found["TEST"] = {name: value for name, value in (settings.get("TEST") or {}).items() if name != "NAME"}
    return found


def _models() -> Iterator[str]:
    for label, models in list(sys.modules["django.apps"].apps.all_models.items()):
        for name, model in list(models.items()):
            meta = model._meta
            given = {name: value for name, value in getattr(meta, "original_attrs", {}).items() if name not in ("apps", *NOT_STORED)}
            options = (meta.db_table, meta.managed, meta.proxy, given)
            fields = sorted(_field(field) for field in (*meta.local_fields, *meta.local_many_to_many))
            yield "\n".join([label, name, plain.origin(model), told(options), *fields])


def _field(field: Any) -> str:
    """As migrations would write it: its attributes also hold what was computed when it was first used."""
    name, path, args, kwargs = field.deconstruct()
    return told((name, path, args, {word: value for word, value in kwargs.items() if word not in NOT_STORED}))


def _migrations() -> Iterator[str]:
    modules = getattr(sys.modules["django.conf"].settings, "MIGRATION_MODULES", {})
    budget = MAX_MIGRATION_BYTES
    for app in sys.modules["django.apps"].apps.get_app_configs():
        named = modules[app.label] if app.label in modules else app.name + ".migrations"
        if named is None:
            continue
        for folder in _folders(str(named), app):
            for path in sorted(_files(folder)):
                content = _content(path)
                budget -= len(content)
                if budget < 0:
                    raise DeclinedError("the migrations are larger than %d MB" % (MAX_MIGRATION_BYTES >> 20))
                yield "%s %s %s" % (app.label, path[len(folder) :], World.sha256(content).hexdigest())


def _folders(name: str, app: Any) -> list[str]:
    """Where a migrations package lies; none for an app that has none."""
    loaded = sys.modules.get(name)
    if loaded is not None:
        return [str(path) for path in getattr(loaded, "__path__", ())]
    if name == app.name + ".migrations":
        return [World.join(app.path, "migrations")]
    first, *rest = name.split(".")
    places = [World.join(str(place), *rest) for place in getattr(sys.modules.get(first), "__path__", ())]
    found = [place for place in places or [World.join(entry, first, *rest) for entry in sys.path] if World.exists(place)]
    if not found:
        raise DeclinedError("the migrations %s cannot be found" % name)
    return found[:1]


def _files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if each != "__pycache__"]
        yield from (World.join(place, name) for name in names if not name.endswith((".pyc", ".pyo")))


def _content(path: str) -> bytes:
    number = World.open(path, os.O_RDONLY)
    parts: list[bytes] = []
    try:
        while True:
            part = World.read(number, 1 << 16)
            if not part:
                return b"".join(parts)
            parts.append(part)
    finally:
        World.close(number)


def _homes() -> list[tuple[str, str]]:
    """Paths that differ from run to run, the longest first."""
    homes = {os.environ.get(wire.COPY, ""): "<copy>", os.environ.get("TMPDIR", ""): "<tmp>", os.environ.get(wire.RECORD, ""): "<record>"}
    return sorted(((path, name) for path, name in homes.items() if path), key=lambda pair: -len(pair[0]))
