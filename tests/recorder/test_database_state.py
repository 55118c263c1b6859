"""What tests leave in the test databases: tables, rows and recorded migrations, on SQLite in memory and in a file and on PostgreSQL."""

import pytest

from tests.recorder.test_django_state import SETTINGS, names_in
from tests.support.postgres import postgres  # noqa: F401 -- a fixture

IN_MEMORY = 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}'
DATABASES = {
    "memory": IN_MEMORY,
    "file": 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x.sqlite3", "TEST": {"NAME": "test_x.sqlite3"}}}',
    "postgres": (
        "import os\n"
        'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "%s", "USER": os.environ.get("PGUSER"),'
        ' "HOST": os.environ.get("PGHOST"), "PORT": os.environ.get("PGPORT")}}'
    ),
}
MODELS = """
from django.db import models

class Rate(models.Model):
    name = models.CharField(max_length=9, unique=True)
class Product(models.Model):
    name = models.CharField(max_length=9)
    rate = models.ForeignKey(Rate, null=True, on_delete=models.CASCADE)
"""
MIGRATION = """
from django.db import migrations, models

def fill(apps, schema_editor):
    for name in ("full", "half"):
        apps.get_model("shop", "Rate").objects.using(schema_editor.connection.alias).create(name=name)

class Migration(migrations.Migration):
    operations = [
        migrations.CreateModel("Rate", [("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=9, unique=True))]),
        migrations.CreateModel("Product", [
            ("id", models.AutoField(primary_key=True)), ("name", models.CharField(max_length=9)),
            ("rate", models.ForeignKey("shop.Rate", null=True, on_delete=models.CASCADE)),
        ]),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
"""
PROJECT = {
    "pytest.ini": "[pytest]\nDJANGO_SETTINGS_MODULE = settings\n",
    "conftest.py": "",
    "urls.py": "urlpatterns = []\n",
    "shop/__init__.py": "",
    "shop/models.py": MODELS,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": MIGRATION,
}
TESTS = """
import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, transaction
from django.test import TestCase, TransactionTestCase
from shop.models import Product, Rate

@pytest.fixture(scope="module")
def products(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        Product.objects.create(name="module")
    yield
    with django_db_blocker.unblock():
        Product.objects.filter(name="module").delete()

@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        Product.objects.create(name="x")

def test_without(): pass
def test_in_a_transaction(db): Product.objects.create(name="x"); assert Rate.objects.count() == 2
class TestClass(TestCase):
    @classmethod
    def setUpTestData(cls): Product.objects.create(name="class")
    def test_one(self): assert Product.objects.count() == 1
    def test_two(self): Product.objects.create(name="x")
class TestEarly(TestCase):
    @classmethod
    def setUpClass(cls):
        Product.objects.create(name="early")
        super().setUpClass()
    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        Product.objects.filter(name="early").delete()
    def test_one(self): Product.objects.create(name="x")
    def test_two(self): pass
class TestLeaving(TestCase):
    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        Product.objects.create(name="late")
    def test_one(self): pass
    def test_two(self): pass
def test_blocker(django_db_blocker):
    with django_db_blocker.unblock():
        Product.objects.filter(name="late").delete()
def test_commits(committed): pass
def test_commits_more(committed): pass
def test_takes_back(django_db_blocker):
    with django_db_blocker.unblock():
        Product.objects.all().delete()
def test_of_the_module(products): pass
def test_of_the_module_again(products): pass
def test_makes_a_table(django_db_blocker):
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute('CREATE TABLE "shop_10%_""odd" (id integer)')
def test_drops_it(django_db_blocker):
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute('DROP TABLE "shop_10%_""odd"')
def test_unrecords(django_db_blocker):
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'shop'")
def test_records(django_db_blocker):
    with django_db_blocker.unblock():
        call_command("migrate", "shop", fake=True, verbosity=0)
@pytest.mark.django_db(transaction=True)
def test_flushes(): pass
@pytest.mark.django_db(transaction=True)
def test_flushes_again(): Product.objects.create(name="x")
class TestTransaction(TransactionTestCase):
    def test_it(self): Rate.objects.create(name="x")
def test_puts_rates_back(django_db_blocker):
    with django_db_blocker.unblock():
        Rate.objects.create(name="full"); Rate.objects.create(name="half")
class TestTransactionOfRates(TransactionTestCase):
    def test_it(self): pass
"""

