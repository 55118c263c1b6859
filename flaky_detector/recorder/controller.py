"""xdist's controller: it runs no test, but it knows which worker died on which test, and it hands a forced order out.

Owns the hooks of the controlling process. The word node in the hooks' names and arguments is xdist's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder import WORKER_INPUT
from flaky_detector.recorder.naming import without_group
from flaky_detector.recorder.sequence import SequenceScheduling

if TYPE_CHECKING:
    from flaky_detector.recorder.journal import Journal
    from flaky_detector.recorder.replay import Steps

CRASH = "???"
"""The phase that xdist gives to its report of a test on which a worker died."""


class Controller:
    """Writes `crash`."""

    def __init__(self, journal: Journal, steps: Steps | None, wishes: dict[str, str]) -> None:
        self._journal = journal
        self._steps = steps
        self._wishes = wishes
        self._scheduling: SequenceScheduling | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Wake the worker's recorder."""
        node.workerinput[WORKER_INPUT] = dict(self._wishes)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config) -> Any:
        """Our own scheduler for a forced order, else xdist's."""
        if self._steps is None:
            return None
        self._scheduling = SequenceScheduling(config, self._steps, self._journal.note)
        return self._scheduling

    @pytest.hookimpl
    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A worker has begun a test."""
        if self._scheduling is not None:
            self._scheduling.test_has_begun(without_group(nodeid))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker has ended, or died."""
        if error:
            self._journal.note("worker %s went down: %s" % (_name(node), error))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Of all reports that workers send, only the one that xdist makes itself counts here."""
        if str(report.when) == CRASH:
            try:
                event = {"ev": "crash", "id": without_group(report.nodeid), "worker": _name(getattr(report, "node", None))}
                self._journal.write(event)
            except Exception as trouble:
                self._journal.note("a crash could not be written down: %r" % (trouble,))


def _name(node: Any) -> str:
    return str(getattr(getattr(node, "gateway", None), "id", ""))
