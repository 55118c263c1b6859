"""Polluters that nothing but the order speaks against, found by a walk along the failing order: from JUnit XML and a log to a proof."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg

from tests.recorder.test_database_state import project
from tests.support.hunting import flaky_detector, write_suite

A_FILE, TESTS, POLLUTER, VICTIM = 20, 300, 90, 270
PLAIN = "def test_{}(): pass\n"
IN_A_TRANSACTION = "def test_{}(db): Product.objects.create(name='gone'); assert Rate.objects.count() == 2\n"
SHOP = "from shop.models import Product, Rate\n"


def suite(ordinary: str, head: str = "", fixture: str = "") -> dict[str, str]:
    """Three hundred tests; the ninetieth changes what the two hundred and seventieth looks at."""
    bodies = {POLLUTER: "state.SEEN.append(1)", VICTIM: "assert state.SEEN == []"}
    special = {number: f"def test_{{}}({fixture}): {body}\n" for number, body in bodies.items()}
    files = {"state.py": "SEEN = []\n"}
    for start in range(0, TESTS, A_FILE):
        tests = (special.get(number, ordinary).format(number) for number in range(start, start + A_FILE))
        files[f"test_{start:03}.py"] = "import state\n" + head + "".join(tests)
    return files


def failing_run(folder: Path, environment: dict[str, str]) -> Path:
    """JUnit XML and the log of a run without the recorder."""
    papers = folder.parent / "papers"
    papers.mkdir()
    command = [sys.executable, "-m", "pytest", "-v", "-p", "no:randomly", "-p", "no:cacheprovider", f"--junitxml={papers}/junit.xml"]
    ended = subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, check=False)
    (papers / "console.log").write_bytes(ended.stdout)
    assert ended.returncode == 1, ended.stdout.decode()
    return papers


NAMED = [["test_080.py::test_90"]]
FEW = 400
"""Test executions; the halves of the order that trials would run are more than twice as many."""


def test_the_polluter_is_proven_in_about_one_pass(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite", suite(PLAIN))
    told = flaky_detector("analyze", "--confirm", "--no-look-further", "--verbose", failing_run(folder, {}), cwd=folder)
    assert told.finding("test_260.py::test_270")["polluters"] == NAMED
    assert "begins to fail after test_080.py::test_90" in told.err
    assert told.findings["cost"]["test_executions"] < FEW


def test_on_postgresql_as_well_and_no_database_is_left(tmp_path: Path, postgres: dict[str, str]) -> None:
    folder = write_suite(tmp_path / "suite", project("postgres", "") | suite(IN_A_TRANSACTION, SHOP, "db"))
    papers = failing_run(folder, postgres)
    told = flaky_detector("analyze", "--confirm", "--no-look-further", "--verbose", papers, cwd=folder, environ=postgres)
    assert told.finding("test_260.py::test_270")["polluters"] == NAMED
    assert "begins to fail after test_080.py::test_90" in told.err
    assert told.findings["cost"]["test_executions"] < FEW
    with psycopg.connect(host=postgres["PGHOST"], port=postgres["PGPORT"], user=postgres["PGUSER"], dbname="postgres") as connection:
        assert [row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE datname LIKE '%%_fd%%'")] == []
