"""Everything that a run started, wherever it went: told by a mark that is inherited with the environment.

Owns the mark and the looking for it (Linux; elsewhere nobody is found).
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

MARK = "FLAKY_DETECTOR_MARK"
"""Variable that every descendant of a run inherits: the marks of all runs around it, joined by colons."""


MOST_LOOKS, PAUSE_SECONDS, NEW_SECONDS = 50, 0.005, 5.0
KERNEL_THREAD = 0x00200000
"""PF_KTHREAD among the flags in `stat`, see proc(5) and linux/sched.h."""


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
    """Whether it is in the environment; of a process that is just becoming another program this is told a moment later."""
    for _ in range(MOST_LOOKS):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except ProcessLookupError:
            environment = b""
        except OSError:
            return False
        if environment or not _is_new_and_running(pid):
            return mark in environment
        time.sleep(PAUSE_SECONDS)
    return False


def _is_new_and_running(pid: int) -> bool:
    """Not asleep, nor a thread of the kernel. In the midst of `execve` a process has no environment, or none that can be read."""
    try:
        told = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - int(told[19]) / os.sysconf("SC_CLK_TCK")
        return told[0] in (b"R", b"D") and not int(told[6]) & KERNEL_THREAD and age < NEW_SECONDS
    except (OSError, ValueError, IndexError):
        return False


def end_marked(mark: str) -> None:
    """Kill every process that inherited the mark."""
    for pid in marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
