"""The order of the collection: shuffled before the project's own sorts, written down after them, forced last.

Owns one hook, the outermost of its kind: what stands before its `yield` runs before all other plugins, what stands behind it after them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder import replay

if TYPE_CHECKING:
    from collections.abc import Generator

    from flaky_detector.recorder.journal import Journal
    from flaky_detector.recorder.naming import Names


class Ordering:
    """Writes `collected`."""

    def __init__(self, journal: Journal, names: Names, steps: replay.Steps | None, wish: str) -> None:
        self._journal = journal
        self._names = names
        self.steps = steps
        self._wish = wish
        self.shuffles_last = False
        self.lists_tests = True
        self.without: frozenset[str] = frozenset()
        self.forced: list[str] = []

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> Generator[None, Any, None]:
        """Before all others, and after them."""
        try:
            self._names.learn(items)
            if self._wish and not self.shuffles_last:
                self._shuffle(config, items)
        except Exception as error:
            self._journal.note("the tests were not shuffled: %s" % error)
        yield
        try:
            self._after(config, items)
        except Exception as error:
            self._journal.note("the recorder failed at the collection: %r" % (error,))

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is missing evidence."""
        if report.outcome == "failed" and self.lists_tests:
            self._journal.note("%s was not collected: %s" % (report.nodeid, str(report.longrepr)[-500:]))

    def _shuffle(self, config: Any, items: list[Any]) -> None:
        from flaky_detector.recorder.shuffle import shuffle

        shuffle(self._wish, config, items)

    def _after(self, config: Any, items: list[Any]) -> None:
        tests = [self._names.of(item) for item in items] if self.lists_tests else []
        missing: list[str] = []
        if self._wish and self.shuffles_last:
            self._shuffle(config, items)
        unwanted = [item for item in items if self._names.of(item) in self.without]
        if unwanted:
            items[:] = [item for item in items if self._names.of(item) not in self.without]
            config.hook.pytest_deselected(items=unwanted)
        if self.steps is not None:
            deselected, missing = self._force(self.steps, items)
            if deselected:
                config.hook.pytest_deselected(items=deselected)
        self._tell(tests, missing)

    def go_on(self, steps: replay.Steps, items: list[Any]) -> None:
        """In a fork of a process that has collected: the same with an order."""
        self.steps = steps
        tests = [self._names.of(item) for item in items]
        _, missing = self._force(steps, items)
        self._tell(tests, missing)

    def _force(self, steps: replay.Steps, items: list[Any]) -> tuple[list[Any], list[str]]:
        deselected, missing = replay.apply(steps, items, self._names.of)
        self.forced = [self._names.of(item) for item in items]
        return deselected, missing

    def _tell(self, tests: list[str], missing: list[str]) -> None:
        self._journal.write({"ev": "collected", "tests": tests, "app_labels": _app_labels(), "missing": missing})


def _app_labels() -> list[str]:
    configs = getattr(getattr(sys.modules.get("django.apps"), "apps", None), "app_configs", None) or {}
    return [str(label) for label in configs]


class Skipping:
    """In a forced order over several workers: leaves out the test by which a worker's last one was let go (see `sequence`)."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, nextitem: pytest.Item | None) -> bool | None:
        """True says that the test has been dealt with."""
        return True if nextitem is None else None
