"""Test databases that are copies of a template, on real SQLite and PostgreSQL: they are as if made anew, or else they are made anew."""

import json
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.recorder.inner import environment
from tests.support.postgres import postgres  # noqa: F401 -- a fixture

SETTINGS = """
import os
SECRET_KEY = os.urandom(9).hex()  # another one in every process
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "shop", "plain"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": DATABASE, "other": OTHER}
MIGRATION_MODULES = {"plain": None}
"""
SQLITE = '{"ENGINE": "django.db.backends.sqlite3", "NAME": "%s.sqlite3", "TEST": {"NAME": "test_%s.sqlite3"}}'
MEMORY = '{"ENGINE": "django.db.backends.sqlite3", "NAME": "%s.sqlite3"}'
POSTGRES = (
    '{"ENGINE": "django.db.backends.postgresql", "NAME": "%s",'
    ' "HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"], "PORT": os.environ["PGPORT"]}'
)
DATABASES = {"file": SQLITE % ("default", "default"), "memory": MEMORY % "default", "postgres": POSTGRES % "cloned"}
MODELS = """
from django.db import models

class Product(models.Model):
    name = models.CharField(max_length=9)

class Told(models.Model):
    text = models.CharField(max_length=99)
"""
APPS = """
from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate

TOLD = []

def before(plan, using, **_):
    TOLD.append(["pre", using, [str(migration) for migration, _ in plan if migration.app_label == "shop"]])

def after(plan, using, apps, **_):
    TOLD.append(["post", using, [str(migration) for migration, _ in plan if migration.app_label == "shop"]])
    apps.get_model("shop", "Told").objects.using(using).create(text="after %d" % len(plan))  # once more each time

class Shop(AppConfig):
    name = "shop"
    def ready(self):
        pre_migrate.connect(before, sender=self)
        post_migrate.connect(after, sender=self)
"""
FIRST = """
from django.db import migrations, models

class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel(name=name, fields=[("id", models.BigAutoField(primary_key=True, serialize=False)), field])
        for name, field in (("Product", ("name", models.CharField(max_length=9))), ("Told", ("text", models.CharField(max_length=99))))
    ]
"""
SECOND = """
import os
from django.db import migrations

def fill(apps, editor):
    import fills
    with open(os.environ["RAN"], "a") as file:
        file.write(editor.connection.alias + "\\n")
    for name in fills.NAMES:
        apps.get_model("shop", "Product").objects.using(editor.connection.alias).create(name=name)

class Migration(migrations.Migration):
    dependencies = [("shop", "0001_initial")]
    operations = [migrations.RunPython(fill)]
"""
TESTS = """
import json, os, sys
import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from shop.apps import TOLD
from shop.models import Product
from plain.models import Thing

def told(alias):
    with connections[alias].cursor() as cursor:
        tables = sorted(connections[alias].introspection.table_names(cursor))
        rows = {}
        for table in tables:
            cursor.execute("SELECT * FROM %s" % table)
            found = [[str(value) for value in row] for row in cursor.fetchall()]
            rows[table] = sorted([value for value in row if ":" not in value] for row in found)  # no times
    return rows

@pytest.mark.django_db(databases=["default", "other"])
def test_told():
    told_now = {
        "rows": {alias: told(alias) for alias in ("default", "other")},
        "signals": TOLD,
        "fills": "fills" in sys.modules,
        "types": sorted(str(key) for cache in ContentType.objects._cache.values() for key in cache),
        "next": [Product.objects.using(alias).create(name="x").pk for alias in ("default", "other")],
        "thing": Thing.objects.create().pk,
        "permissions": Permission.objects.count(),
        "connection": [connections[alias].connection is not None for alias in ("default", "other")],
    }
    with open(os.environ["TOLD"], "w") as file:
        json.dump(told_now, file)
"""
PHANTOM = """
import pytest
from django.db import models
from shop.models import Product

def test_leaves_a_model():
    class Phantom(models.Model):
        class Meta: app_label = "plain"

def test_leaves_nothing(): pass

@pytest.mark.django_db
def test_counts():
    assert Product.objects.count() == 2

@pytest.mark.django_db
def test_tables():
    from django.db import connection
    assert "plain_phantom" not in connection.introspection.table_names()
"""
PROJECT = {
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\n",
    "conftest.py": "",
    "fills.py": "NAMES = ['tea', 'cup']\n",
    "shop/__init__.py": "",
    "shop/apps.py": APPS,
    "shop/models.py": MODELS,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": FIRST,
    "shop/migrations/0002_fill.py": SECOND,
    "plain/__init__.py": "",
    "plain/models.py": "from django.db import models\n\nclass Thing(models.Model): pass\n",
    "test_a.py": TESTS,
    "test_p.py": PHANTOM,
}


