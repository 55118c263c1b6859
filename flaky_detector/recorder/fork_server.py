"""A fork server: pytest started and configured once, and a child of it for every trial. PYTEST_DONT_REWRITE

Owns the loop between configuration and the session's start, and the question whether this process can be forked at all. What a child does
from there on is pytest's usual way: it starts the session, collects the files that it is asked for, runs and ends. So nothing is shared
between trials but what the start-up made: the interpreter, plugins, and the conftests that pytest loads first.

    house ── {"args", "env", "log"} ──►  fork ── {"pid"} ──►  … the child runs …  ── {"ended"} ──►  house
    house ── {} (may be reaped) ─────►  waitpid ── {"status"} ──►

One line of JSON each, over two pipes whose numbers are in the variable `wire.FORK_SERVER`. The first word is the server's: {"declined":
"why", "loaded": ["path"]}, the reason empty where it will serve, the paths those of the project's modules that it has imported by then,
which a child would not read again. It ends when the house closes its pipe, or dies.

Why a process is declined: what would be shared, and is not as it was once the first child has used it (connections, files open below the
tree or the temporary folder), what a child does not get (threads, children of its own), and chance that would be drawn once for
all (`random` after somebody has used or seeded it).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import logging
import os
import random
import sys
from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder.forking import unfit_to_fork
from flaky_detector.recorder.preloading import preload

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTOUCHED = random.getstate()
"""As it was when this plugin was imported, which is before conftests are."""


class ForkServer:
    """Serves before any other plugin sees the session begin."""

    def __init__(self, config: pytest.Config, ends: str) -> None:
        self._config = config
        self._session: pytest.Session | None = None
        atexit.register(self._leave)
        hears, speaks = ends.split(",")
        self._reader = os.fdopen(int(hears), encoding="utf-8")
        self._writer = os.fdopen(int(speaks), "w", encoding="utf-8")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Returns in each child, and never in the server."""
        why = self._why_not()
        self._say({"declined": why, "loaded": _loaded(str(session.config.rootpath))})
        if why:
            os._exit(0)
        preload(session)
        gc.collect()
        gc.freeze()  # or else every child would look through, and thereby copy, all that is there by now
        while True:
            line = self._reader.readline()
            if not line:
                os._exit(0)
            wish = json.loads(line)
            sys.stdout.flush()
            sys.stderr.flush()
            pid = os.fork()
            if not pid:
                self._session = session
                self._become(wish)
                return
            self._see_to_its_end(pid)

    def _see_to_its_end(self, pid: int) -> None:
        """A child is reaped only when the house is done with its process group, so that its number cannot pass to a stranger meanwhile."""
        self._say({"pid": pid})
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self._say({"ended": True})
        if not self._reader.readline():
            os._exit(0)
        self._say({"status": os.waitpid(pid, 0)[1]})

    def _leave(self) -> None:
        """In a child, after all that was registered later: taking the interpreter apart, object by object, takes longer than a trial."""
        if self._session is not None:
            logging.shutdown()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            os._exit(int(self._session.exitstatus))

    def _say(self, words: dict[str, Any]) -> None:
        try:
            self._writer.write(json.dumps(words) + "\n")
            self._writer.flush()
        except OSError:
            os._exit(0)

    def _become(self, wish: dict[str, Any]) -> None:
        """In the child: what a process of its own would have been started with."""
        os.setsid()
        self._reader.close()
        self._writer.close()
        _redirect(wish["log"])
        for name, value in wish["env"].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        os.chdir(str(self._config.invocation_params.dir))
        self._config.args = list(wish["args"])
        self._config.option.file_or_dir = list(wish["args"])
        _forget_captured(self._config)
        _reseed_numpy()
        _stir_addresses()

    def _why_not(self) -> str:
        return next(_obstacles(self._config), "")


def _obstacles(config: pytest.Config) -> Iterator[str]:
    if not sys.platform.startswith("linux"):
        yield "forking is only safe on Linux"
        return
    if not getattr(sys, "_is_gil_enabled", lambda: True)():
        yield "this Python is free-threaded"
    yield from (why + " before the first test is collected" for why in unfit_to_fork(config))
    if random.getstate() != UNTOUCHED:
        yield "the module random was used or seeded before the first test is collected"
    if getattr(config.option, "session_timeout", None):
        yield "pytest-timeout counts the session's time from here"
    if hasattr(config, "workerinput"):
        yield "this is an xdist worker"


def _loaded(rootdir: str) -> list[str]:
    files = [str(getattr(module, "__file__", None) or "") for module in list(sys.modules.values())]
    return [file for file in files if file.startswith(rootdir + os.sep)]


def _redirect(log: str) -> None:
    """Every descriptor of the server's output, those that pytest keeps aside too, becomes one of the trial's."""
    output = {_identity(number) for number in (1, 2)}
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number != target and _identity(number) in output:
            os.dup2(target, number, inheritable=number in (1, 2))
    os.close(target)


def _identity(number: int) -> tuple[int, int]:
    try:
        stat = os.fstat(number)
    except OSError:
        return (-1, number)
    return (stat.st_dev, stat.st_ino)


def _forget_captured(config: pytest.Config) -> None:
    """What an earlier child wrote and did not read, being killed: the file behind it is shared."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None and capture.is_globally_capturing():
        capture.read_global_capture()


def _reseed_numpy() -> None:
    """As Python's own `random`, which is seeded anew in every child; not where somebody has seeded it, for then it has no seed sequence.

    https://numpy.org/doc/stable/reference/random/bit_generators/generated/numpy.random.BitGenerator.html
    """
    numpy_random = sys.modules.get("numpy.random")
    try:
        generator = numpy_random.mtrand._rand._bit_generator  # type: ignore[union-attr]
        if generator._seed_seq is not None:
            numpy_random.seed()  # type: ignore[union-attr]
    except AttributeError:
        pass


HELD: list[bytearray] = []


def _stir_addresses() -> None:
    """What is made from here on lies elsewhere than in the forks before: sets of objects are ordered by addresses.

    Blocks of all sizes that Python's own allocator serves are taken, and some of them given back, so that there are holes.
    """
    drawn = os.urandom(4096)
    count = 256 + 8 * drawn[0]
    taken = [bytearray(size << 1) for size in drawn[1:count]]
    HELD.extend(block for block, keep in zip(taken, drawn[:0:-1]) if keep < 192)
