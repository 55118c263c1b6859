"""How long this process has been there.

Owns the reading of /proc (Linux). On a busy machine seconds go by until the first line of a program runs, and its user waits for them too.
"""

import contextlib
import os
import time
from pathlib import Path

START_TIME = 22
"""The field of /proc/PID/stat, counted from 1: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""


def seconds_since_start() -> float:
    """0.0 where that is not known."""
    with contextlib.suppress(OSError, ValueError, IndexError, AttributeError):
        after_name = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
        started = int(after_name[START_TIME - 3]) / os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)
    return 0.0
