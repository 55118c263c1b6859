"""What a process has collected, and forks of it that each run an order of that. PYTEST_DONT_REWRITE

Owns what a fork does to become a trial like any other: a journal of its own, which begins as that of the collector did, and an order. Must
not fork.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import replay, stay_awake, wire, wishes_of
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from flaky_detector.recorder.journal import Journal
    from flaky_detector.recorder.ordering import Ordering
    from flaky_detector.recorder.shared import Shared

NAME = "flaky-detector-collected"


class Collected:
    """What a fork has to take over; registered under `NAME` in a process that collects only."""

    def __init__(self, journal: Journal, ordering: Ordering, shared: Shared) -> None:
        self._journal = journal
        self._ordering = ordering
        self._shared = shared
        journal.said = []

    def go_on(self, session: Any, wishes: dict[str, str]) -> None:
        """With the journal's folder and the order that are wished for now."""
        said, self._journal.said = self._journal.said or [], None
        self._shared.keep(wishes[wire.RECORD])
        self._journal.move(wishes[wire.RECORD])
        for event in said:
            if event["ev"] == "start":
                self._journal.write({**event, "pid": os.getpid(), "time": World.now()})
            elif event["ev"] != "collected":
                self._journal.write(event)
        self._ordering.go_on(replay.read_order(wishes[wire.ORDER]), session.items)
        session.testscollected = len(session.items)


def go_on(session: Any) -> None:
    """In a fork whose environment says what it is to do."""
    wishes = wishes_of(session.config)
    stay_awake(wishes)
    session.config.pluginmanager.get_plugin(NAME).go_on(session, wishes)
