"""In a small Django project on SQLite: models left behind, traits, names of test databases, and the sweep."""

import subprocess
import sys

import pytest

from tests.recorder.inner import environment

SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["shop"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
DATABASES = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "shop.sqlite3", "TEST": {"NAME": "test_shop.sqlite3"}},
    "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": "other.sqlite3"},
}
"""
MODELS = """
from django.db import models

class Product(models.Model):
    name = models.CharField(max_length=9)
"""
TESTS = """
import unittest
import pytest
from django.apps import apps
from django.db import connection, models
from django.test import SimpleTestCase, TestCase, TransactionTestCase
from django.test.utils import isolate_apps
from shop.models import Product

@pytest.fixture
def migrator(db): pass

@pytest.mark.django_db
def test_mark():
    Product.objects.create(name="x")

def test_fixture(db): pass
@pytest.mark.django_db(transaction=True)
def test_transaction(): pass
def test_transactional(transactional_db): pass
def test_migrator(migrator): pass
def test_without(): pass

class TestDjango(TestCase):
    def test_it(self): Product.objects.count()
class TestTransaction(TransactionTestCase):
    def test_it(self): pass
class TestSimple(SimpleTestCase):
    def test_it(self): pass

def test_leaves_a_model():
    class Phantom(models.Model):
        class Meta: app_label = "shop"
def test_leaves_nothing():
    with isolate_apps("shop"):
        class Isolated(models.Model):
            class Meta: app_label = "shop"
@pytest.mark.filterwarnings("ignore")
def test_replaces_it():
    class Phantom(models.Model):
        size = models.IntegerField()
        class Meta: app_label = "shop"
def test_takes_it_out(): del apps.all_models["shop"]["phantom"]; apps.clear_cache()
def test_leaves_and_takes_out():
    class Brief(models.Model):
        class Meta: app_label = "shop"
    del apps.all_models["shop"]["brief"]
@pytest.mark.django_db
def test_name_of_the_database(): assert connection.settings_dict["NAME"] == "TEST_NAME"
"""
ASKS_NAME = """
import pytest
from django.db import connection

@pytest.mark.django_db
def test_a(): assert connection.settings_dict["NAME"] == "TEST_NAME"
"""
PROJECT = {
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\n",
    "conftest.py": "",
    "settings.py": SETTINGS,
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
}


def project(name: str, tests: str = TESTS) -> dict[str, str]:
    return {**PROJECT, "test_a.py": tests.replace("TEST_NAME", name)}


@pytest.fixture(scope="module")
def ran(run):
    ran = run(project("test_shop.sqlite3_fd1a2b3c"), "-p", "django", "-p", "no:unraisableexception", env={"FLAKY_DETECTOR_DATABASE_SUFFIX": "_fd1a2b3c"})  # fmt: skip # noqa: E501
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    return ran


def test_a_model_that_is_left_behind_is_named_with_where_it_came_from(ran):
    assert ran.state("test_leaves_a_model") == [("django-model", "shop.Phantom", "came")]
    assert ran.end("test_leaves_a_model")["state"][0]["origin"] == "test_a:test_leaves_a_model.<locals>.Phantom"
    assert ran.state("test_replaces_it") == [("django-model", "shop.Phantom", "changed")]
    assert ran.state("test_takes_it_out") == [("django-model", "shop.Phantom", "went")]


def test_isolated_and_brief_models_are_no_change(ran):
    assert ran.state("test_leaves_nothing") == []
    assert ran.state("test_leaves_and_takes_out") == []


def test_making_the_databases_is_not_a_change_of_the_tree(ran):
    assert [name for name in ran.outcomes() if ran.state(name)] == ["test_leaves_a_model", "test_replaces_it", "test_takes_it_out"]


def test_traits_tell_who_asks_for_a_database(ran):
    def traits(name):
        return ran.end(name).get("traits")

    assert traits("test_mark") == ["db"]
    assert traits("test_fixture") == ["db"]
    assert traits("test_transaction") == ["db", "transactional_db"]
    assert traits("test_transactional") == ["db", "transactional_db"]
    assert traits("test_migrator") == ["db", "fixture:migrator"]
    assert traits("test_without") is None
    assert traits("TestDjango::test_it") == ["db", "unittest"]
    assert traits("TestTransaction::test_it") == ["db", "transactional_db", "unittest"]
    assert traits("TestSimple::test_it") == ["unittest"]


def test_the_order_that_is_written_down_is_the_one_that_django_sorts(ran):
    (collected,) = ran.events("collected")
    assert collected["app_labels"] == ["shop"]
    assert collected["tests"][0] == "test_a.py::test_mark"
    assert collected["tests"][-1] == "test_a.py::test_leaves_and_takes_out"
    assert collected["tests"].index("test_a.py::test_transaction") > collected["tests"].index("test_a.py::TestDjango::test_it")


def test_names_of_the_databases_are_written_down(ran):
    databases = ran.events("databases")[0]["databases"]
    assert databases == [{"alias": "default", "engine": "django.db.backends.sqlite3", "name": "test_shop.sqlite3_fd1a2b3c"}]
    assert ran.events("finish")[0]["databases"] == ["test_shop.sqlite3_fd1a2b3c"]
    assert ran.events("start")[0]["settings"] == "settings"
    assert str(ran.folder) in ran.events("start")[0]["sys_path"]


def test_a_project_that_names_its_databases_itself_gets_the_suffix_all_the_same(run):
    conftest = """
