"""A process that waits to be forked: its line to the house, and the loop in which it serves. PYTEST_DONT_REWRITE

Owns the two pipes and what is said over them. Must not know what a fork is for.

    house ── {"env", "log", …} ──►  fork ── {"pid"} ──►  … the fork runs …  ── {"ended"} ──►  house
    house ── {} (may be reaped) ─►  waitpid ── {"status"} ──►
    house ── {…, "line": 1} ─────►  fork ── {"pid"} ──►  which serves over that line itself, until …
    house ── {"end": pid} ───────►  … it is killed ── {"status"} ──►

One line of JSON each. A process ends when the house closes its pipe, or dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from typing import Any


class Line:
    """Two descriptors, `R,W`: over the first the house is heard, over the second it is spoken to."""

    def __init__(self, ends: str) -> None:
        hears, speaks = ends.split(",")
        self._reader = os.fdopen(int(hears), encoding="utf-8")
        self._writer = os.fdopen(int(speaks), "w", encoding="utf-8")

    def say(self, words: dict[str, Any]) -> None:
        """Where nobody hears it any more, this process ends."""
        try:
            self._writer.write(json.dumps(words) + "\n")
            self._writer.flush()
        except OSError:
            os._exit(0)

    def hear(self) -> dict[str, Any]:
        """Where nothing is said any more, this process ends, after those of its forks that serve: their lines end as well."""
        line = self._reader.readline()
        if not line:
            with contextlib.suppress(ChildProcessError):
                while True:
                    os.waitpid(-1, 0)
            os._exit(0)
        words: dict[str, Any] = json.loads(line)
        return words

    def close(self) -> None:
        """In a fork."""
        self._reader.close()
        self._writer.close()


def serve(line: Line) -> dict[str, Any]:
    """Returns, in each fork, what it is to do, and never in the process that serves."""
    while True:
        wish = line.hear()
        if "end" in wish:
            _end(line, int(wish["end"]))
            continue
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if not pid:
            return wish
        line.say({"pid": pid})
        if "line" not in wish:
            _see_to_its_end(line, pid)


def _see_to_its_end(line: Line, pid: int) -> None:
    """A fork is reaped only when the house is done with its process group, so that its number cannot pass to a stranger meanwhile."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    line.say({"ended": True})
    line.hear()
    line.say({"status": os.waitpid(pid, 0)[1]})


def _end(line: Line, pid: int) -> None:
    """Not reaped before, so the number is still its own."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    line.say({"status": os.waitpid(pid, 0)[1]})
