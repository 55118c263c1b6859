"""One pytest process and everything that it starts: begun, watched, ended.

Owns signals, process groups, deadlines and console.log. Must not know what the process is for, nor read what it left.

    SIGINT to the group ─ grace ─► SIGTERM ─ grace ─► SIGKILL to the group and to all who left it
    (pytest writes its JUnit)                         (known by a mark in their environment)

Several runs may be under way in threads. Each waits at a mailbox of its own, a `SimpleQueue`, since its `put` is the one way of waking a
thread that a signal handler may use.
"""

import contextlib
import os
import queue
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from flaky_detector.adapters.process.descendants import end_marked, marked
from flaky_detector.adapters.process.group import BRIEF, HURRIED, PATIENT, Group, Mailbox, News
from flaky_detector.adapters.process.spawning import Begin, spawn
from flaky_detector.errors import Interrupted
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Ended, Invocation

TICK_SECONDS = 1.0

STOPPING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a hunt; Windows has no SIGHUP."""

CAN_RUN_SUITES = hasattr(os, "killpg")
"""Whether a run can be ended with all that it started: on Windows not yet, and nothing is started there."""


class _Switchboard:
    """All runs under way in this process, and whether they have been told to stop."""

    def __init__(self) -> None:
        self.mailboxes: set[Mailbox] = set()
        self.stopping = False


_SWITCHBOARD = _Switchboard()


def end_all() -> None:
    """Tell every run under way, in whatever thread, to end: their `execute` raises `Interrupted`, as do later calls.

    Returns at once; the threads end their own processes. Safe in a signal handler.
    """
    _SWITCHBOARD.stopping = True
    for mailbox in tuple(_SWITCHBOARD.mailboxes):
        mailbox.put("stop")


def is_stopping() -> bool:
    """Whether everything was told to end."""
    return _SWITCHBOARD.stopping


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """For the main thread: Ctrl-C, SIGTERM and SIGHUP end all runs and raise KeyboardInterrupt here; the old handlers come back afterwards.

    What is ignored stays ignored (`nohup`). An ignored SIGINT gets a handler that does nothing, or else pytest would inherit the ignoring
    and could not be asked to finish in an orderly way.
    """
    _SWITCHBOARD.stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        end_all()
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in STOPPING}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, stop)
        elif number is signal.SIGINT:
            signal.signal(number, lambda _number, _frame: None)
    try:
        yield
    finally:
        _SWITCHBOARD.stopping = False
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def execute(
    invocation: Invocation, *, tick: Callable[[float], None] | None = None, tidies: bool = False, begin: Begin | None = None
) -> Ended:
    """Run one process to its end or its deadline; its output is in `<bundle>/console.log`.

    Args:
        invocation: what to start, where, and for how long at most.
        tick: called about once a second, in this thread, with the seconds since the start.
        tidies: the process cleans up after an interrupted run, so it starts even though everything was told to end.
        begin: another way of starting it than as a process of its own.

    Raises:
        SuiteError: the bundle cannot be written, or the interpreter cannot be started.
        Interrupted: Ctrl-C, or `end_all` was called; nothing of the run is left alive.
    """
    if _SWITCHBOARD.stopping and not tidies:
        raise _interrupted()
    mailbox: Mailbox = queue.SimpleQueue()
    mark = uuid.uuid4().hex
    _SWITCHBOARD.mailboxes.add(mailbox)
    group: Group | None = None
    try:
        started = time.monotonic()
        group = Group((begin or spawn)(invocation, mark), mark)
        threading.Thread(target=group.report_end, args=(mailbox,), daemon=True).start()
        news = _wait(mailbox, started, invocation, tick)
        if news == "stop":
            raise _interrupted()
        exit_code = group.end(BRIEF if news == "ended" else PATIENT)
        return Ended(exit_code=exit_code, seconds=time.monotonic() - started, timed_out=news is None)
    except KeyboardInterrupt:
        raise _interrupted() from None
    finally:
        _SWITCHBOARD.mailboxes.discard(mailbox)
        if group is not None:
            group.end(HURRIED)
        elif marked(mark):
            end_marked(mark)


def _interrupted() -> Interrupted:
    return Interrupted("interrupted while the suite was running", "what was found so far is kept")


def _wait(mailbox: Mailbox, started: float, invocation: Invocation, tick: Callable[[float], None] | None) -> News | None:
    """What happened first; None for the deadline, or for silence."""
    deadline = started + invocation.deadline_seconds
    heard, written = started, -1
    while (now := time.monotonic()) < deadline:
        try:
            return mailbox.get(timeout=min(TICK_SECONDS, deadline - now))
        except queue.Empty:
            if tick is not None:
                tick(time.monotonic() - started)
        so_far = _journal_bytes(invocation.bundle)
        heard, written = (time.monotonic(), so_far) if so_far != written else (heard, written)
        if invocation.quiet_seconds and time.monotonic() - heard > invocation.quiet_seconds:
            return None
    return None


def _journal_bytes(bundle: str) -> int:
    """How much the recorders have written: they say when a test begins."""
    return sum(path.stat().st_size for path in Path(bundle).glob(f"{wire.JOURNAL_PREFIX}*{wire.JOURNAL_SUFFIX}"))
