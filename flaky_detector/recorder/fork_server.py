"""A fork server: pytest started and configured once, and a child of it for every trial. PYTEST_DONT_REWRITE

Owns the moments at which a process waits to be forked, and the question whether it can be forked at all. `serving` has the loop.

    the server      has started and loaded its plugins and conftests; its session has not begun
      a child       begins the session, collects the files that it is asked for, runs and ends, as any pytest
      a collector   begins the session and collects files that several trials will ask for, and waits
        a fork      puts what was collected into an order, runs and ends

So nothing is shared between trials but what the start-up made (the interpreter, plugins, and the conftests that pytest loads first) and,
from one collector, what its files did when they were imported.

The variable `wire.FORK_SERVER` holds the descriptors of as many lines to the house as there may be processes that wait: first the server's.
Each one's first word is {"declined": "why", "loaded": ["path"]}, the reason empty where it will serve, the paths those of the project's
modules that it has imported by then, which a fork would not read again.

Why a process is declined: what would be shared, and is not as it was once the first child has used it (connections, files open below the
tree or the temporary folder), what a child does not get (threads, children of its own), and chance that would be drawn once for
all (`random` after somebody has used or seeded it).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import random
import sys
from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder.collected import NAME, go_on
from flaky_detector.recorder.forking import unfit_to_fork
from flaky_detector.recorder.preloading import preload
from flaky_detector.recorder.serving import Line, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

UNTOUCHED = random.getstate()
"""As it was when this plugin was imported, which is before conftests are."""


class ForkServer:
    """Serves before any other plugin sees the session begin; in a collector also before any sees a test."""

    def __init__(self, config: pytest.Config, ends: str) -> None:
        self._config = config
        self._session: pytest.Session | None = None
        self._own: Line | None = None
        self._random: object = None
        atexit.register(self._leave)
        self._lines = [Line(pair) for pair in ends.split(";")]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Returns in each child, and never in the server."""
        self._offer(self._lines[0], next(_obstacles(self._config), ""))
        preload(session)
        _freeze()
        wish = serve(self._lines[0])
        self._session = session
        self._own = self._lines[wish["line"]] if "line" in wish else None
        for line in self._lines:
            if line is not self._own:
                line.close()
        self._become(wish)
        os.chdir(str(self._config.invocation_params.dir))
        self._config.args = list(wish["args"])
        self._config.option.file_or_dir = list(wish["args"])

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """None leaves it to pytest."""
        self._random = random.getstate()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """The same once more in a collector: returns in each fork, in which pytest's own loop follows."""
        if self._own is None:
            return
        self._offer(self._own, next(self._obstacles_of_collector(session), ""))
        _freeze()
        wish = serve(self._own)
        self._own.close()
        self._own = None
        self._become(wish)
        go_on(session)

    def _offer(self, line: Line, why: str) -> None:
        line.say({"declined": why, "loaded": _loaded(str(self._config.rootpath))})
        if why:
            os._exit(0)

    def _obstacles_of_collector(self, session: pytest.Session) -> Iterator[str]:
        if not self._config.pluginmanager.has_plugin(NAME):
            yield "the recorder did not start"
        if session.testsfailed or session.shouldstop or session.shouldfail:
            yield "not everything could be collected"
        yield from (why + " once its files are collected" for why in unfit_to_fork(self._config))
        if random.getstate() != self._random:
            yield "the module random was used or seeded while its files were collected"

    def _leave(self) -> None:
        """In a child, after all that was registered later: taking the interpreter apart, object by object, takes longer than a trial."""
        if self._session is not None:
            if self._own is not None:
                self._own.say({"declined": "pytest ended before it ran a test"})
            logging.shutdown()
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            os._exit(int(self._session.exitstatus))

    def _become(self, wish: dict[str, Any]) -> None:
        """In the child: what a process of its own would have been started with."""
        os.setsid()
        _redirect(wish["log"])
        for name, value in wish["env"].items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _forget_captured(self._config)
        _reseed_numpy()
        _stir_addresses()


def _freeze() -> None:
    """Or else every child would look through, and thereby copy, all that is there by now."""
    gc.collect()
    gc.freeze()


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
