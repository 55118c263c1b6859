"""Everything that a run started, wherever it went: told by a mark that is inherited with the environment.

Owns the mark and the looking for it (Linux; elsewhere nobody is found).
"""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MARK = "FLAKY_DETECTOR_MARK"
"""Variable that every descendant of a run inherits: the marks of all runs around it, joined by colons."""


def marks(mark: str) -> str:
    """What a process is to have in `MARK`: the marks of all runs around it, and its own."""
    return ":".join(filter(None, (os.environ.get(MARK), mark)))


def pids() -> Iterator[int]:
    """All processes, where there is a /proc (Linux)."""
    try:
        entries = os.listdir("/proc")  # noqa: PTH208 -- looked at twenty times a second
    except OSError:
        return
    yield from (int(entry) for entry in entries if entry.isdigit())


class Life(NamedTuple):
    """A process: its group, and when it was born, in clock ticks since the system started."""

    group: int
    born: int


def life_of(pid: int) -> Life | None:
    """None for one that has ended."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return None if told[0] in (b"Z", b"X") else Life(int(told[2]), int(told[19]))
    except (OSError, ValueError, IndexError):
        return None


def living(group: int, mark: str, since: int) -> Iterator[int]:
    """Processes of the group, and those that inherited the mark, of which only that were born at this tick or later are looked at."""
    for pid in pids():
        life = life_of(pid)
        if life is not None and (life.group == group or (life.born >= since and _has_mark(pid, mark.encode()))):
            yield pid


def marked(mark: str) -> tuple[int, ...]:
    """Living processes that inherited the mark, wherever they went."""
    return tuple(pid for pid in pids() if _has_mark(pid, mark.encode()) and life_of(pid) is not None)


def _has_mark(pid: int, mark: bytes) -> bool:
    try:
        return mark in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def end_marked(mark: str) -> None:
    """Kill every process that inherited the mark."""
    for pid in marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