class Hunt:
    """Runs of one project that share a folder of templates."""

    def __init__(self, run, folder: Path, kind: str, environ: dict[str, str]) -> None:
        self._run = run
        self._folder = folder
        self.kind = kind
        self._count = 0
        self.templates = folder / "fdabcdef12"
        self.templates.mkdir()
        self.environ = {**environ, "RAN": str(folder / "ran"), "TOLD": str(folder / "told.json")}
        settings = SETTINGS.replace("DATABASE}", "DATABASE}").replace("DATABASE,", DATABASES[kind] + ",").replace("OTHER", MEMORY % "other")
        self.project = {**PROJECT, "settings.py": settings}

    def run(self, *tests: str, templates: bool = True, files: dict[str, str] | None = None, options: tuple[str, ...] = ("-p", "django")):
        self._count += 1
        env = {**self.environ, "FLAKY_DETECTOR_DATABASE_SUFFIX": f"_fdabc{self._count:03}"}
        if templates:
            env["FLAKY_DETECTOR_TEMPLATES"] = str(self.templates)
        order = [[0, test] for test in tests or ("test_a.py::test_told",)]
        return self._run({**self.project, **(files or {})}, *options, order=order, env=env)

    def ran(self) -> list[str]:
        """Aliases for which the data migration ran since the last time that this was asked."""
        path = Path(self.environ["RAN"])
        lines = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return sorted(lines)

    def told(self):
        return json.loads(Path(self.environ["TOLD"]).read_text())

    def databases(self) -> list[str]:
        """Those of the hunt on the server."""
        with closing(psycopg.connect(host=self.environ["PGHOST"], user=self.environ["PGUSER"], dbname="postgres")) as connection:
            rows = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE '%fdabc%' ORDER BY datname").fetchall()
        return [name for (name,) in rows]


def copied(ran, worker: str = "main") -> list[str]:
    return [entry["alias"] for event in ran.events("databases", worker) for entry in event["databases"] if entry.get("copied")]


@pytest.fixture(params=DATABASES)
def hunt(run, guest, tmp_path, request):
    yield from hunt_on(run, guest, tmp_path, request, request.param)


@pytest.fixture
def on_file(run, guest, tmp_path, request):
    yield from hunt_on(run, guest, tmp_path, request, "file")


@pytest.fixture
def on_postgres(run, guest, tmp_path, request):
    yield from hunt_on(run, guest, tmp_path, request, "postgres")


def hunt_on(run, guest, tmp_path, request, kind):
    environ = request.getfixturevalue("postgres") if kind == "postgres" else {}
    hunt = Hunt(run, tmp_path, kind, environ)
    yield hunt
    if kind == "postgres":
        for name in hunt.databases():
            with closing(psycopg.connect(host=environ["PGHOST"], user=environ["PGUSER"], dbname="postgres", autocommit=True)) as connection:
                connection.execute(f'DROP DATABASE "{name}"')


