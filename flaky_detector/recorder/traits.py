"""Words about a test: does it ask for a database, is it a unittest, does it use a fixture worth knowing.

Owns the `traits` of wire's "end" event. Looks at Django only where it has been imported.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

FIXTURES = ("migrator", "migrator_factory", "live_server", "celery_worker", "pytester", "testdir")
UNITTEST_ITEM = "TestCaseFunction"
"""pytest's class for the methods of a `unittest.TestCase`; Django's test classes are such, and only theirs matter here."""
KNOWN = frozenset(FIXTURES)
TRANSACTIONAL_FIXTURES = frozenset(["transactional_db", "live_server", "django_db_reset_sequences"])


def traits_of(item: Any) -> list[str]:
    """The traits of a pytest item, in a fixed order."""
    names = getattr(item, "fixturenames", ())
    owner = item.cls if type(item).__name__ == UNITTEST_ITEM else None
    traits = _database_traits(item, names, owner) if _has_django() else []
    if isinstance(owner, type) and _is_subclass(owner, "unittest", "TestCase"):
        traits.append("unittest")
    if not KNOWN.isdisjoint(names):
        traits += ["fixture:" + name for name in FIXTURES if name in names]
    return traits


def _has_django() -> bool:
    settings = getattr(sys.modules.get("django.conf"), "settings", None)
    return settings is not None and bool(settings.configured)


def _database_traits(item: Any, names: Sequence[str], owner: Any) -> list[str]:
    is_django_class = isinstance(owner, type) and _is_subclass(owner, "django.test", "TransactionTestCase")
    if is_django_class:
        return ["db"] if _is_subclass(owner, "django.test", "TestCase") else ["db", "transactional_db"]
    mark = item.get_closest_marker("django_db")
    transactional = not TRANSACTIONAL_FIXTURES.isdisjoint(names) or _asks_transaction(mark)
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
