"""Whether a process can be forked without its forks meeting one another: what they would share, and what they would not get.

Owns that question, for a process that runs no test at the moment. Must not fork.
"""

from __future__ import annotations

import os
import tempfile
import threading
from typing import TYPE_CHECKING

from flaky_detector.recorder import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


def unfit_to_fork(config: pytest.Config) -> Iterator[str]:
    """Why not, a reason each: threads, child processes, connections, event loops, files open below the tree or the temporary folder."""
    threads = [thread.name for thread in threading.enumerate()[1:] if not _is_of_rerunfailures(thread)]
    if threads or len(os.listdir("/proc/self/task")) > threading.active_count():
        yield "threads are running (%s)" % (", ".join(threads) or "not Python's own")
    if _has_children():
        yield "child processes are running"
    yield from _open_things(config)


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _open_things(config: pytest.Config) -> Iterator[str]:
    """Connections, and files below the tree or the temporary folder; pytest's own captured output has no name any more."""
    places = (str(config.rootpath), os.environ.get(wire.COPY) or str(config.rootpath), tempfile.gettempdir())
    homes = tuple(os.path.realpath(place) + os.sep for place in places)
    own = {os.readlink("/proc/self/fd/%d" % number) for number in (1, 2)}
    record = os.path.realpath(os.environ.get(wire.RECORD) or os.devnull) + os.sep
    harmless = _fd_of_rerunfailures(config)
    for name in set(os.listdir("/proc/self/fd")) - {harmless}:
        try:
            target = os.readlink("/proc/self/fd/" + name)
        except OSError:
            continue
        if target.startswith("socket:"):
            yield "a connection is open"
        if "[event" in target:
            yield "an event loop is open"
        if target.startswith(homes) and not target.endswith(" (deleted)") and not target.startswith(record) and target not in own:
            yield "%s is open" % target


def _is_of_rerunfailures(thread: threading.Thread) -> bool:
    """pytest-rerunfailures listens for xdist's workers, whether there will be any or not; nobody calls it in a trial.

    https://github.com/pytest-dev/pytest-rerunfailures (`ServerStatusDB`)
    """
    target = getattr(thread, "_target", None)
    return str(getattr(target, "__module__", "")) == "pytest_rerunfailures"


def _fd_of_rerunfailures(config: pytest.Config) -> str:
    try:
        return str(config.failures_db.sock.fileno())  # type: ignore[attr-defined]
    except (AttributeError, OSError):
        return ""