LEFT = {
    "test_without": [],
    "test_in_a_transaction": [],
    "TestClass::test_one": [],
    "TestClass::test_two": [],
    "TestEarly::test_one": [],
    "TestEarly::test_two": [],
    "TestLeaving::test_one": [],
    "TestLeaving::test_two": [("rows", "default.shop_product", "came (class)")],
    "test_blocker": [("rows", "default.shop_product", "went")],
    "test_commits": [("rows", "default.shop_product", "came")],
    "test_commits_more": [("rows", "default.shop_product", "changed")],
    "test_takes_back": [("rows", "default.shop_product", "went")],
    "test_of_the_module": [("rows", "default.shop_product", "came (module)")],
    "test_of_the_module_again": [],
    "test_makes_a_table": [("table", 'default.shop_10%_"odd', "came")],
    "test_drops_it": [("table", 'default.shop_10%_"odd', "went")],
    "test_unrecords": [("django-migration", "shop.0001_initial", "went")],
    "test_records": [("django-migration", "shop.0001_initial", "came")],
    "test_flushes": [("rows", "default.shop_product", "went"), ("rows", "default.shop_rate", "went")],
    "test_flushes_again": [],
    "TestTransaction::test_it": [],
    "test_puts_rates_back": [("rows", "default.shop_rate", "came")],
    "TestTransactionOfRates::test_it": [("rows", "default.shop_rate", "went")],
}
KINDS = ("table", "rows", "django-migration")


def left(ran, test, worker="main"):
    return sorted(change for change in ran.state(test, worker) if change[0] in KINDS)


def project(kind, tests, name="shop_of_state"):
    settings = SETTINGS.replace(IN_MEMORY, DATABASES[kind].replace("%s", name))
    assert settings != SETTINGS or kind == "memory"
    return {**PROJECT, "settings.py": settings, "test_a.py": tests}


@pytest.fixture(scope="module", params=DATABASES)
def ran(run, request):
    environment = request.getfixturevalue("postgres") if request.param == "postgres" else {}
    order = [[0, "test_a.py::" + name] for name in names_in(TESTS)]
    ran = run(project(request.param, TESTS), "-p", "django", order=order, env=environment)
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert ran.notes() == []
    return ran


def test_what_is_left_in_the_databases_is_told(ran):
    assert {test: left(ran, test) for test in ran.outcomes()} == LEFT


