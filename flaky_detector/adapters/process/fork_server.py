"""The house's end of a fork server (`recorder.fork_server`): a pytest process that has started, and has a child for every trial.

Owns the two pipes, and the server's end. A child is looked after by `process.execute` like any other process; must not choose what runs.
"""

import contextlib
import json
import os
import select
import subprocess
import threading
import time
import uuid
from collections.abc import Sequence
from typing import Self, cast

from flaky_detector.adapters.process.descendants import MARK, end_marked, marks
from flaky_detector.adapters.process.execution import is_stopping
from flaky_detector.adapters.process.group import Leader
from flaky_detector.adapters.process.spawning import prepared, started
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Invocation

LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 2.0
REAP_SECONDS = 30.0

LOST = -9  # SIGKILL, which Windows has not


class LostError(Exception):
    """The server has ended, or does not answer."""


class ForkServer:
    """A pytest process that forks.

    A context manager: at the end the server is gone, and with it whatever it or its children left running.

    Args:
        invocation: how pytest is started; the files in it decide which conftests the server loads, and no more.
    """

    def __init__(self, invocation: Invocation) -> None:
        hears, self._speaks = os.pipe()
        self._hears, speaks = os.pipe()
        self._mark = uuid.uuid4().hex
        self._rest = b""
        self.loaded: frozenset[str] = frozenset()
        env = invocation.env | {wire.FORK_SERVER: f"{hears},{speaks}"}
        call = Invocation(
            argv=invocation.argv, env=env, cwd=invocation.cwd, bundle=invocation.bundle, deadline_seconds=invocation.deadline_seconds
        )
        try:
            self._process: subprocess.Popen[bytes] = started(call, self._mark, (hears, speaks))
        except BaseException:
            self._close_pipes()
            raise
        finally:
            os.close(hears)
            os.close(speaks)

    @property
    def pid(self) -> int:
        """Its process's number."""
        return self._process.pid

    def why_not(self, deadline_seconds: float) -> str:
        """Waits until it has started; why it will not serve, empty where it will.

        `loaded` then holds the paths of modules in the project that are imported already: its children do not read them.
        """
        try:
            words = self.hear(deadline_seconds)
            self.loaded = frozenset(map(str, cast("list[object]", words.get("loaded") or ())))
            return str(words["declined"])
        except (LostError, KeyError):
            return "pytest did not come to the session's start"

    def begin(self, files: Sequence[str], invocation: Invocation, mark: str) -> Leader:
        """A child that collects `files` and goes on from there in the invocation's environment.

        Raises:
            LostError: there is no server any more.
            SuiteError: the bundle cannot be written.
        """
        log = prepared(invocation) / "console.log"
        env = {name: value for name, value in invocation.env.items() if name != "PYTHONHASHSEED"}
        self.tell({"args": list(files), "env": env | {MARK: marks(mark)}, "log": str(log)})
        return Forked(self, int(str(self.hear()["pid"])))

    def tell(self, words: dict[str, object]) -> None:
        """One line to the server."""
        try:
            data = json.dumps(words).encode() + b"\n"
            while data:
                data = data[os.write(self._speaks, data) :]
        except OSError:
            raise LostError from None

    def hear(self, seconds: float = float("inf")) -> dict[str, object]:
        """The next line that it says, within so many seconds."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if self._is_heard():
                self._rest += self._read()
            elif time.monotonic() > deadline or is_stopping():
                raise LostError
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            words: dict[str, object] = json.loads(line)
        except ValueError:
            raise LostError from None
        return words

    def _is_heard(self) -> bool:
        try:
            return bool(select.select([self._hears], [], [], LOOK_SECONDS)[0])
        except (OSError, ValueError):  # closed by another thread, which ends the server
            raise LostError from None

    def _read(self) -> bytes:
        try:
            more = os.read(self._hears, 65536)
        except OSError:
            more = b""
        if not more:
            raise LostError
        return more

    def _close_pipes(self) -> None:
        for number in (self._speaks, self._hears):
            with contextlib.suppress(OSError):
                os.close(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close_pipes()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        end_marked(self._mark)


class Forked:
    """A child of the server, for `process.execute`: it has ended when the server says so, and its number is kept until it may be reaped."""

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.server = server
        self.pid = pid
        self.ended = threading.Event()
        self.is_lost = False

    def wait(self) -> None:
        """Until it has ended."""
        try:
            self.server.hear()
        except LostError:
            self.is_lost = True
        finally:
            self.ended.set()

    def reap(self) -> int:
        """Its exit code."""
        self.ended.wait()
        try:
            if self.is_lost:
                return LOST
            self.server.tell({})
            return os.waitstatus_to_exitcode(int(str(self.server.hear(REAP_SECONDS)["status"])))
        except (LostError, KeyError):
            self.is_lost = True
            return LOST
