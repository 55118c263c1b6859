"""The recorder: what happens to each test, in the process that runs it.

Owns the hooks around a test. They are registered last and outermost, so they see what all other plugins made of a report. Must not
change an outcome, and must not raise: what goes wrong here is noted in the journal.

Reports are taken where they are made (`pytest_runtest_makereport`), not where they are logged: pytest-rerunfailures logs later and
otherwise, and only here the exception itself is at hand. What a test left behind is looked at there too, just before the report of the
teardown is made, for that report carries the JUnit properties
(https://docs.pytest.org/en/stable/reference/reference.html#pytest.Item.user_properties).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder import databases, failure, wire
from flaky_detector.recorder.execution import Execution, outcome_of
from flaky_detector.recorder.fixtures import Fixtures
from flaky_detector.recorder.traits import traits_of
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Generator

    from flaky_detector.recorder.journal import Journal
    from flaky_detector.recorder.naming import Names
    from flaky_detector.recorder.watch import Watch


HAS_NEW_WRAPPERS = getattr(pytest, "version_tuple", (0,)) >= (8,)
"""Hook wrappers that return the result, which are cheaper: https://pluggy.readthedocs.io/en/stable/#wrappers"""


class Recorder:
    """Writes `begin` and `end` into the `journal`, and the JUnit properties.

    `executed` are the tests that ran; `left` is what the last one was seen to leave behind.
    """

    def __init__(self, journal: Journal, names: Names, watch: Watch, places: failure.Places, made: databases.Databases) -> None:
        self.journal = journal
        self._databases = made
        self._fixtures = Fixtures(watch, self._databases)
        self._names = names
        self._watch = watch
        self._places = places
        self._running: Execution | None = None
        self._item: Any = None
        self._position = -1
        self._attempt = 0
        self._is_followed = False
        self._is_alone = journal.worker == wire.SERIAL_WORKER  # an xdist worker may have to wait for its next test
        self.executed: list[str] = []
        self.left: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """The next position. Counted here, for pytest-forked runs all that follows in a process of its own. None leaves it to others."""
        self._position += 1
        self._attempt = -1
        self._item = item
        self._watch.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """The test begins: said before anything of it runs, so that a killed worker's last test is known."""
        try:
            self._begin(item)
        except Exception as error:
            self._trouble("before a test", error)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Tell teardowns of class, module and session from the test's own."""
        self._is_followed = nextitem is not None
        if nextitem is not None and nextitem.parent is item.parent:
            return
        try:
            kept = set(nextitem.listchain()) if nextitem is not None else set()
            self._watch.follow_teardown(node for node in item.listchain()[:-1] if node not in kept)
        except Exception as error:
            self._trouble("before a teardown", error)

    if HAS_NEW_WRAPPERS:

        @pytest.hookimpl(wrapper=True, tryfirst=True)
        def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
            """A phase is over."""
            self._before_report(item, call)
            report = yield
            self._after_report(item, call, report)
            return report

    else:

        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
            """A phase is over."""
            self._before_report(item, call)
            result = yield
            if result.excinfo is None:
                self._after_report(item, call, result.get_result())

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> None:
        """A fixture is about to be set up. None leaves that to pytest.

        No wrapper, for these are many and most are the test's own: that a wider one is done is noticed at the next event.
        """
        if self._fixtures.opened:
            self._fixtures.close_done()
        scope = fixturedef.scope
        if scope != "function" and (scope != "class" or request.cls is not None):
            self._fixtures.open(fixturedef)

    def interrupted(self) -> str:
        """The test that has begun and not ended; empty when there is none."""
        return "" if self._running is None else self._running.id

    @property
    def databases(self) -> list[str]:
        """Names of the test databases that were made."""
        return self._databases.names

    def _before_report(self, item: Any, call: Any) -> None:
        try:
            if self._fixtures.opened:
                self._fixtures.close_all()
            if call.when == "teardown":
                self._look(item)
        except Exception as error:
            self._trouble("after a phase", error)

    def _after_report(self, item: Any, call: Any, report: Any) -> None:
        try:
            self._report(item, call, report)
        except Exception as error:
            self._trouble("at a report", error)

    def _begin(self, item: Any) -> None:
        if self._running is not None:
            self.journal.note("the test %s did not come to its end" % self._running.id)
        if item is not self._item:
            self.pytest_runtest_protocol(item)
        self._attempt += 1
        if not self._position:
            self._databases.rename()
        test = self._names.of(item)
        self._running = Execution(item, test, self._position, self._attempt)
        if self.journal.writes:
            self._set_properties(item, test)
        self.journal.write(self._running.begun(World.now()))
        self._fixtures.widens = True
        self._watch.begin(item)

    def _set_properties(self, item: Any, test: str) -> None:
        properties = item.user_properties
        if self._attempt:
            properties[:] = [pair for pair in properties if pair[0] not in wire.ALL_PROPERTIES]
        properties.append((wire.PROPERTY_NODEID, test))
        properties.append((wire.PROPERTY_WORKER, self.journal.worker))
        properties.append((wire.PROPERTY_POSITION, str(self._position)))

    def _look(self, item: Any) -> None:
        state = self.left = self._watch.settle()
        if self._running is not None:
            self._databases.cloning.heard(self._running.id, state)
        if state and self._running is not None and self._running.item is item:
            self._running.state = state
            if self.journal.writes:
                item.user_properties.append((wire.PROPERTY_STATE, World.encode(state)))

    def _report(self, item: Any, call: Any, report: Any) -> None:
        running = self._running
        if running is None or running.item is not item:
            return
        if report.when == "setup":
            self._fixtures.widens = False
        running.add(report.when, outcome_of(report), call.duration)
        if report.outcome == "failed":
            running.failures.append(failure.describe(report, call.excinfo, self._places))
        if report.when == "teardown":
            running.claims = self._watch.claims()
            self._running = None
            ended = running.ended(traits_of(item))
            if self._is_followed and self._is_alone:
                self.journal.hold(ended)
            else:
                self.journal.write(ended)
            if not running.attempt:
                self.executed.append(running.id)

    def _trouble(self, when: str, error: Exception) -> None:
        self.journal.note("the recorder failed %s: %r" % (when, error))