import pytest
@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    from django.conf import settings
    settings.DATABASES["default"]["TEST"]["NAME"] = "mine"
@pytest.fixture(scope="session")
def django_db_setup(django_db_modify_db_settings, django_db_blocker):
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases
    settings.DATABASES["default"]["TEST"]["NAME"] = "mine_too"
    with django_db_blocker.unblock():
        config = setup_databases(0, False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(config, 0)
"""
    ran = run(
        {**project("mine_too_fd1a2b3c", ASKS_NAME), "conftest.py": conftest},
        "-p",
        "django",
        env={"FLAKY_DETECTOR_DATABASE_SUFFIX": "fd1a2b3c"},
    )
    assert ran.outcomes() == {"test_a": "passed"}, ran.output


def test_each_worker_has_its_suffix_beside_the_runs(run):
    ran = run(project("test_shop.sqlite3_fd1a2b3c_gw0", ASKS_NAME), "-p", "django", "-p", "xdist", "-n1", env={"FLAKY_DETECTOR_DATABASE_SUFFIX": "_fd1a2b3c"})  # fmt: skip # noqa: E501
    assert ran.outcomes("gw0") == {"test_a": "passed"}, ran.output


def test_the_sweep_drops_what_a_killed_run_left_and_nothing_else(run, guest):
    killing = "import os, pytest\n@pytest.mark.django_db\ndef test_a(): os._exit(9)\n"
    ran = run(project("", killing), "-p", "django", env={"FLAKY_DETECTOR_DATABASE_SUFFIX": "_fd1a2b3c"})
    assert ran.exit_code == 9
    for name in ("test_shop.sqlite3", "test_shop.sqlite3_fd1a2b3cd", "test_shop.sqlite3_other", "shop.sqlite3"):
        (ran.folder / name).write_text("")
    command = [sys.executable, "-m", "flaky_detector.recorder.sweep", "--suffix", "_fd1a2b3c", "--record", "record"]
    done = subprocess.run(command, cwd=ran.folder, env=environment(guest, {}), capture_output=True, text=True, check=False)
    assert done.stdout == "dropped test_shop.sqlite3_fd1a2b3c\n", done.stderr
    assert done.returncode == 0
    left = sorted(path.name for path in ran.folder.glob("*.sqlite3*"))
    assert left == ["shop.sqlite3", "test_shop.sqlite3", "test_shop.sqlite3_fd1a2b3cd", "test_shop.sqlite3_other"]


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["--suffix", "fd"], "too short"),
        (["--suffix", "fd'; DROP"], "not a word"),
        (["--suffix", "fd1a2b3c"], "set DJANGO_SETTINGS_MODULE"),
    ],
)
def test_a_sweep_that_cannot_be_sure_drops_nothing(guest, tmp_path, args, word):
    command = [sys.executable, "-m", "flaky_detector.recorder.sweep", *args]
    done = subprocess.run(command, cwd=tmp_path, env=environment(guest, {}), capture_output=True, text=True, check=False)
    assert word in done.stderr
    assert done.returncode == 2
