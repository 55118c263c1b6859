"""Child processes that a test started and left running.

Owns the kind `child-process`, by the name of the program alone: arguments may hold secrets. Only arrivals are booked. Cost: one system call
a test, which says that there are no children; some small files of /proc where there are.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from flaky_detector.recorder import plain, wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.world import World, digest

TASKS = "/proc/self/task"


class ChildrenProbe:
    """Asks the system, since `subprocess` keeps no list."""

    name = "children"
    is_deep = False

    def __init__(self, *_: Any) -> None:
        self._booking = Booking(wire.CHILD_PROCESS)
        self._known: dict[int, str] = {}
        self._can_look = hasattr(os, "waitid") and os.path.isdir(TASKS)
        self._waitid = getattr(os, "waitid", None)
        self._asks = os.WEXITED | os.WNOHANG | os.WNOWAIT if self._can_look else 0

    def start(self) -> None:
        """Take the children that run for granted."""
        self._known = dict.fromkeys(self._children(), "")

    def mark(self, scope: str) -> bool:
        """Book new children; take back those of this test that have ended since."""
        children = self._children()
        if children != list(self._known):
            known = self._known
            self._known = {pid: known[pid] if pid in known else _program(pid) for pid in children}
            for key in [key for pid, key in self._known.items() if key and pid not in known]:
                self._booking.book(key, None, digest(key.encode("utf-8", "backslashreplace")), scope)
            for key in [key for pid, key in known.items() if pid not in self._known]:
                if key in self._booking.entries and key not in self._known.values():
                    self._booking.book(key, None, None, scope)
        return bool(self._booking.entries)

    def settle(self) -> list[dict[str, Any]]:
        """Children that came."""
        return self._booking.settle()

    def _children(self) -> list[int]:
        """Process ids, sorted; without those that have ended and were not waited for."""
        if not self._can_look or self._waitid is None:
            return []
        try:
            self._waitid(os.P_ALL, 0, self._asks)
        except OSError:
            return []
        try:
            found = [int(pid) for task in os.listdir(TASKS) for pid in _read("%s/%s/children" % (TASKS, task)).split()]
        except (OSError, ValueError):
            return []
        own = _of_multiprocessing()
        return sorted(pid for pid in found if pid not in own and _is_running(pid))


def _of_multiprocessing() -> list[Any]:
    """Its tracker and its server stay for the rest of the process, on purpose."""
    tracker = plain.attributes(plain.namespace(sys.modules.get("multiprocessing.resource_tracker")).get("_resource_tracker"))
    server = plain.attributes(plain.namespace(sys.modules.get("multiprocessing.forkserver")).get("_forkserver"))
    return [tracker.get("_pid"), server.get("_forkserver_pid")]


def _is_running(pid: int) -> bool:
    try:
        return _read("/proc/%d/stat" % pid).rpartition(")")[2].split()[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


def _program(pid: int) -> str:
    try:
        return _read("/proc/%d/comm" % pid).strip()
    except OSError:
        return ""


def _read(path: str) -> str:
    fd = World.open(path, os.O_RDONLY)
    try:
        return World.read(fd, 1 << 16).decode("utf-8", "backslashreplace")
    finally:
        World.close(fd)