def test_a_copy_is_as_if_made_anew_and_its_migrations_have_not_run(hunt):
    assert copied(hunt.run(templates=False)) == []
    anew = hunt.told()
    assert hunt.ran() == ["default", "other"]

    maker = hunt.run()
    assert (maker.outcomes(), copied(maker), maker.notes()) == ({"test_told": "passed"}, [], [])
    assert (hunt.ran(), hunt.told()) == (["default", "other"], anew)

    for _ in range(2):
        copier = hunt.run()
        assert (copier.outcomes(), copied(copier), copier.notes()) == ({"test_told": "passed"}, ["default", "other"], [])
        assert (hunt.ran(), hunt.told()) == ([], anew)
    assert anew["signals"][1] == ["post", "default", ["shop.0001_initial", "shop.0002_fill"]]
    assert [row[1] for row in anew["rows"]["default"]["shop_product"]] == ["tea", "cup"]
    assert len(anew["rows"]["default"]["shop_told"]) == 1
    assert (anew["next"], anew["fills"]) == ([3, 3], True)


def test_a_model_that_a_test_registered_before_the_databases_were_made_is_in_them_as_ever(on_file):
    order = ("test_p.py::test_leaves_a_model", "test_p.py::test_tables")
    assert on_file.run(*order, templates=False).outcomes()["test_tables"] == "failed"
    assert on_file.run(*order[1:]).outcomes() == {"test_tables": "passed"}
    on_file.ran()
    for made in (["default"], ["default"], []):
        ran = on_file.run(*order)
        assert ran.outcomes() == {"test_leaves_a_model": "passed", "test_tables": "failed"}
        assert on_file.ran() == made  # another template, made when it is wanted for the second time
    assert copied(on_file.run(*order[1:])) == ["default"]


def test_after_a_test_that_left_nothing_a_template_is_used_but_none_is_made(on_file):
    order = ("test_p.py::test_leaves_nothing", "test_p.py::test_counts")
    for _ in range(3):
        assert copied(on_file.run(*order)) == []
    on_file.run()
    ran = on_file.run(*order)
    assert (copied(ran), set(ran.outcomes().values())) == (["default"], {"passed"})


def test_another_migration_is_another_database(on_file):
    on_file.run()
    on_file.ran()
    changed = {"shop/migrations/0002_fill.py": SECOND + "# changed\n"}
    assert copied(on_file.run(files=changed)) == []
    assert on_file.ran() == ["default", "other"]


@pytest.mark.parametrize(
    "settings", ["LANGUAGE_CODE = 'de'", "DATABASE_ROUTERS = ['shop.apps.Shop']", "DEFAULT_AUTO_FIELD = 'django.db.models.AutoField'"]
)
def test_other_settings_are_another_database(on_file, settings):
    on_file.run()
    assert copied(on_file.run(files={"settings.py": on_file.project["settings.py"] + settings})) == []


def test_of_workers_that_want_a_database_at_once_one_makes_the_template(on_file):
    files = dict.fromkeys(("test_b.py", "test_c.py"), "import pytest\n@pytest.mark.django_db\ndef test_a(): pass\n")
    tests = ["test_b.py::test_a", "test_c.py::test_a"]
    env = {**on_file.environ, "FLAKY_DETECTOR_DATABASE_SUFFIX": "_fdabc000", "FLAKY_DETECTOR_TEMPLATES": str(on_file.templates)}
    options = ("-p", "django", "-p", "xdist", "-n", "2", "--dist", "loadfile")
    ran = on_file._run({**on_file.project, **files}, *options, *(test.partition("::")[0] for test in tests), env=env)
    assert [set(ran.outcomes(worker).values()) for worker in ("gw0", "gw1")] == [{"passed"}, {"passed"}]
    assert sorted([copied(ran, "gw0"), copied(ran, "gw1")]) == [[], ["default"]]
    assert on_file.ran() == ["default"]


def test_a_template_that_is_gone_is_said_once_and_the_databases_are_made_anew(on_postgres):
    on_postgres.run()
    (template,) = [name for name in on_postgres.databases() if name.startswith("flaky_detector_fdabcdef12_")]
    with closing(psycopg.connect(host=on_postgres.environ["PGHOST"], user=on_postgres.environ["PGUSER"], dbname="postgres", autocommit=True)) as connection:  # fmt: skip # noqa: E501
        connection.execute(f'DROP DATABASE "{template}"')
    first, second = on_postgres.run(), on_postgres.run()
    assert (first.outcomes(), copied(first)) == ({"test_told": "passed"}, ["other"])
    (note,) = first.notes()
    assert note.startswith("a test database was made anew, for copying it did not work: ")
    assert f'template database "{template}" does not exist' in note
    assert (second.notes(), copied(second), second.outcomes()) == ([], ["other"], {"test_told": "passed"})


