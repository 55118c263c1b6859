"""Fixtures wider than a test while they are being set up: whose account is open, and when the test databases are made.

Owns the stack of fixtures whose setup has begun. pytest keeps what a fixture gave in its `cached_result`, which is None until it is
done, also when it failed (https://docs.pytest.org/en/stable/reference/reference.html#pytest.FixtureDef.cached_result): by that the end
is noticed, at the next event. A fixture that a test body asks for (`request.getfixturevalue`) opens no account, since what follows in
the body could not be told apart from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.databases import SETUP_FIXTURE

if TYPE_CHECKING:
    from flaky_detector.recorder.databases import Databases
    from flaky_detector.recorder.watch import Watch


class Fixtures:
    """`opened` holds fixtures and the accounts before them; `widens` is true during a test's setup."""

    def __init__(self, watch: Watch, databases: Databases) -> None:
        self._watch = watch
        self._databases = databases
        self.opened: list[tuple[Any, str | None]] = []
        self.widens = False

    def open(self, fixturedef: Any) -> None:
        """The setup of a wider fixture begins."""
        previous = self._watch.enter(fixturedef.scope) if self.widens else None
        if fixturedef.argname == SETUP_FIXTURE:
            self._databases.before()
        self.opened.append((fixturedef, previous))

    def close_done(self) -> None:
        """Close what has been set up in the meantime."""
        while self.opened and self.opened[-1][0].cached_result is not None:
            self._close()

    def close_all(self) -> None:
        """A phase is over, and so is every setup in it."""
        while self.opened:
            self._close()

    def _close(self) -> None:
        fixturedef, previous = self.opened.pop()
        if fixturedef.argname == SETUP_FIXTURE:
            self._databases.after()
            self._watch.databases_made(self._databases.by_alias)
        if previous is not None:
            self._watch.enter(previous)