HOSTILE = """
import os, threading
import pytest
from django.db import connection, connections, transaction
from django.test import TestCase
from shop.models import Product, Rate

def commit_elsewhere():
    Product.objects.create(name="x"); connections.close_all()

def test_a_thread_commits(db):
    thread = threading.Thread(target=commit_elsewhere); thread.start(); thread.join()
@pytest.mark.django_db(transaction=True)
def test_after_a_thread(): pass
@pytest.mark.django_db(transaction=True)
def test_breaks_its_transaction():
    with transaction.atomic():
        try: connection.cursor().execute("SELECT * FROM nowhere")
        except Exception: pass
        transaction.set_rollback(True)
@pytest.mark.django_db(transaction=True)
def test_leaves_a_transaction_open():
    connection.cursor().execute("BEGIN"); Product.objects.create(name="x")
    assert 0
@pytest.mark.django_db(transaction=True)
def test_wraps_every_query():
    def wrapper(*args): raise RuntimeError("no more queries")
    connection.execute_wrappers.append(wrapper)
def test_unwraps(): connection.execute_wrappers.clear()
@pytest.mark.django_db(transaction=True)
def test_after_all(django_assert_num_queries):
    with django_assert_num_queries(1): assert Product.objects.count() == 0
def test_blocked():
    with pytest.raises(RuntimeError, match="Database access not allowed"): Product.objects.count()
"""
LOCKING = """
import threading
import pytest
from django.db import connection, connections
from shop.models import Rate

go_on, locked = threading.Event(), threading.Event()

def lock():
    with connection.cursor() as cursor:
        cursor.execute("BEGIN"); cursor.execute("LOCK TABLE shop_rate")
        locked.set(); go_on.wait(30); cursor.execute("ROLLBACK")
    connections.close_all()

thread = threading.Thread(target=lock)

def test_asks(db): pass
def test_locks(django_db_blocker):
    with django_db_blocker.unblock(): thread.start(); locked.wait(30)
def test_is_not_looked_at(): go_on.set(); thread.join()
def test_commits(django_db_blocker):
    with django_db_blocker.unblock(): Rate.objects.all().delete()
"""
DOWN = """
import os, subprocess
import pytest
from django.db import connection
from shop.models import Rate

@pytest.mark.django_db(transaction=True)
def test_flushes(): pass
@pytest.mark.django_db(transaction=True)
def test_the_server_dies():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
    connection.settings_dict["PORT"] = "1"
@pytest.mark.django_db(transaction=True)
def test_after(): pass
@pytest.mark.django_db(transaction=True)
def test_after_that(): pass
def test_without(): pass
"""


@pytest.mark.parametrize("kind", DATABASES)
def test_the_recorder_neither_disturbs_nor_is_disturbed(run, request, kind):
    environment = request.getfixturevalue("postgres") if kind == "postgres" else {}
    tests = HOSTILE if kind == "postgres" else HOSTILE.replace("thread.start(); thread.join()", "pass")
    order = [[0, "test_a.py::" + name] for name in names_in(HOSTILE)]
    ran = run(project(kind, tests, "shop_hostile"), "-p", "django", order=order, env=environment)
    plain = run(project(kind, tests, "shop_plain"), "-p", "django", order=order, env={**environment, "FLAKY_DETECTOR_PROBES": "none"})
    assert ran.outcomes() == plain.outcomes()
    assert ran.notes() == []
    assert left(ran, "test_after_all") == left(ran, "test_blocked") == []
    if kind == "postgres":
        assert left(ran, "test_after_a_thread") == [("rows", "default.shop_product", "went"), ("rows", "default.shop_rate", "went")]
        assert left(ran, "test_a_thread_commits") == []


def test_a_table_that_is_locked_does_not_hold_the_run_up(run, postgres):  # noqa: F811
    ran = run(project("postgres", LOCKING, "shop_locking"), "-p", "django", order=in_order(LOCKING), env=postgres)
    assert ran.outcomes() == {"test_asks": "passed", "test_locks": "passed", "test_is_not_looked_at": "passed", "test_commits": "passed"}, (
        ran.output
    )
    assert left(ran, "test_locks") == []
    assert left(ran, "test_commits") == [("rows", "default.shop_rate", "went")]


def test_a_server_that_is_gone_is_looked_for_a_few_times_only(run, postgres):  # noqa: F811
    ran = run(project("postgres", DOWN, "shop_down"), "-p", "django", order=in_order(DOWN), env=postgres)
    assert left(ran, "test_flushes") == [("rows", "default.shop_rate", "went")]
    assert [ran.outcomes()[name] for name in ("test_flushes", "test_after", "test_without")] == ["passed", "error", "passed"], ran.output
    assert ran.notes() == ["the test database default is not looked at any more: OperationalError"]


def in_order(tests):
    return [[0, "test_a.py::" + name] for name in names_in(tests)]


