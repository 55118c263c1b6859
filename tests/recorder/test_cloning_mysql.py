"""Test databases on MariaDB that are copies of a template, where there is a server's program and a driver."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.recorder.inner import environment
from tests.recorder.test_cloning import DATABASES, SECOND, Hunt, copied, wait_for

pytestmark = pytest.mark.slow

MARIADB = (
    '{"ENGINE": "django.db.backends.mysql", "NAME": "cloned", "USER": os.environ["MARIADB_USER"],'
    ' "OPTIONS": {"unix_socket": os.environ["MARIADB_SOCKET"], "charset": "utf8mb4"}, "TEST": {"CHARSET": "utf8mb4"}}'
)
DRIVER = 'import pymysql\npymysql.version_info = (2, 2, 8, "final", 0)\npymysql.install_as_MySQLdb()\n'


@pytest.fixture(scope="module")
def mariadb(guest):
    """Variables by which a fresh server is reached."""
    server, installer = shutil.which("mariadbd") or shutil.which("/usr/sbin/mariadbd"), shutil.which("mariadb-install-db")
    driver = importlib.util.find_spec("pymysql")
    if not server or not installer or driver is None or driver.origin is None:
        pytest.skip("no mariadbd with mariadb-install-db and pymysql at hand")
    folder = Path(tempfile.mkdtemp(prefix="maria-", dir="/tmp"))
    data = ["--no-defaults", f"--datadir={folder}/data"]
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run([installer, *data, *as_root, "--auth-root-authentication-method=normal"], check=True, stdout=subprocess.DEVNULL)
    options = [f"--socket={folder}/socket", f"--pid-file={folder}/pid", "--skip-networking", "--innodb-flush-log-at-trx-commit=0"]
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen([server, *data, *as_root, *options], stdout=log, stderr=log)
    try:
        wait_for((folder / "socket").exists)
        path = os.pathsep.join([str(guest), str(Path(driver.origin).parents[1])])
        yield {"MARIADB_SOCKET": str(folder / "socket"), "MARIADB_USER": "root", "PYTHONPATH": path}
    finally:
        running.terminate()
        running.wait()
        shutil.rmtree(folder)


@pytest.fixture
def hunt(run, tmp_path, mariadb, monkeypatch):
    monkeypatch.setitem(DATABASES, "mariadb", MARIADB)
    hunt = Hunt(run, tmp_path, "mariadb", mariadb)
    hunt.project["settings.py"] = DRIVER + hunt.project["settings.py"]
    return hunt


def databases(mariadb: dict[str, str]) -> list[str]:
    code = "import os, pymysql; cursor = pymysql.connect(unix_socket=os.environ['MARIADB_SOCKET'], user='root').cursor();"
    code += " cursor.execute('SHOW DATABASES'); print(*[name for (name,) in cursor.fetchall() if 'fdabc' in name])"
    said = subprocess.run([sys.executable, "-c", code], env={**os.environ, **mariadb}, capture_output=True, text=True, check=True)
    return said.stdout.split()


def test_a_copy_is_as_if_made_anew_and_the_keeper_drops_the_template(hunt, mariadb, guest):
    hunt.run(templates=False)
    anew = hunt.told()
    hunt.ran()
    maker = hunt.run()
    assert (maker.outcomes(), copied(maker), maker.notes(), hunt.told()) == ({"test_told": "passed"}, [], [], anew)
    assert hunt.ran() == ["default", "other"]
    copier = hunt.run()
    assert (copier.outcomes(), copied(copier), copier.notes()) == ({"test_told": "passed"}, ["default", "other"], [])
    assert (hunt.ran(), hunt.told()) == ([], anew)
    assert anew["next"] == [3, 3]
    (template,) = databases(mariadb)
    assert template.startswith("flaky_detector_fdabcdef12_")

    command = [sys.executable, "-m", "flaky_detector.recorder.cloning.keeper", "--registry", str(hunt.templates)]
    subprocess.run(command, env=environment(guest, hunt.environ), stdin=subprocess.DEVNULL, check=True, timeout=60)
    assert databases(mariadb) == []


def test_a_database_with_a_view_is_made_anew(hunt):
    view = SECOND.replace("RunPython(fill)", "RunPython(fill), migrations.RunSQL('CREATE VIEW names AS SELECT name FROM shop_product')")
    files = {"shop/migrations/0002_fill.py": view}
    first, second = hunt.run("test_p.py::test_counts", files=files), hunt.run("test_p.py::test_counts", files=files)
    assert [(ran.outcomes(), copied(ran)) for ran in (first, second)] == [({"test_counts": "passed"}, [])] * 2
    (note,) = first.notes()
    assert note.startswith("no template of a test database could be made: a copy would lack the views")
    assert second.notes() == []
