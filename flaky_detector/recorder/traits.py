"""Words about a test: does it ask for a database, is it a unittest, does it use a fixture worth knowing.

Owns the `traits` of wire's "end" event. Looks at Django only where it has been imported.
"""

from __future__ import annotations

import sys
from typing import Any

FIXTURES = ("migrator", "migrator_factory", "live_server", "celery_worker", "pytester", "testdir")
TRANSACTIONAL_FIXTURES = frozenset(["transactional_db", "live_server", "django_db_reset_sequences"])


def traits_of(item: Any) -> list[str]:
    """The traits of a pytest item, in a fixed order."""
    names = frozenset(getattr(item, "fixturenames", ()))
    owner = getattr(item, "cls", None)
    traits = _database_traits(item, names, owner)
    if isinstance(owner, type) and _is_subclass(owner, "unittest", "TestCase"):
        traits.append("unittest")
    if not names.isdisjoint(FIXTURES):
        traits += ["fixture:" + name for name in FIXTURES if name in names]
    return traits


def _database_traits(item: Any, names: frozenset[str], owner: Any) -> list[str]:
    if "django" not in sys.modules:
        return []
    is_django_class = isinstance(owner, type) and _is_subclass(owner, "django.test", "TransactionTestCase")
    if is_django_class:
        return ["db"] if _is_subclass(owner, "django.test", "TestCase") else ["db", "transactional_db"]
    mark = item.get_closest_marker("django_db")
    transactional = not names.isdisjoint(TRANSACTIONAL_FIXTURES) or _asks_transaction(mark)
    if transactional:
        return ["db", "transactional_db"]
    return ["db"] if mark is not None or "db" in names else []


def _asks_transaction(mark: Any) -> bool:
    if mark is None:
        return False
    flags = [*mark.args[:2], mark.kwargs.get("transaction"), mark.kwargs.get("reset_sequences")]
    return any(flags)


def _is_subclass(owner: Any, module: str, name: str) -> bool:
    base = getattr(sys.modules.get(module), name, None)
    return isinstance(base, type) and issubclass(owner, base)
