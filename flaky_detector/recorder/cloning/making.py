"""Around Django's `create_test_db`: a copy of a template where there is one that fits, and else a template for those that come later.

Owns the decision, and the way back: whatever does not work out, the database is made as Django makes it, and a note says so once. Must not
touch a database that this hunt did not make.

Who makes a template, and of what: only a process in which no test has run so far makes the first one. After a test has run, its hidden
traces may be in the database; a template is then used only where the probes saw that nothing was left, and otherwise what was left is part
of the key.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.cloning import mysql, postgresql, sqlite
from flaky_detector.recorder.cloning.job import Job
from flaky_detector.recorder.cloning.key import key_of, settings_now
from flaky_detector.recorder.cloning.registry import HAS_LOCKS, DeclinedError, Registry

if TYPE_CHECKING:
    from collections.abc import Callable

ENGINES: dict[str, Any] = {"postgresql": postgresql, "sqlite": sqlite, "mysql": mysql}
OF_DJANGO = ("create_test_db", "_create_test_db", "_execute_create_test_db", "_destroy_test_db")


class Cloning:
    """What a session knows of it; `copied` are the aliases whose databases are copies.

    Args:
        folder: the hunt's registry; empty where nothing is to be copied.
        note: takes what a reader should know, once for the whole hunt.
    """

    def __init__(self, folder: str, note: Callable[[str], None]) -> None:
        self._registry = Registry(folder) if folder and HAS_LOCKS else None
        self._note = note
        self._since = settings_now() if self._registry is not None else {}
        self._tests: list[str] = []
        self._left: set[str] = set()
        self.copied: list[str] = []

    def heard(self, test: str, state: list[dict[str, Any]]) -> None:
        """A test is over; what it left behind."""
        if self._registry is not None:
            self._tests.append(test)
            self._left.update("%s %s %s" % (change["kind"], change["key"], change["after"]) for change in state)

    def create(self, creation: Any, make: Callable[[], Any]) -> Any:
        """What `make`, Django's own way, returns; by a copy where there can be one."""
        registry = self._registry
        job = self._job(registry, creation) if registry is not None else None
        if job is None:
            return make()
        with contextlib.ExitStack() as turn:
            if self._has_turn(job, turn) and job.template is None and self._is_to_make(job):
                return job.make_template(make, self._say)
        return make() if job.template is None else self._by_copy(job, make)

    def _job(self, registry: Registry, creation: Any) -> Job | None:
        try:
            vendor = str(creation.connection.vendor)
            if vendor not in ENGINES or not _is_django_s(type(creation)):
                raise DeclinedError("how %s is made here is not known" % vendor)
            left = [*self._left, *self._tests] if self._left else []
            return Job(registry, creation, ENGINES[vendor], key_of(creation, self._since, left))
        except Exception as error:
            self._say("test databases are not copied: %s" % _why(error))
            return None

    def _has_turn(self, job: Job, turn: contextlib.ExitStack) -> bool:
        try:
            has_turn = turn.enter_context(job.registry.turn(job.key))
            job.template = job.registry.find(job.key)
            return has_turn
        except Exception as error:
            self._say("test databases are not copied: %r" % (error,))
            return False

    def _is_to_make(self, job: Job) -> bool:
        """Not after tests of which nothing was seen: the key would be that of a database which no test came before."""
        if self._tests and not self._left:
            return False
        try:
            return job.registry.may_be_made(job.key, job.connection.alias, is_first=not self._tests)
        except Exception as error:
            self._say("test databases are not copied: %r" % (error,))
            return False

    def _by_copy(self, job: Job, make: Callable[[], Any]) -> Any:
        try:
            made = job.make_by_copy(make, self._say)
        except Exception as error:
            why = error
            job.undo()
        else:
            self.copied.append(job.connection.alias)
            return made
        made = make()
        self._say("a test database was made anew, for copying it did not work: %s" % _why(why))
        if not isinstance(why, DeclinedError):
            with contextlib.suppress(OSError):
                job.registry.withdraw(job.key, _why(why))
        return made

    def _say(self, text: str) -> None:
        with contextlib.suppress(Exception):
            if self._registry is not None and self._registry.is_news(text):
                self._note(text)


def _is_django_s(cls: Any) -> bool:
    """Whether nobody has a way of his own of making test databases; the suffix is ours."""
    methods = [getattr(cls, name) for name in OF_DJANGO]
    return all(getattr(method, "has_suffix", False) or str(method.__module__).startswith("django.") for method in methods)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, DeclinedError) else repr(error)
