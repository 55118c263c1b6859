"""Copying a tree, an entry at a time.

Owns what a faithful copy is: contents, modes, times, links. Must not decide what belongs into it: that is `survey`.
"""

# ruff: noqa: PTH101, PTH102, PTH117, PTH118, PTH120, PTH211 -- paths are text here: a Path of each costs as much as copying a small file

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

from flaky_detector.adapters.workspace.survey import Entry, Survey
from flaky_detector.errors import FULL_DISK, NoSpaceError
from flaky_detector.model import Gap

with contextlib.suppress(ImportError):  # Windows has none, and no suite is run there
    import fcntl

FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file until one of the two is written to
CHUNK = 1 << 20


def copy_tree(found: Survey, source: Path, target: Path, *, shares_git: bool) -> tuple[Gap, ...]:
    """Copy what the survey found from `source` (the surveyed tree or a copy of it) to `target`, which must not exist.

    Folders get their modes and times last, deepest first: filling them changes both. Links are made when all they can point to is there.
    With `shares_git` git's objects, which are never written to, are hard links.
    """
    gaps: list[Gap] = []
    filler = Filler()
    target.mkdir(parents=True)
    for entry in found.entries:
        from_path, to_path = f"{source}/{entry.path}", f"{target}/{entry.path}"
        try:
            if entry.is_folder:
                os.mkdir(to_path, 0o700)
            elif not entry.is_link and not (shares_git and "/.git/objects/" in to_path and share(from_path, to_path)):
                copy_file(from_path, to_path, entry, filler)
        except OSError as error:
            if error.errno in FULL_DISK:
                raise NoSpaceError(f"no space left for a copy of {source} in {target.parent}", "free some space, or set TMPDIR") from None
            if error.errno != errno.ENOENT:  # what vanished meanwhile is no longer there to be copied
                gaps.append(Gap("workspace", f"{entry.path} was not copied: {error.strerror}"))
    for entry in found.entries:
        if entry.is_link:
            make_link(found, target, entry)
    for entry in reversed(found.entries):
        if entry.is_folder:
            with contextlib.suppress(OSError):
                dress(f"{target}/{entry.path}", entry)
    return tuple(gaps)


def dress(path: str | int, entry: Entry) -> None:
    """Give a file or a folder the mode and the time of the original."""
    os.chmod(path, stat.S_IMODE(entry.mode))
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def share(source: str, target: str) -> bool:
    """Link instead of copying; False where that cannot be."""
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


class Filler:
    """Fills a file from another: shares its blocks where the file system can, else reads and writes."""

    def __init__(self) -> None:
        self.clones = sys.platform == "linux"

    def fill(self, source: int, target: int) -> None:
        if self.clones:
            try:
                fcntl.ioctl(target, FICLONE, source)
            except OSError:
                self.clones = False
            else:
                return
        while chunk := os.read(source, CHUNK):
            view = memoryview(chunk)
            while view:
                view = view[os.write(target, view) :]


def copy_file(source: str, target: str, entry: Entry, filler: Filler) -> None:
    """A file with its content, mode and time; `target` must not exist."""
    reading = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if entry.size:
                filler.fill(reading, writing)
            dress(writing, entry)
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def make_link(found: Survey, target: Path, entry: Entry) -> None:
    """A link of the surveyed tree, made to fit the copy at `target`."""
    path = f"{target}/{entry.path}"
    with contextlib.suppress(OSError):
        os.symlink(_pointing(found, target, entry), path)
        os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False)


def _pointing(found: Survey, target: Path, entry: Entry) -> str:
    """What a link must say in the copy.

    A relative link to something in the copy stays; an absolute one into the original is pointed into the copy, or tests would write to the
    user's own files; whatever is not in the copy (outside the tree, or left out) is called by its absolute path.
    """
    meant = os.path.normpath(os.path.join(os.path.dirname(f"{found.tree}/{entry.path}"), entry.link))
    inside = _inside(meant, found.tree) or _inside(os.path.realpath(meant), found.tree)
    if not inside or (not os.path.lexists(f"{target}/{inside}") and _is_left_out(found, inside)):
        return meant
    return f"{target}/{inside}" if os.path.isabs(entry.link) else entry.link


def _is_left_out(found: Survey, path: str) -> bool:
    return any(f"{path}/".startswith(f"{left_out}/") for left_out in found.left_out)


def _inside(path: str, tree: Path) -> str:
    """The path relative to the tree; empty where it is outside."""
    if path == str(tree):
        return "."
    return path[len(f"{tree}/") :] if path.startswith(f"{tree}/") else ""
