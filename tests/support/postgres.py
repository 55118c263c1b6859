"""A PostgreSQL for tests: one a test process, started when a test first asks for it, gone with the session."""

import importlib.util
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest

STARTER = Path(__file__).parents[2] / "scripts" / "embedded_postgres.py"


def starter() -> ModuleType:
    """scripts/embedded_postgres.py as a module; scripts are no package."""
    name = "embedded_postgres"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, STARTER)
        assert spec
        assert spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def postgres() -> Iterator[dict[str, str]]:
    """PGHOST, PGPORT and PGUSER of a running server."""
    with starter().serving() as variables:
        yield variables


class Server:
    """A server of a test's own, which may be stopped and started, as PGHOST of `variables` says."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self._folder = Path(variables["PGHOST"])
        self._owner = starter()._owner()
        self._programs = starter()._binaries(self._folder, self._owner)

    def stop(self, mode: str) -> None:
        """`fast`: connections are closed, and it ends in an orderly way. `immediate`: as if it had crashed."""
        options = (self._folder / "data" / "postmaster.opts").read_text()
        self._options = " ".join(shlex.quote(word) for word in shlex.split(options)[1:] if word not in ("-D", str(self._folder / "data")))
        self._control("-m", mode, "stop")

    def start(self) -> None:
        """As it was started first, with the databases that it had."""
        self._control("-o", self._options, "start")

    def restart(self, mode: str) -> None:
        """One after the other."""
        self.stop(mode)
        self.start()

    def databases(self) -> list[str]:
        """Names of all but its own."""
        with psycopg.connect(host=self.variables["PGHOST"], user=self.variables["PGUSER"], dbname="postgres") as connection:
            names = {str(name) for (name,) in connection.execute("select datname from pg_database")}
        return sorted(names - {"postgres", "template0", "template1"})

    def _control(self, *words: str) -> None:
        argv = [self._programs / "pg_ctl", "-w", "-D", self._folder / "data", "-l", self._folder / "log", *words]
        starter()._execute(argv, self._folder, self._owner)


@pytest.fixture
def server() -> Iterator[Server]:
    """Nobody else's."""
    with starter().serving() as variables:
        yield Server(variables)
