"""The house's end of a fork server (`recorder.fork_server`): a pytest process that has started, and has a child for every trial.

Owns the lines to it and to its collectors, and their end. A trial is looked after by `process.execute` like any other process; must not
choose what runs.
"""

import contextlib
import os
import subprocess
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Self, cast

from flaky_detector.adapters.process.channel import Channel, LostError
from flaky_detector.adapters.process.descendants import MARK, end_marked, life_of, marks
from flaky_detector.adapters.process.group import Leader
from flaky_detector.adapters.process.spawning import prepared, started
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Invocation

MOST_COLLECTORS = 4
"""For a set of two: all of it, each without the other, the victim alone."""
PATIENCE_SECONDS = 2.0
REAP_SECONDS = 30.0

LOST = -9  # SIGKILL, which Windows has not


class ForkServer:
    """A pytest process that forks.

    A context manager: at the end the server is gone, and with it whatever it or its children left running.

    Args:
        invocation: how pytest is started; the files in it decide which conftests the server loads, and no more.
    """

    def __init__(self, invocation: Invocation) -> None:
        self._mark = uuid.uuid4().hex
        self._channels = [Channel() for _ in range(1 + MOST_COLLECTORS)]
        self._free = list(range(1, 1 + MOST_COLLECTORS))
        self.channel = self._channels[0]
        self.loaded: frozenset[str] = frozenset()
        env = invocation.env | {wire.FORK_SERVER: ";".join(channel.ends for channel in self._channels)}
        call = Invocation(
            argv=invocation.argv, env=env, cwd=invocation.cwd, bundle=invocation.bundle, deadline_seconds=invocation.deadline_seconds
        )
        try:
            theirs = tuple(number for channel in self._channels for number in channel.theirs)
            self._process: subprocess.Popen[bytes] = started(call, self._mark, theirs)
        except BaseException:
            self._close()
            raise
        finally:
            for channel in self._channels:
                channel.hand_over()

    @property
    def pid(self) -> int:
        """Its process's number."""
        return self._process.pid

    def why_not(self, deadline_seconds: float) -> str:
        """Waits until it has started; why it will not serve, empty where it will.

        `loaded` then holds the paths of modules in the project that are imported already: its children do not read them.
        """
        try:
            words = self.channel.hear(deadline_seconds)
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
        self.channel.tell(wish_of(invocation, mark) | {"args": list(files)})
        return Forked(self.channel, int(str(self.channel.hear()["pid"])), lambda: True)

    @property
    def has_room(self) -> bool:
        """Whether one more collector can be had."""
        return bool(self._free)

    def collector(self, files: Sequence[str], invocation: Invocation) -> "Collector":
        """A child that collects `files`, and waits; `has_room` must hold.

        Raises:
            LostError: there is no server any more.
            SuiteError: the bundle cannot be written.
        """
        number = self._free.pop()
        self.channel.tell(wish_of(invocation, self._mark) | {"args": list(files), "line": number})
        return Collector(self, number, self._channels[number], int(str(self.channel.hear()["pid"])), invocation)

    def end(self, collector: "Collector") -> None:
        """End one that nothing is asked of.

        Raises:
            LostError: there is no server any more.
        """
        self.channel.tell({"end": collector.pid})
        self.channel.hear(REAP_SECONDS)
        self._free.append(collector.number)

    def dismiss(self) -> None:
        """Nothing more is asked of it: it ends, by and by, and is waited for at this context's end."""
        for channel in self._channels:
            channel.fall_silent()

    def _close(self) -> None:
        for channel in self._channels:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.dismiss()
        with contextlib.suppress(LostError):  # at once when it has ended, where `wait` would look now and then
            self.channel.hear(PATIENCE_SECONDS)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._close()
        end_marked(self._mark)


class Collector:
    """A child of the server that has collected some files, and is forked for every order of their tests; the server ends it."""

    def __init__(self, server: ForkServer, number: int, channel: Channel, pid: int, invocation: Invocation) -> None:
        self.server = server
        self.number = number
        self.pid = pid
        self._channel = channel
        self._invocation = invocation

    def why_not(self, deadline_seconds: float) -> str:
        """Waits until it has collected; why it will not serve, empty where it will."""
        try:
            return str(self._channel.hear(deadline_seconds, self._lives)["declined"])
        except (LostError, KeyError):
            return "pytest did not come to the first test"

    def begin(self, invocation: Invocation, mark: str) -> Leader:
        """A fork that runs the order of the invocation, whose environment differs from the collector's by what is the trial's own.

        Raises:
            LostError: there is no collector any more.
            SuiteError: the bundle cannot be written.
        """
        ours = self._invocation.env
        names = ours.keys() | invocation.env.keys()
        own = {name: invocation.env.get(name) for name in names if invocation.env.get(name) != ours.get(name)}
        call = Invocation(argv=(), env=own, cwd="", bundle=invocation.bundle, order_json=invocation.order_json)
        self._channel.tell(wish_of(call, mark))
        return Forked(self._channel, int(str(self._channel.hear(lives=self._lives)["pid"])), self._lives)

    def _lives(self) -> bool:
        """Its end of the line is held by its server too, so that nobody hears it close."""
        return life_of(self.pid) is not None


def wish_of(invocation: Invocation, mark: str) -> dict[str, object]:
    """What a fork is told of an invocation, whose order is written for it.

    Raises:
        SuiteError: the bundle cannot be written.
    """
    log = prepared(invocation) / "console.log"
    env = {name: value for name, value in invocation.env.items() if name != "PYTHONHASHSEED"}
    return {"env": env | {MARK: marks(mark)}, "log": str(log)}


class Forked:
    """A fork, for `process.execute`: it has ended when who forked it says so, and its number is kept until it may be reaped."""

    def __init__(self, channel: Channel, pid: int, lives: Callable[[], bool]) -> None:
        self.pid = pid
        self.ended = threading.Event()
        self.is_lost = False
        self._channel = channel
        self._lives = lives

    def wait(self) -> None:
        """Until it has ended."""
        try:
            self._channel.hear(lives=self._lives)
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
            self._channel.tell({})
            return os.waitstatus_to_exitcode(int(str(self._channel.hear(REAP_SECONDS, self._lives)["status"])))
        except (LostError, KeyError):
            self.is_lost = True
            return LOST