SPREAD = """
import pytest
from shop.models import Product, Rate

@pytest.mark.parametrize("number", range(4))
def test_in_a_transaction(db, number): Product.objects.create(name="x")
@pytest.mark.django_db(transaction=True)
def test_flushes(): pass
def test_commits(db, django_db_blocker): pass
def test_unblocks(django_db_blocker):
    with django_db_blocker.unblock(): Product.objects.create(name="x")
"""
SHARED = """
import pytest
@pytest.fixture(scope="session")
def django_db_modify_db_settings(): pass
"""


def test_each_worker_sees_its_own_database(run, postgres):  # noqa: F811
    files = project("postgres", SPREAD, "shop_spread")
    order = [*in_order(SPREAD)[:-1], [1, "test_a.py::test_in_a_transaction[3]"], [1, "test_a.py::test_unblocks"]]
    order[0:1] = [[0, f"test_a.py::test_in_a_transaction[{number}]"] for number in range(3)]
    ran = run(files, "-p", "django", "-p", "xdist", "-n2", order=order, env=postgres)
    assert ran.notes() == []
    assert left(ran, "test_flushes", "gw0") == [("rows", "default.shop_rate", "went")]
    assert left(ran, "test_unblocks", "gw1") == [("rows", "default.shop_product", "came")]
    assert [test for worker in ("gw0", "gw1") for test in ran.outcomes(worker) if left(ran, test, worker)] == [
        "test_flushes",
        "test_unblocks",
    ]


def test_a_database_that_workers_share_is_not_looked_at(run):
    files = {**project("file", SPREAD), "conftest.py": SHARED}
    ran = run(files, "-p", "django", "-p", "xdist", "-n1", env={})
    assert set(ran.outcomes("gw0").values()) == {"passed"}, ran.output
    assert [test for test in ran.outcomes("gw0") if left(ran, test, "gw0")] == []


FOREIGN = """
import pytest
from django.db import connection

@pytest.fixture(scope="session")
def django_db_setup(): pass

@pytest.mark.django_db(transaction=True, databases=[])
def test_asks(): pass
def test_makes(django_db_blocker, django_db_setup):
    with django_db_blocker.unblock(), connection.cursor() as cursor: cursor.execute("CREATE TABLE other (id integer)")
"""


def test_a_database_that_was_not_made_for_the_tests_is_never_looked_at(run):
    ran = run(project("file", FOREIGN), "-p", "django", order=in_order(FOREIGN))
    assert ran.outcomes() == {"test_asks": "passed", "test_makes": "passed"}, ran.output
    assert left(ran, "test_makes") == []


TWO = """
import pytest
from django.db import connections
from shop.models import Product

@pytest.mark.django_db(databases=["default", "other"])
def test_asks(): pass
def test_commits_elsewhere(django_db_blocker):
    with django_db_blocker.unblock(): Product.objects.using("other").create(name="x")
@pytest.mark.django_db(transaction=True)
def test_flushes_the_first_only(): pass
@pytest.mark.django_db(transaction=True, databases=["default", "other"])
def test_flushes_both(): pass
"""


def test_rows_are_told_by_database(run):
    files = project("memory", TWO)
    files["settings.py"] += 'DATABASES["other"] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}\n'
    ran = run(files, "-p", "django", order=in_order(TWO))
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert left(ran, "test_commits_elsewhere") == [("rows", "other.shop_product", "came")]
    assert left(ran, "test_flushes_the_first_only") == [("rows", "default.shop_rate", "went")]
    assert left(ran, "test_flushes_both") == [("rows", "other.shop_product", "went"), ("rows", "other.shop_rate", "went")]


def test_the_developers_own_database_is_never_looked_at(run, postgres):  # noqa: F811
    flushing = "import pytest\n@pytest.mark.django_db(transaction=True)\ndef test_flushes(): pass\n"
    ran = run(project("postgres", flushing, "postgres"), "-p", "django", env=postgres)
    assert left(ran, "test_flushes") == [("rows", "default.shop_rate", "went")]
