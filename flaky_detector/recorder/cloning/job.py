"""One test database that is being made: with a template for others, or as a copy of one.

Owns the steps, and what undoes them. Must not decide which of them is to be taken.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.cloning.migrating import Watched, taken_as_done
from flaky_detector.recorder.cloning.registry import DeclinedError, Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[[], Any]
    Say = Callable[[str], None]


class Job:
    """Of one alias.

    Args:
        registry: the hunt's.
        creation: Django's `DatabaseCreation`.
        engine: the module that has `snapshot` and `clone` for it.
        key: of what is going to be made.
    """

    def __init__(self, registry: Registry, creation: Any, engine: Any, key: str) -> None:
        self.registry = registry
        self.connection = creation.connection
        self.key = key
        self.template: dict[str, Any] | None = None
        self._creation = creation
        self._engine = engine
        self._name = creation.connection.settings_dict["NAME"]
        self._copy = ""

    def make_template(self, make: Make, say: Say) -> Any:
        """Make it as ever, and a template of it when its migrations have been applied."""
        drafts: list[dict[str, Any]] = []

        def snapshot(modules: list[str]) -> None:
            try:
                drafts.append(self._snapshot(modules))
            except Exception as error:
                why = str(error) if isinstance(error, DeclinedError) else repr(error)
                say("no template of a test database could be made: %s" % why)

        watched = Watched(self.connection, snapshot)
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(watched.watching())
            except Exception as error:
                say("no template of a test database could be made: %r" % (error,))
            made = make()
        with contextlib.suppress(OSError):
            if drafts and watched.times == 1:
                self.registry.publish(drafts[0])
                self.registry.touch(self.key)
            else:
                self.registry.withdraw(self.key, "it was not made, or in %d parts" % watched.times)
        return made

    def make_by_copy(self, make: Make, say: Say) -> Any:
        """Make it out of the template.

        Raises:
            Exception: whatever went wrong; `undo` is then to be called.
        """
        template = self.template or {}
        held: list[Any] = []

        def create(*_: Any, **__: Any) -> str:
            name = self._creation._get_test_db_name()
            held.append(self._engine.clone(self._creation, self.registry, template, name))
            self._copy = name
            return str(name)

        with contextlib.ExitStack() as stack:
            stack.callback(lambda: [connection.close() for connection in held if connection is not None])
            stack.enter_context(taken_as_done(self.connection, template["modules"], say))
            stack.callback(lambda: self._creation.__dict__.pop("_create_test_db", None))
            self._creation._create_test_db = create
            made = make()
        if hasattr(self._engine, "discard"):
            self._creation._destroy_test_db = self._destroy
        with contextlib.suppress(OSError):
            self.registry.touch(self.key)
        return made

    def undo(self) -> None:
        """Drop the copy, if there is one, and give the connection its own name back."""
        with contextlib.suppress(Exception):
            sys.modules["django.db.backends.base.base"].BaseDatabaseWrapper.close(self.connection)  # SQLite's own keeps one in memory open
            if self._copy:
                self._creation._destroy_test_db(self._copy, 0)
        sys.modules["django.conf"].settings.DATABASES[self.connection.alias]["NAME"] = self._name
        self.connection.settings_dict["NAME"] = self._name

    def _destroy(self, name: str, verbosity: int) -> None:
        """In place of Django's, for a copy."""
        del self._creation.__dict__["_destroy_test_db"]
        if name != self._copy or not self._engine.discard(self._creation, self.registry, self.key, name):
            self._creation._destroy_test_db(name, verbosity)

    def _snapshot(self, modules: list[str]) -> dict[str, Any]:
        if self.connection.in_atomic_block:
            raise DeclinedError("the migrations run within a transaction")
        start = {"ev": "start", "settings": os.environ.get("DJANGO_SETTINGS_MODULE", ""), "sys_path": list(sys.path)}
        self.registry.introduce(start)
        made: dict[str, Any] = self._engine.snapshot(self._creation, self.registry, self.key)
        own = {"key": self.key, "alias": self.connection.alias, "vendor": self.connection.vendor, "python": sys.executable}
        return {**made, **own, "modules": modules}
