"""A PostgreSQL for tests: one a test process, started when a test first asks for it, gone with the session."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

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
