"""Starting a process of its own for an invocation.

Owns the bundle's folder with order and console.log, and the environment that a process is given.
"""

import contextlib
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from flaky_detector.adapters.process.descendants import MARK, marks
from flaky_detector.adapters.process.group import Leader
from flaky_detector.errors import FULL_DISK, FlakyDetectorError, NoSpaceError, SuiteError
from flaky_detector.stages.run import Invocation

Begin = Callable[[Invocation, str], Leader]
"""Starts what the invocation says; the mark is to be in its environment, under `MARK`."""


def prepared(invocation: Invocation) -> Path:
    """The bundle's folder, with the order in it.

    Raises:
        SuiteError: it cannot be written.
        NoSpaceError: the disk is full.
    """
    bundle = Path(invocation.bundle)
    try:
        bundle.mkdir(parents=True, exist_ok=True)
        if invocation.order_json:
            (bundle / "order.json").write_text(invocation.order_json, encoding="utf-8")
    except OSError as error:
        raise _unwritable(bundle, error) from None
    return bundle


def _unwritable(bundle: Path, error: OSError) -> FlakyDetectorError:
    kind = NoSpaceError if error.errno in FULL_DISK else SuiteError
    return kind(f"cannot write to the bundle {bundle}: {error.strerror}", "give a writable folder to --output")


def spawn(invocation: Invocation, mark: str) -> Leader:
    return Spawned(started(invocation, mark))


def started(invocation: Invocation, mark: str, pass_fds: Sequence[int] = (), stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    """The invocation as a process of its own, the leader of a new session.

    Raises:
        SuiteError: the bundle cannot be written, or the interpreter cannot be started.
    """
    bundle = prepared(invocation)
    try:
        console = (bundle / "console.log").open("wb")
    except OSError as error:
        raise _unwritable(bundle, error) from None
    with console:
        try:
            return subprocess.Popen(
                invocation.argv,
                cwd=invocation.cwd,
                env=_environment(invocation.env, mark),
                stdin=stdin,
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
