"""Which tests can have committed anything to a test database: those after which it is worth a look.

Owns the question. A test that runs in a transaction of Django's (`db`, `TestCase`, `setUpTestData`) leaves nothing; one with real
transactions does, one that opens pytest-django's blocker itself, directly or through a fixture of the project's, and a `TestCase` with a
`setUpClass` or `tearDownClass` of its own, where objects are often made outside of the transaction. Not known: threads, and fixtures
that a test asks for by name while it runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.databases import SETUP_FIXTURE
from flaky_detector.recorder.traits import UNITTEST_ITEM, traits_of

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCKER = "django_db_blocker"
PLUGIN = "pytest_django"
TRANSACTIONAL = "transactional_db"
CLASS_METHODS = ("setUpClass", "tearDownClass")


class Committing:
    """`may(item)`, and the wider fixtures of the project's that open the blocker and are set up now."""

    def __init__(self) -> None:
        self._openers: dict[int, tuple[Any, tuple[Any, ...]]] = {}
        self._owners: dict[type, bool] = {}
        self._standing: list[Any] = []

    def may(self, item: Any) -> bool:
        """Whether the test, or a wider fixture that it is the first to ask for, can commit."""
        openers = self._opening(item)
        waiting = [opener for opener in openers if opener.scope == "function" or opener.cached_result is None]
        self._standing += [opener for opener in openers if opener.scope != "function" and opener not in self._standing]
        if waiting or BLOCKER in (getattr(getattr(item, "_fixtureinfo", None), "argnames", None) or ()):
            return True
        return TRANSACTIONAL in traits_of(item)

    def has_fallen(self) -> bool:
        """Whether such a wider fixture was torn down since the last time."""
        standing = [opener for opener in self._standing if opener.cached_result is not None]
        fallen = len(standing) < len(self._standing)
        self._standing = standing
        return fallen

    def class_of(self, item: Any) -> Any:
        """The test's Django class where that has set-up or tear-down of its own for the class, else None."""
        owner = item.cls if type(item).__name__ == UNITTEST_ITEM else None
        if not isinstance(owner, type):
            return None
        if owner not in self._owners:
            self._owners[owner] = _is_django_s(owner.__mro__) and any(
                name in base.__dict__ for base in owner.__mro__ if not _is_library_s(base) for name in CLASS_METHODS
            )
        return owner if self._owners[owner] else None

    def _opening(self, item: Any) -> tuple[Any, ...]:
        """Fixture definitions of the project's that the test uses and that ask for the blocker."""
        info = getattr(item, "_fixtureinfo", None)
        known = self._openers.get(id(info))
        if known is None:
            definitions = getattr(info, "name2fixturedefs", {}).values()
            known = (info, tuple(last for each in definitions for last in each[-1:] if _opens(last)))
            self._openers[id(info)] = known
        return known[1]


def _opens(definition: Any) -> bool:
    module = str(getattr(definition.func, "__module__", ""))
    return BLOCKER in definition.argnames and definition.argname != SETUP_FIXTURE and module.split(".", 1)[0] != PLUGIN


def _is_django_s(bases: Iterable[type]) -> bool:
    return any(base.__module__ == "django.test.testcases" and base.__name__ == "TransactionTestCase" for base in bases)


def _is_library_s(base: type) -> bool:
    return base.__module__.split(".", 1)[0] in ("django", "unittest", "builtins")
