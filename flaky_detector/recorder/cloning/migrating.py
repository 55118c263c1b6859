"""Django's migrations of one connection, watched, or taken as done.

Owns what is put in place of `MigrationExecutor.migrate` and `MigrationRecorder.applied_migrations` while a test database is being made.

On a copy everything is applied already. But receivers of `pre_migrate` and `post_migrate` are to be told the plan that they would have got,
so until it comes to applying it the record of what is applied is withheld.

Sources: https://github.com/django/django/blob/main/django/db/migrations/executor.py and …/core/management/commands/migrate.py
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EXECUTOR = "django.db.migrations.executor"
RECORDER = "django.db.migrations.recorder"


class Watched:
    """Lets `then` know when the migrations have been applied: the names of the modules that they imported."""

    def __init__(self, connection: Any, then: Callable[[list[str]], None]) -> None:
        self._connection = connection
        self._then = then
        self.times = 0

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """While a test database is made."""
        executor = _class(EXECUTOR, "MigrationExecutor")
        original = executor.migrate

        def migrate(executor: Any, *args: Any, **kwargs: Any) -> Any:
            before = set(sys.modules)
            state = original(executor, *args, **kwargs)
            if executor.connection is self._connection:
                self.times += 1
                if self.times == 1:
                    self._then([name for name in list(sys.modules) if name not in before])
            return state

        with _replaced(executor, "migrate", migrate):
            yield


@contextlib.contextmanager
def taken_as_done(connection: Any, modules: Sequence[str], note: Callable[[str], None]) -> Iterator[None]:
    """While Django makes a test database out of a copy.

    Args:
        connection: whose.
        modules: what the migrations imported when they really ran; imported here as well.
        note: what could not be.
    """
    executor, recorder = _class(EXECUTOR, "MigrationExecutor"), _class(RECORDER, "MigrationRecorder")
    migrates, applied = executor.migrate, recorder.applied_migrations
    done: list[bool] = []

    def applied_migrations(recorder: Any) -> Any:
        return applied(recorder) if done or recorder.connection is not connection else {}

    def migrate(executor: Any, targets: Any, plan: Any = None, state: Any = None, **kwargs: Any) -> Any:
        if done or executor.connection is not connection:
            return migrates(executor, targets, plan=plan, state=state, **kwargs)
        done.append(True)
        executor.loader.applied_migrations = applied(executor.recorder)
        reached = migrates(executor, targets, plan=[], state=None, **kwargs)
        _import(modules, note)
        return reached

    with _replaced(executor, "migrate", migrate), _replaced(recorder, "applied_migrations", applied_migrations):
        yield


def _import(modules: Sequence[str], note: Callable[[str], None]) -> None:
    for name in modules:
        if name not in sys.modules:
            try:
                importlib.import_module(name)
            except Exception as error:
                note("%s, which the migrations import, could not be imported: %r" % (name, error))


def _class(module: str, name: str) -> Any:
    """Of Django's, which imports it in the next moment itself."""
    return getattr(importlib.import_module(module), name)


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    original = owner.__dict__[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, original)
