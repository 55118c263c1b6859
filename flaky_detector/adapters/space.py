"""Room on the disks that a hunt writes to: whether there is some, and a reserve of it for the report.

Owns what counts as full, and the one error that says so. Must not know what is written.

A disk that is full for a moment only (a test fills it, and tidies up) is no reason to end a hunt, but what failed meanwhile tells nothing:
so a run is watched from its start to its end (`Watch`), and what is to be run next is refused only while there is still no room.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from flaky_detector.errors import FULL_DISK, NoSpaceError

LEAST_BYTES = 1 << 20
RESERVED_BYTES = 1 << 20
"""What findings.json, the comment and the page take, several times over."""
PATIENCE_SECONDS = 5.0
LOOK_SECONDS = 0.2
RESERVE = ".flaky-detector-reserve"
HINT = "free some space there, or give other folders to --output and to the variable TMPDIR"


def full_one(*folders: Path) -> Path | None:
    """The first of these folders (or the nearest that is there) on whose disk there is next to no room."""
    return next((folder for folder in folders if _has_no_room(folder)), None)


def _has_no_room(folder: Path) -> bool:
    there = next((path for path in (folder, *folder.parents) if path.exists()), None)
    if there is None or not hasattr(os, "statvfs"):
        return False
    found = os.statvfs(there)
    return found.f_bavail * found.f_frsize < LEAST_BYTES


def disk_of(folder: Path) -> Path:
    """Where the file system is mounted on which it lies."""
    return next(path for path in (folder, *folder.parents) if path.is_mount() or path == path.parent)


def no_space(folder: Path) -> NoSpaceError:
    """To be raised."""
    return NoSpaceError(f"no space is left on the disk at {disk_of(folder.absolute())}", HINT)


def await_room(*folders: Path) -> None:
    """Returns once there is room in all of them, for it may lack for a moment only.

    Raises:
        NoSpaceError: there was none for `PATIENCE_SECONDS`.
    """
    latest = time.monotonic() + PATIENCE_SECONDS
    while (full := full_one(*folders)) is not None:
        if time.monotonic() > latest:
            raise no_space(full)
        time.sleep(LOOK_SECONDS)


@contextlib.contextmanager
def full_disks_told(folder: Path) -> Iterator[None]:
    """A refusal of the system to write, in this folder unless it names another, becomes ours, with a hint."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        raise no_space(Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else folder) from None


class Watch:
    """Looks, while a run is under way, whether there is room in its folders.

    Raises:
        NoSpaceError: there is none to begin with.
    """

    def __init__(self, *folders: Path) -> None:
        self._folders = folders
        self.full: Path | None = None
        await_room(*folders)

    def look(self) -> None:
        """Once more."""
        self.full = self.full or full_one(*self._folders)

    def ticking(self, tick: Callable[[float], None] | None) -> Callable[[float], None]:
        """The same tick, which looks too."""

        def both(seconds: float) -> None:
            self.look()
            if tick is not None:
                tick(seconds)

        return both


@contextlib.contextmanager
def reserve(folder: Path) -> Iterator[None]:
    """Keep room in a folder until the end, for what is to be written there then; where there is none to be had, none is kept."""
    path = folder / RESERVE
    with contextlib.suppress(OSError), path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, RESERVED_BYTES)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
