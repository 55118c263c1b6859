"""Private copies of a tree.

Owns what a faithful copy is: contents, modes, times, links. Must not decide what belongs into it: that is `survey`.
"""

# ruff: noqa: PTH101, PTH102, PTH117, PTH118, PTH120, PTH211 -- paths are text here: a Path of each costs as much as copying a small file

import contextlib
import errno
import fcntl
import os
import stat
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from flaky_detector.adapters.workspace.bytecode import Bytecode
from flaky_detector.adapters.workspace.removal import remove
from flaky_detector.adapters.workspace.survey import Entry, Survey, survey
from flaky_detector.errors import SuiteError
from flaky_detector.model import Gap

FICLONE = 0x40049409  # linux/fs.h: share the blocks of another file until one of the two is written to
CHUNK = 1 << 20


class Copy(NamedTuple):
    """Where a run happens. `tree` is the copied tree and `rootdir` the project's folder in it; the originals are the user's own."""

    rootdir: Path
    tree: Path
    original_rootdir: Path
    original_tree: Path
    gaps: tuple[Gap, ...] = ()


class Template:
    """A tree as it was at one moment, from which any number of copies can be made; the user's later edits do not matter.

    A context manager; its folder is removed at the end.
    """

    def __init__(self, found: Survey, rootdir: Path, folder: Path) -> None:
        self.found = found
        self.original_rootdir = rootdir.resolve()
        self.gaps = found.gaps
        self.folder = folder
        self.tree = folder / found.tree.name
        self.bytecode = Bytecode(found)

    @classmethod
    def of(cls, rootdir: Path, folder: Path, exclude: Sequence[Path] = ()) -> "Template":
        """Copy the tree around `rootdir` to a fresh folder under `folder`; `folder` and `exclude` are left out of it.

        Raises:
            SuiteError: the copy cannot be written.
        """
        found = survey(rootdir, (*exclude, folder))
        template = cls(found, rootdir, _fresh(folder, "template-"))
        try:
            template.gaps += copy_tree(found, found.tree, template.tree, shares_git=False)
            template.bytecode.hand_on(found.tree, template.tree)
        except BaseException:
            remove(template.folder)
            raise
        return template

    @contextlib.contextmanager
    def copy(self, folder: Path) -> Iterator[Copy]:
        """A fresh copy under `folder`, removed at the end; later copies have the modules that were compiled in it."""
        place = _fresh(folder, "copy-")
        try:
            tree = place / self.tree.name
            copy_tree(self.found, self.tree, tree, shares_git=True)
            self.bytecode.hand_on(self.tree, tree, os.link)
            inside = self.original_rootdir.relative_to(self.found.tree)
            yield Copy(tree / inside, tree, self.original_rootdir, self.found.tree, self.gaps)
            self.bytecode.hand_on(tree, self.tree, os.link)
        finally:
            remove(place)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        remove(self.folder)


@contextlib.contextmanager
def private_copy(rootdir: Path, folder: Path, exclude: Sequence[Path] = ()) -> Iterator[Copy]:
    """A copy of the tree around `rootdir` in a fresh folder under `folder`, removed at the end."""
    with Template.of(rootdir, folder, exclude) as template:
        inside = template.original_rootdir.relative_to(template.found.tree)
        yield Copy(template.tree / inside, template.tree, template.original_rootdir, template.found.tree, template.gaps)


def _fresh(folder: Path, prefix: str) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=folder.resolve()))
    except OSError as error:
        raise SuiteError(f"cannot write to {folder}: {error.strerror}", "give a writable folder with enough space") from None


def copy_tree(found: Survey, source: Path, target: Path, *, shares_git: bool) -> tuple[Gap, ...]:
    """Copy what the survey found from `source` (the surveyed tree or a copy of it) to `target`, which must not exist.

    Folders get their modes and times last, deepest first: filling them changes both. Links are made when all they can point to is there.
    With `shares_git` git's objects, which are never written to, are hard links.
    """
    gaps: list[Gap] = []
    filler = _Filler()
    target.mkdir(parents=True)
    for entry in found.entries:
        from_path, to_path = f"{source}/{entry.path}", f"{target}/{entry.path}"
        try:
            if entry.is_folder:
                os.mkdir(to_path, 0o700)
            elif not entry.is_link and not (shares_git and "/.git/objects/" in to_path and _shared(from_path, to_path)):
                _copy_file(from_path, to_path, entry, filler)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise SuiteError(f"no space left for a copy of {source} in {target.parent}", "free some space, or set TMPDIR") from None
            if error.errno != errno.ENOENT:  # what vanished meanwhile is no longer there to be copied
                gaps.append(Gap("workspace", f"{entry.path} was not copied: {error.strerror}"))
    for entry in found.entries:
        if entry.is_link:
            _make_link(found, target, entry)
    for entry in reversed(found.entries):
        if entry.is_folder:
            with contextlib.suppress(OSError):
                dress(f"{target}/{entry.path}", entry)
    return tuple(gaps)


def dress(path: str | int, entry: Entry) -> None:
    """Give a file or a folder the mode and the time of the original."""
    os.chmod(path, stat.S_IMODE(entry.mode))
    os.utime(path, ns=(entry.mtime_ns, entry.mtime_ns))


def _shared(source: str, target: str) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False
    return True


class _Filler:
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


def _copy_file(source: str, target: str, entry: Entry, filler: _Filler) -> None:
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


def _make_link(found: Survey, target: Path, entry: Entry) -> None:
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
