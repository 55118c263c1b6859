"""The folder in which a hunt works, and those that killed hunts left behind.

Owns their names, and who is alive: the lock of a folder is held by its hunt, and the system lets go of it however that ends. Must not
know what lies in them.
"""

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

with contextlib.suppress(ImportError):  # Windows has none, and no suite is run there
    import fcntl

PREFIX = "flaky-detector-scratch-"
LOCK = "lock"
OWED = "owed-"
YOUNG_SECONDS = 5.0
"""A folder without a lock that is younger may be one that is just being made."""


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A fresh folder in the temporary folder, gone at the end, unless something is owed: then it is an orphan for the next hunt."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (folder / LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        if not is_owing(folder):
            shutil.rmtree(folder, ignore_errors=True)


def owe(folder: Path) -> Path:
    """One more thing that is to be done before this folder may go; a folder for what is to be known of it."""
    return Path(tempfile.mkdtemp(prefix=OWED, dir=folder))


def is_owing(folder: Path) -> bool:
    """Whether there is such a thing."""
    return any(folder.glob(f"{OWED}*"))


def age_seconds(folder: Path) -> float:
    """Since its lock was made."""
    with contextlib.suppress(OSError):
        return time.time() - (folder / LOCK).stat().st_mtime
    return float("inf")


def orphans() -> Iterator[Path]:
    """Folders of this user whose hunts are dead; each is held while the caller deals with it."""
    for folder in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(OSError):
                if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                    continue
                if _is_held(stack.enter_context((folder / LOCK).open("rb"))):
                    continue
                yield folder
                continue
            with contextlib.suppress(OSError):
                if not (folder / LOCK).exists() and folder.stat().st_mtime < time.time() - YOUNG_SECONDS:
                    yield folder


def _is_held(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    return False


def end_processes_of(folder: Path) -> int:
    """Kill what still works in the folder, told by its environment (Linux); how many there were."""
    needle, count = os.fsencode(folder) + b"/", 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and needle in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
                count += 1
    return count
