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
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Literal, Protocol

from flaky_detector.errors import Interrupted, SuiteError
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Ended, Invocation

MARK = "FLAKY_DETECTOR_MARK"
"""Variable that every descendant of a run inherits: the marks of all runs around it, joined by colons."""

TICK_SECONDS = 1.0
LOOK_SECONDS = 0.05

Grace = tuple[tuple[signal.Signals, float], ...]
PATIENT: Grace = ((signal.SIGINT, 5.0), (signal.SIGTERM, 2.0))
"""After the deadline: time enough for pytest to write what it knows."""
HURRIED: Grace = ((signal.SIGINT, 2.0), (signal.SIGTERM, 1.0))
"""Upon Ctrl-C or SIGTERM: CI systems kill after about ten seconds."""
BRIEF: Grace = ((signal.SIGTERM, 0.5),)
"""For what is left of the group after a normal end."""

News = Literal["ended", "stop"]
Mailbox = queue.SimpleQueue[News]


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

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
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


class Leader(Protocol):
    """The first process of a group."""

    @property
    def pid(self) -> int:
        """Its number, which is the group's too."""

    def wait(self) -> None:
        """Until it has ended; it is not reaped by that where the system can tell."""

    def reap(self) -> int:
        """Its exit code, or minus the signal's number. From now on its number may pass to a stranger."""


Begin = Callable[[Invocation, str], Leader]
"""Starts what the invocation says; the mark is to be in its environment, under `MARK`."""


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
    group: _Group | None = None
    try:
        started = time.monotonic()
        group = _Group((begin or _spawn)(invocation, mark), mark)
        threading.Thread(target=group.report_end, args=(mailbox,), daemon=True).start()
        news = _wait(mailbox, started, invocation, tick)
        if news == "stop":
            raise _interrupted()
        exit_code = group.end(BRIEF if news == "ended" else PATIENT, strays=news != "ended")
        return Ended(exit_code=exit_code, seconds=time.monotonic() - started, timed_out=news is None)
    except KeyboardInterrupt:
        raise _interrupted() from None
    finally:
        _SWITCHBOARD.mailboxes.discard(mailbox)
        if group is not None:
            group.end(HURRIED, strays=True)
        elif _marked(mark):
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


def prepared(invocation: Invocation) -> Path:
    """The bundle's folder, with the order in it.

    Raises:
        SuiteError: it cannot be written.
    """
    bundle = Path(invocation.bundle)
    try:
        bundle.mkdir(parents=True, exist_ok=True)
        if invocation.order_json:
            (bundle / "order.json").write_text(invocation.order_json, encoding="utf-8")
    except OSError as error:
        raise SuiteError(f"cannot write to the bundle {bundle}: {error.strerror}", "give a writable folder to --output") from None
    return bundle


def _spawn(invocation: Invocation, mark: str) -> Leader:
    return Spawned(started(invocation, mark))


def started(invocation: Invocation, mark: str, pass_fds: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """The invocation as a process of its own, the leader of a new session.

    Raises:
        SuiteError: the bundle cannot be written, or the interpreter cannot be started.
    """
    bundle = prepared(invocation)
    try:
        console = (bundle / "console.log").open("wb")
    except OSError as error:
        raise SuiteError(f"cannot write to the bundle {bundle}: {error.strerror}", "give a writable folder to --output") from None
    with console:
        try:
            return subprocess.Popen(
                invocation.argv,
                cwd=invocation.cwd,
                env=_environment(invocation.env, mark),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(pass_fds),
            )
        except (OSError, ValueError) as error:
            raise _cannot_start(invocation, error) from None


class Spawned:
    """A process that we started ourselves."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def wait(self) -> None:
        """Until it has ended."""
        if hasattr(os, "waitid"):
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self.process.wait()

    def reap(self) -> int:
        """Its exit code."""
        return self.process.wait()


def marks(mark: str) -> str:
    """What a process is to have in `MARK`: the marks of all runs around it, and its own."""
    return ":".join(filter(None, (os.environ.get(MARK), mark)))


def _environment(additions: dict[str, str | None], mark: str) -> dict[str, str]:
    env = dict(os.environ)
    for name, value in additions.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    env[MARK] = marks(mark)
    return env


def _cannot_start(invocation: Invocation, error: OSError | ValueError) -> SuiteError:
    program = invocation.argv[0]
    if not Path(invocation.cwd).is_dir():
        return SuiteError(f"cannot run the suite in {invocation.cwd}: there is no such folder", "give the project's folder to --rootdir")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return SuiteError(f"cannot start {program}: {reason}", "give a Python that can run the suite to --python")


class _Group:
    """The process group of one run. The leader is reaped last, so that its number cannot pass to a stranger meanwhile."""

    def __init__(self, leader: Leader, mark: str) -> None:
        self.leader = leader
        self.mark = mark
        self.over = False
        self.exit_code = -signal.SIGKILL.value

    def report_end(self, mailbox: Mailbox) -> None:
        """Put "ended" into the mailbox when the leader has ended."""
        self.leader.wait()
        mailbox.put("ended")

    def end(self, grace: Grace, *, strays: bool) -> int:
        """End every process of the group, and with `strays` those that left it; the leader's exit code. Again: does nothing."""
        if not self.over:
            try:
                for number, seconds in grace:
                    if self._is_gone_within(0, strays=strays):
                        break
                    self._signal(number, strays=strays)
                    self._is_gone_within(seconds, strays=strays)
            finally:
                self._signal(signal.SIGKILL, strays=strays)
                if strays and not self._is_gone_within(LOOK_SECONDS, strays=True):
                    self._signal(signal.SIGKILL, strays=True)  # those that were born meanwhile
                self.exit_code = self.leader.reap()
                self.over = True
        return self.exit_code

    def _signal(self, number: signal.Signals, *, strays: bool) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.leader.pid, number)
        for pid in _marked(self.mark) if strays else ():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(pid) != self.leader.pid:
                    os.kill(pid, number)

    def _is_gone_within(self, seconds: float, *, strays: bool) -> bool:
        deadline = time.monotonic() + seconds
        while self._is_alive() or (strays and _marked(self.mark)):
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _is_alive(self) -> bool:
        """Whether anybody of the group lives; a leader that has ended and was not reaped does not count where /proc can tell."""
        if Path("/proc/self/stat").exists():
            return any(_group_of(pid) == self.leader.pid for pid in _pids())
        try:
            os.killpg(self.leader.pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def _pids() -> Iterator[int]:
    """All processes, where there is a /proc (Linux)."""
    try:
        entries = os.listdir("/proc")  # noqa: PTH208 -- looked at twenty times a second
    except OSError:
        return
    yield from (int(entry) for entry in entries if entry.isdigit())


def _group_of(pid: int) -> int | None:
    """The process group, None for one that has ended."""
    try:
        state, _parent, group = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[:3]
    except (OSError, ValueError):
        return None
    return None if state in (b"Z", b"X") else int(group)


def _marked(mark: str) -> tuple[int, ...]:
    """Living processes that inherited the mark, wherever they went."""
    return tuple(pid for pid in _pids() if _has_mark(pid, mark.encode()) and _group_of(pid) is not None)


def _has_mark(pid: int, mark: bytes) -> bool:
    try:
        return mark in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False


def end_marked(mark: str) -> None:
    """Kill every process that inherited the mark."""
    for pid in _marked(mark):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
