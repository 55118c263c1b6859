"""A hunt that is killed with kill -9: what it leaves, and that the next one removes it."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from flaky_detector.adapters.scratch import PREFIX, orphans, scratch_folder
from tests.end_to_end.test_process import eventually
from tests.support.hunting import flaky_detector, write_suite

DJANGO = {
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\nDJANGO_SETTINGS_MODULE = "project"\n',
    "project.py": """
import os
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes"]
SERVER = {"HOST": os.environ["PGHOST"], "USER": os.environ["PGUSER"], "PORT": os.environ.get("PGPORT", "")}
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "leftover_%s" % os.environ["TOKEN"], **SERVER}}
""",
    "test_a.py": """
import os, time, pytest

@pytest.mark.django_db
def test_waits():
    from django.db import connection
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    open(os.environ["BEGUN"], "w").close()
    time.sleep(0 if os.environ.get("QUICK") else 60)
""",
}


def databases(postgres: dict[str, str], *patterns: str) -> list[str]:
    with psycopg.connect(host=postgres["PGHOST"], user=postgres["PGUSER"], dbname="postgres") as connection:
        rows = connection.execute("select datname from pg_database where datname like any(%s)", (list(patterns),))
        return [str(name) for (name,) in rows]


TEMPLATES = "flaky\\_detector\\_fd%"


@pytest.mark.slow
def test_processes_databases_and_copies_of_a_killed_hunt_are_removed_by_the_next(postgres: dict[str, str], tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", DJANGO)
    (tmp_path / "tmp").mkdir()
    begun, token = tmp_path / "begun", f"t{os.getpid()}"
    ours = (f"%leftover_{token}%", TEMPLATES)
    environ = {**os.environ, **postgres, "TMPDIR": str(tmp_path / "tmp"), "TOKEN": token, "BEGUN": str(begun)}
    command = [
        sys.executable,
        "-m",
        "flaky_detector",
        "hunt",
        "--runs",
        "1",
        "--python",
        sys.executable,
        "--output",
        str(tmp_path / "report"),
    ]
    hunt = subprocess.Popen(command, cwd=suite, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert eventually(begun.exists, 60)
    hunt.send_signal(signal.SIGKILL)
    hunt.wait()
    (left,) = (tmp_path / "tmp").glob(f"{PREFIX}*")
    assert len(databases(postgres, *ours)) == 2  # the test database, and the template that was made of it

    told = flaky_detector("hunt", "--runs", "1", cwd=suite, environ=environ | {"QUICK": "1"})
    assert told.exit_code == 0
    assert f"removed what an earlier hunt, which was killed, had left: {left} and 1 process, its test databases" in told.err
    assert not left.exists()
    assert databases(postgres, *ours) == []
    assert list((tmp_path / "tmp").glob(f"{PREFIX}*")) == []


@pytest.mark.slow
def test_the_keeper_drops_templates_and_copies_as_soon_as_a_hunt_is_killed(postgres: dict[str, str], tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", DJANGO)
    (tmp_path / "tmp").mkdir()
    begun, token = tmp_path / "begun", f"k{os.getpid()}"
    environ = {**os.environ, **postgres, "TMPDIR": str(tmp_path / "tmp"), "TOKEN": token, "BEGUN": str(begun), "QUICK": "1"}
    command = [sys.executable, "-m", "flaky_detector", "hunt", "--runs", "16", "--python", sys.executable, "--output", str(tmp_path / "r")]
    hunt = subprocess.Popen(command, cwd=suite, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert eventually(lambda: len(databases(postgres, TEMPLATES)) > 1, 60)  # a template, and a copy that the keeper has ready
    hunt.send_signal(signal.SIGKILL)
    hunt.wait()
    assert eventually(lambda: databases(postgres, TEMPLATES) == [], 60)
    told = flaky_detector("hunt", "--runs", "1", cwd=suite, environ=environ)
    assert told.exit_code == 0
    assert databases(postgres, f"%leftover_{token}%", TEMPLATES) == []


def test_a_folder_of_a_living_hunt_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with scratch_folder() as folder:
        assert list(orphans()) == []
        assert folder.parent == tmp_path
    assert not folder.exists()


def test_a_folder_whose_lock_nobody_holds_is_an_orphan_and_one_that_is_just_being_made_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{PREFIX}dead").mkdir()
    (tmp_path / f"{PREFIX}dead" / "lock").touch()
    (tmp_path / f"{PREFIX}young").mkdir()
    (tmp_path / f"{PREFIX}old").mkdir()
    os.utime(tmp_path / f"{PREFIX}old", (1, 1))
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path)
    (tmp_path / "other").mkdir()
    assert [folder.name.removeprefix(PREFIX) for folder in orphans()] == ["dead", "old"]