def test_a_database_that_is_not_ours_is_left_alone(on_file):
    on_file.run()
    on_file.ran()
    mine = {"test_default.sqlite3_fdabc002": "mine"}
    ran = on_file.run(files=mine, options=("-p", "django"))
    assert copied(ran) == ["other"]
    assert ran.notes() == [
        "a test database was made anew, for copying it did not work: there is a file test_default.sqlite3_fdabc002 already"
    ]


def test_a_project_with_a_way_of_its_own_is_left_to_it(on_file):
    backend = {
        "own/__init__.py": "",
        "own/base.py": (
            "from django.db.backends.sqlite3 import base, creation\n"
            "class DatabaseCreation(creation.DatabaseCreation):\n"
            "    def _create_test_db(self, *args, **kwargs): return super()._create_test_db(*args, **kwargs)\n"
            "class DatabaseWrapper(base.DatabaseWrapper):\n"
            "    creation_class = DatabaseCreation\n"
        ),
        "settings.py": on_file.project["settings.py"].replace("django.db.backends.sqlite3", "own", 1),
    }
    first, second = on_file.run(files=backend), on_file.run(files=backend)
    assert first.notes() == ["test databases are not copied: how sqlite is made here is not known"]
    assert (copied(second), second.notes()) == (["other"], [])


def test_migrations_that_give_the_database_rights_of_its_own_make_no_template(on_postgres):
    grant = SECOND.replace("migrations.RunPython(fill)", "migrations.RunSQL('ALTER DATABASE \"NAME\" SET search_path = public')")
    grant = grant.replace('"NAME" SET', "' + __import__('django.db').db.connections['default'].settings_dict['NAME'] + ' SET")
    routed = {"shop/migrations/0002_fill.py": grant, "settings.py": on_postgres.project["settings.py"].replace(MEMORY % "other", POSTGRES % "cloned_other")}  # fmt: skip # noqa: E501
    ran = on_postgres.run("test_p.py::test_leaves_nothing", "test_p.py::test_tables", files=routed)
    assert ran.outcomes()["test_tables"] == "passed"
    ran = on_postgres.run("test_p.py::test_tables", files=routed)
    assert ran.outcomes() == {"test_tables": "passed"}
    expected = "no template of a test database could be made: the migrations give the database settings or rights of its own, which a copy would lack"  # noqa: E501
    assert expected in ran.notes()


def test_the_keeper_has_copies_ready_and_drops_everything_at_the_end(on_postgres, guest):
    on_postgres.run()
    env = environment(guest, on_postgres.environ)
    command = [sys.executable, "-m", "flaky_detector.recorder.cloning.keeper", "--registry", str(on_postgres.templates)]
    keeper = subprocess.Popen(command, env=env, stdin=subprocess.PIPE)
    ready = wait_for(lambda: len(ready_of(on_postgres)) == 3 and ready_of(on_postgres))
    assert set(ready) < set(on_postgres.databases())
    ran = on_postgres.run()
    assert (copied(ran), ran.outcomes()) == (["default", "other"], {"test_told": "passed"})
    assert wait_for(lambda: len(ready_of(on_postgres)) == 3 and set(ready_of(on_postgres)) != set(ready))
    (template,) = on_postgres.templates.glob("*.discarded")  # the run has left it to the keeper to drop its copy
    assert wait_for(lambda: list(template.iterdir()) == [])
    assert len(on_postgres.databases()) == 4
    keeper.communicate(timeout=60)
    assert keeper.returncode == 0
    assert on_postgres.databases() == []


def ready_of(hunt: Hunt) -> list[str]:
    return sorted(path.name for path in hunt.templates.glob("*.ready/*"))


def wait_for(condition):
    latest = time.monotonic() + 60
    while time.monotonic() < latest:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")
