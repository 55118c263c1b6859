"""Walks along tests that use a database: in memory, in a file, on PostgreSQL. Each fork has copies, and nothing is left of them."""

import json

import psycopg
import pytest

from tests.recorder.test_database_state import DATABASES, project
from tests.support.postgres import postgres  # noqa: F401 -- a fixture

SUFFIX = "fd1a2b3c4d"
OTHERS = """
import pytest
from django.db import connection
from django.test import TestCase
from shop.models import Product, Rate

@pytest.fixture
def committing(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():
        yield
"""
IN_A_TRANSACTION = "def test_%d(db):\n    Product.objects.create(name='gone'); assert Rate.objects.count() == 2\n"
PLAIN = "def test_%d(): pass\n"
POLLUTER = "def test_%d(committing): Product.objects.create(name='stays')\n"
VICTIM = "from shop.models import Product\ndef test_v(db):\n    assert list(Product.objects.values_list('name', flat=True)) == []\n"
V = "test_v.py::test_v"
POLLUTERS = (5, 23)


def suite(polluters: tuple[int, ...] = POLLUTERS) -> str:
    kinds = [PLAIN, IN_A_TRANSACTION]
    return OTHERS + "".join((POLLUTER if number in polluters else kinds[number % 2]) % number for number in range(30))


ALL = [f"test_a.py::test_{number}" for number in range(30)]


@pytest.fixture(params=DATABASES)
def kind(request):
    return request.param


@pytest.fixture
def walk(run, request, kind):
    server = request.getfixturevalue("postgres") if kind == "postgres" else {}

    def walk(source, order, *, raised=("AssertionError",), tail=1, tail_seconds=0.0):
        wish = {"tail": tail, "raised": list(raised), "test_seconds": 0.001, "tail_seconds": tail_seconds}
        environment = {**server, "FLAKY_DETECTOR_WALK": json.dumps(wish), "FLAKY_DETECTOR_DATABASE_SUFFIX": SUFFIX}
        files = project(kind, source) | {"test_v.py": VICTIM}
        ran = run(files, "-p", "django", "-p", "no:xdist", order=[[0, test] for test in order], env=environment)
        assert left(ran.folder, server) == [], (ran.output, ran.notes())
        return json.loads((ran.folder / "record" / "walk.json").read_text("utf-8")), ran

    return walk


def left(folder, server):
    """Databases of the run that are still there."""
    found = [path.name for path in folder.iterdir() if SUFFIX in path.name]
    if server:
        address = {"host": server["PGHOST"], "port": server["PGPORT"], "user": server["PGUSER"], "dbname": "postgres"}
        with psycopg.connect(**address) as connection:
            found += [row[0] for row in connection.execute("SELECT datname FROM pg_database") if SUFFIX in row[0]]
    return found


@pytest.mark.parametrize("place", [0, 29])
def test_who_left_a_row_is_told(walk, place):
    told, ran = walk(suite((place,)), [*ALL, V])
    assert (told["at"], told["among"]) == (f"test_a.py::test_{place}", 1), told
    assert ran.notes() == []
    assert ran.exit_code == 0


def test_of_two_that_leave_a_row_the_first_is_told(walk):
    told, _ = walk(suite(), [*ALL, V])
    assert told["at"] == "test_a.py::test_5"


def test_where_nobody_leaves_a_row_the_victim_passes_to_the_end(walk):
    told, _ = walk(suite(()), [*ALL, V])
    assert told["at"] == ""


def test_what_the_tail_commits_is_gone_with_its_fork(walk):
    source = (
        suite((17,)) + "def test_tail(committing):\n    assert not Rate.objects.filter(name='more')\n    Rate.objects.create(name='more')\n"
    )
    told, _ = walk(source, [*ALL, "test_a.py::test_tail", V], tail=2)
    assert told["at"] == "test_a.py::test_17"


def test_a_flush_on_the_way_is_one_for_the_fork_only(walk):
    source = suite((3, 20)) + "@pytest.mark.django_db(transaction=True)\ndef test_flushes(): pass\n"
    order = [*ALL[:10], "test_a.py::test_flushes", *ALL[10:], V]
    assert walk(source, order)[0]["at"] in ("test_a.py::test_3", "test_a.py::test_20")  # a long step passes over both 3 and the flush


CLASS = """
class TestTogether(TestCase):
    @classmethod
    def setUpTestData(cls): Product.objects.create(name="class")
    def test_one(self): assert Product.objects.count() == 1
    def test_two(self): STATE.append(1)
    def test_three(self): assert Product.objects.count() == 1
"""
OF_THE_CLASS = [f"test_a.py::TestTogether::test_{name}" for name in ("one", "two", "three")]


def test_tests_of_a_class_that_holds_a_transaction_are_not_told_apart(walk, kind):
    source = "import builtins\nSTATE = builtins.__dict__.setdefault('STATE', [])\n" + suite(()) + CLASS
    order = [*ALL[:12], *OF_THE_CLASS, *ALL[12:], "test_a.py::test_state"]
    told, _ = walk(source + "def test_state(db): assert STATE == []\n", order)
    expected = (OF_THE_CLASS[1], 1) if kind == "memory" else (OF_THE_CLASS[-1], 3)
    assert (told["at"], told["among"]) == expected


def test_a_server_that_is_gone_does_not_matter_where_nobody_uses_it(run):
    source = "STATE = []\ndef test_p(): STATE.append(1)\ndef test_v(): assert STATE == []\n"
    files = project("postgres", source + PLAIN % 0 + PLAIN % 1 + PLAIN % 2)
    order = ["test_a.py::test_0", "test_a.py::test_1", "test_a.py::test_p", "test_a.py::test_2", "test_a.py::test_v"]
    wish = {"tail": 1, "raised": ["AssertionError"], "test_seconds": 0.001, "tail_seconds": 0.0}
    gone = {"PGHOST": "/nowhere", "PGPORT": "1", "PGUSER": "nobody"}
    environment = {**gone, "FLAKY_DETECTOR_WALK": json.dumps(wish), "FLAKY_DETECTOR_DATABASE_SUFFIX": SUFFIX}
    ran = run(files, "-p", "django", "-p", "no:xdist", order=[[0, test] for test in order], env=environment)
    told = json.loads((ran.folder / "record" / "walk.json").read_text("utf-8"))
    assert told["at"] == "test_a.py::test_p"
