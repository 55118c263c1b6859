"""PostgreSQL is restarted, or goes away, in the middle of a hunt: nobody is accused for it or cleared by it, and no database is left."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from flaky_detector.adapters.scratch import PREFIX
from tests.end_to_end.test_process import eventually
from tests.support.hunting import Outcome, flaky_detector, write_suite
from tests.support.postgres import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

SUITE = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nDJANGO_SETTINGS_MODULE = "project"\ntestpaths = ["tests"]\n',
    "project.py": """
import os
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes"]
SERVER = {"HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"], "PORT": os.environ.get("PGPORT", "")}
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "hunted", **SERVER}}
""",
    "tests/test_state.py": """
import os, time
from pathlib import Path
import pytest
from django.contrib.contenttypes.models import ContentType

STATE = []

def perhaps_wait_for_a_restart():
    '''In the run that is asked for, the first time that a test comes here: says so, and waits until the server has been seen to.'''
    reached, done = Path(os.environ["REACHED"]), Path(os.environ["DONE"])
    if os.environ["RESTARTED_IN"] in os.environ.get("FLAKY_DETECTOR_RECORD", "") and not reached.exists():
        reached.touch()
        while not done.exists():
            time.sleep(0.02)

@pytest.mark.django_db
def test_leaves():
    STATE.append(ContentType.objects.count())

@pytest.mark.django_db
@pytest.mark.parametrize("number", range(6))
def test_counts(number):
    if number == 2:
        perhaps_wait_for_a_restart()
    assert ContentType.objects.count() == 1

@pytest.mark.django_db
def test_victim():
    if os.environ["RESTARTED_IN"] == "/trials/":
        perhaps_wait_for_a_restart()
    assert ContentType.objects.count() == 1
    assert STATE == []
""",
}
VICTIM, POLLUTER = "tests/test_state.py::test_victim", "tests/test_state.py::test_leaves"
WORDS = ("hunt", "--runs", "3", "--workers", "2", "--repeats", "2", "--no-look-further", "--verbose")


def hunted(folder: Path, server: Server, restarted_in: str, meanwhile: Callable[[], object]) -> Outcome:
    """The hunt, in which something is done to the server once, while a test stands between two queries."""
    suite = write_suite(folder / "suite", SUITE)
    (folder / "tmp").mkdir()
    environ = environment(folder, server, restarted_in)

    def act() -> None:
        assert eventually((folder / "reached").exists, 120)
        meanwhile()
        (folder / "done").touch()

    acting = threading.Thread(target=act)
    acting.start()
    told = flaky_detector(*WORDS, cwd=suite, environ=environ)
    acting.join()
    assert "Traceback" not in told.err
    return told


def environment(folder: Path, server: Server, restarted_in: str) -> dict[str, str]:
    ours = {"REACHED": str(folder / "reached"), "DONE": str(folder / "done"), "RESTARTED_IN": restarted_in, "TMPDIR": str(folder / "tmp")}
    return server.variables | ours


def left(folder: Path) -> list[Path]:
    return list((folder / "tmp").glob(f"{PREFIX}*"))


def gaps(told: Outcome) -> str:
    return "\n".join(f"{gap['source']}: {gap['text']}" for gap in told.findings["gaps"])


def is_proven_and_nothing_is_left(told: Outcome, folder: Path, server: Server) -> None:
    assert (told.exit_code, told.findings["status"]) == (1, "complete")
    assert {finding["test"] for finding in told.findings["findings"]} == {VICTIM}
    assert told.finding(VICTIM)["polluters"] == [[POLLUTER]]
    assert server.databases() == []
    assert left(folder) == []


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_run_in_which_the_server_was_restarted_is_run_again(tmp_path: Path, server: Server, mode: str) -> None:
    told = hunted(tmp_path, server, "/02-", lambda: server.restart(mode))
    assert "the database server was restarted, or did not answer while it ran, so it was run again" in gaps(told)
    is_proven_and_nothing_is_left(told, tmp_path, server)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_trial_in_which_the_server_was_restarted_is_made_anew(tmp_path: Path, server: Server, mode: str) -> None:
    told = hunted(tmp_path, server, "/trials/", lambda: server.restart(mode))
    assert "once more, for the database server was restarted, or did not answer" in told.err
    assert told.finding(VICTIM)["trials"]["alone"].startswith("0/")
    is_proven_and_nothing_is_left(told, tmp_path, server)


BREAKS = """
import pytest
from django.db import connection

BREAKS = []

def test_leaves():
    BREAKS.append(1)

@pytest.mark.django_db(transaction=True)
def test_victim():
    with connection.cursor() as cursor:
        cursor.execute("select pg_terminate_backend(pg_backend_pid())" if BREAKS else "select 1")
"""


def test_a_connection_that_a_test_breaks_is_that_tests_own_affair(tmp_path: Path, server: Server) -> None:
    suite = write_suite(tmp_path / "suite", SUITE | {"tests/test_state.py": BREAKS})
    told = flaky_detector("hunt", "--runs", "2", "--repeats", "2", "--no-look-further", cwd=suite, environ=server.variables)
    found = {finding["signature"]["exception"]: finding for finding in told.findings["findings"]}
    (broken,) = [finding for exception, finding in found.items() if "terminating connection due to administrator command" in exception]
    assert (broken["test"], broken["confidence"], broken["polluters"]) == (VICTIM, "proven", [[POLLUTER]])
    assert "restarted" not in gaps(told)
    assert server.databases() == []


def test_a_server_that_does_not_come_back_ends_the_hunt_and_the_next_one_drops_what_is_left(tmp_path: Path, server: Server) -> None:
    told = hunted(tmp_path, server, "/02-", lambda: server.stop("immediate"))
    assert (told.exit_code, told.findings["status"]) == (130, "interrupted")
    assert "hunt: the database server has not answered for 30 s, so nothing more could be run" in gaps(told)
    assert {finding["test"] for finding in told.findings["findings"]} == {VICTIM}
    assert "a database server does not answer: test databases are left" in told.err
    (kept,) = left(tmp_path)
    once = ("hunt", "--runs", "1", "--no-confirm")
    again = flaky_detector(*once, cwd=tmp_path / "suite", environ=environment(tmp_path, server, "/02-"))
    assert f"the database server of an earlier hunt does not answer; {kept} stays" in again.err
    assert not [finding for finding in again.findings["findings"] if finding["polluters"] or finding["confidence"] == "proven"]

    server.start()
    assert server.databases() != []
    again = flaky_detector(*WORDS, cwd=tmp_path / "suite", environ=environment(tmp_path, server, "/02-"))
    assert f"removed what an earlier hunt, which was killed, had left: {kept}" in again.err
    is_proven_and_nothing_is_left(again, tmp_path, server)
