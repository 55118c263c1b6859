"""The process group of one run: its leader, and how all of it is ended.

Owns signals to groups and the reaping of leaders.
"""

import contextlib
import os
import queue
import signal
import time
from pathlib import Path
from typing import Literal, Protocol

from flaky_detector.adapters.process.descendants import life_of, living

LOOK_SECONDS = 0.05

Grace = tuple[tuple[signal.Signals, float], ...]
PATIENT: Grace = ((signal.SIGINT, 5.0), (signal.SIGTERM, 2.0))
"""After the deadline: time enough for pytest to write what it knows."""
HURRIED: Grace = ((signal.SIGINT, 2.0), (signal.SIGTERM, 1.0))
"""Upon Ctrl-C or SIGTERM: CI systems kill after about ten seconds."""
BRIEF: Grace = ((signal.SIGTERM, 0.5),)
"""For what is left running after a normal end: the next run is to find the machine as this one did."""

News = Literal["ended", "stop"]
Mailbox = queue.SimpleQueue[News]


class Leader(Protocol):
    """The first process of a group."""

    @property
    def pid(self) -> int:
        """Its number, which is the group's too."""

    def wait(self) -> None:
        """Until it has ended; it is not reaped by that where the system can tell."""

    def reap(self) -> int:
        """Its exit code, or minus the signal's number. From now on its number may pass to a stranger."""


class Group:
    """The process group of one run. The leader is reaped last, so that its number cannot pass to a stranger meanwhile."""

    def __init__(self, leader: Leader, mark: str) -> None:
        self.leader = leader
        self.mark = mark
        life = life_of(leader.pid)
        self.born = life.born if life else 0
        self.over = False
        self.exit_code = -signal.SIGKILL.value

    def report_end(self, mailbox: Mailbox) -> None:
        """Put "ended" into the mailbox when the leader has ended."""
        self.leader.wait()
        mailbox.put("ended")

    def end(self, grace: Grace) -> int:
        """End every process of the group, and those that left it; the leader's exit code. Again: does nothing."""
        if not self.over:
            is_gone = False
            try:
                is_gone = self._is_ended_by(grace)
            finally:
                if not is_gone:
                    self._signal(signal.SIGKILL)
                    if not self._is_gone_within(LOOK_SECONDS):
                        self._signal(signal.SIGKILL)  # those that were born meanwhile
                self.exit_code = self.leader.reap()
                self.over = True
        return self.exit_code

    def _is_ended_by(self, grace: Grace) -> bool:
        if self._is_gone_within(0):
            return True
        for number, seconds in grace:
            self._signal(number)
            if self._is_gone_within(seconds):
                return True
        return False

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.leader.pid, number)
        for pid in living(self.leader.pid, self.mark, self.born):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) != self.leader.pid:
                    os.kill(pid, number)

    def _is_gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self._is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _is_alive(self) -> bool:
        """Whether anybody lives whom it started; a leader that has ended and was not reaped does not count where /proc can tell."""
        if Path("/proc/self/stat").exists():
            return any(living(self.leader.pid, self.mark, self.born))
        try:
            os.killpg(self.leader.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True
