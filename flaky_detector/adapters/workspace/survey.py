"""What a tree holds, and which of it belongs into a copy.

Owns the choice of the tree (the whole repository where that is sensible) and of what is left out of it. Must not write anything.

Left out are environments and caches that a run makes anew, whatever is neither file, folder nor link, and what is too large to be copied
for every run. The user's ignored files do belong (`.env`, built files), as far as they are not huge.
"""

import os
import stat
import subprocess
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from flaky_detector.model import Gap

LEFT_OUT_NAMES = frozenset(("node_modules", "__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".tox", ".nox"))
ENVIRONMENT_FILES = ("pyvenv.cfg", "conda-meta")

MAX_ENTRIES = 200_000
MAX_BYTES = 4 << 30
"""A repository beyond these is not copied as a whole, only the project inside it."""
MAX_IGNORED_BYTES = 200 << 20
"""For each ignored file or folder."""
MAX_ALL_IGNORED_BYTES = 1 << 30
MAX_GIT_BYTES = 200 << 20


class Entry(NamedTuple):
    """One thing in a tree; `path` is relative to it, `link` what a symbolic link says."""

    path: str
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    link: str = ""

    @property
    def is_folder(self) -> bool:
        """A folder, not a link to one."""
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        """A symbolic link."""
        return stat.S_ISLNK(self.mode)


class Survey(NamedTuple):
    """The entries that belong, folders before what they hold; the paths that were left out; what is missed by that."""

    tree: Path
    entries: tuple[Entry, ...]
    left_out: frozenset[str]
    gaps: tuple[Gap, ...]


class TooLarge(Exception):  # noqa: N818 -- an answer, not an error
    """The tree is beyond the bounds."""


def survey(rootdir: Path, exclude: Sequence[Path] = ()) -> Survey:
    """The repository around `rootdir`, or `rootdir` alone where there is none, it is huge, or it ignores the rootdir."""
    rootdir = rootdir.resolve()
    top = repository(rootdir)
    gaps: tuple[Gap, ...] = ()
    if top is not None and top != rootdir:
        try:
            found = look_at(top, exclude, max_entries=MAX_ENTRIES, max_bytes=MAX_BYTES)
        except TooLarge:
            gaps = (Gap("workspace", f"the repository {top} is too large to be copied for every run: only {rootdir} was copied"),)
        else:
            inside = rootdir.relative_to(top).as_posix()
            if any(entry.path == inside for entry in found.entries):
                return found
    found = look_at(rootdir, exclude)
    return found._replace(gaps=gaps + found.gaps)


def repository(rootdir: Path) -> Path | None:
    """The folder around `rootdir` that holds a `.git`; a home folder or the root does not count."""
    for folder in (rootdir, *rootdir.parents):
        if os.path.lexists(folder / ".git"):
            return None if folder in (Path.home(), Path(folder.anchor)) else folder
    return None


def look_at(
    tree: Path, exclude: Sequence[Path] = (), *, asks_git: bool = True, max_entries: int | None = None, max_bytes: int | None = None
) -> Survey:
    """Everything in `tree` that belongs; without `asks_git` what git ignores belongs however large.

    Raises:
        TooLarge: beyond the bounds, where given.
    """
    walk = _Walk(tree, {path.resolve() for path in exclude}, ignored_by_git(tree) if asks_git else ())
    entries: list[Entry] = []
    size = 0
    for entry in walk:
        entries.append(entry)
        size += entry.size
        if (max_entries and len(entries) > max_entries) or (max_bytes and size > max_bytes):
            raise TooLarge
    return Survey(tree, tuple(entries), frozenset(walk.left_out), tuple(walk.gaps))


def ignored_by_git(tree: Path) -> frozenset[str]:
    """Paths, relative to the tree, that git ignores; whole folders as one. Empty where git cannot tell."""
    command = (
        "git",
        "-c",
        "safe.directory=*",
        "-C",
        str(tree),
        "ls-files",
        "--others",
        "--ignored",
        "--exclude-standard",
        "--directory",
        "-z",
    )
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"GIT_OPTIONAL_LOCKS": "0"}
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True, env=env)
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(os.fsdecode(path).rstrip("/") for path in answer.stdout.split(b"\0") if path)


class _Walk:
    """Goes through a tree and decides entry by entry."""

    def __init__(self, tree: Path, exclude: Collection[Path], ignored: Collection[str]) -> None:
        self.tree = tree
        self.exclude = {os.path.relpath(path, tree) for path in exclude}
        self.ignored = ignored
        self.ignored_bytes = 0
        self.left_out: set[str] = set()
        self.gaps: list[Gap] = []

    def __iter__(self) -> Iterator[Entry]:
        folders = [""]
        while folders:
            folder = folders.pop()
            for found in self._in(folder):
                path = f"{folder}/{found.name}" if folder else found.name
                entry = self._entry(path, found)
                if entry is None:
                    self.left_out.add(path)
                    continue
                yield entry
                if entry.is_folder:
                    folders.append(path)

    def _in(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.tree / folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._miss(folder or ".", f"could not be read: {error.strerror}")
            return []

    def _entry(self, path: str, found: os.DirEntry[str]) -> Entry | None:
        try:
            info = found.stat(follow_symlinks=False)
            link = os.readlink(found.path) if found.is_symlink() else ""  # noqa: PTH115 -- the text as it is, not normalised
        except OSError:
            return None
        is_folder = stat.S_ISDIR(info.st_mode)
        if not (is_folder or stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode)):
            return None
        if path in self.exclude or (is_folder and (found.name in LEFT_OUT_NAMES or _is_environment(found.path))):
            return None
        if found.name == ".git" and not self._keeps_git(path, found.path, is_folder=is_folder):
            return None
        if path in self.ignored and not self._keeps_ignored(path, found.path):
            return None
        return Entry(path, info.st_mode, 0 if is_folder else info.st_size, info.st_mtime_ns, info.st_ctime_ns, link)

    def _keeps_git(self, path: str, full: str, *, is_folder: bool) -> bool:
        if not is_folder:
            if path == ".git" or _points_away(full):
                self._miss(path, "is a link to a repository elsewhere and was not copied: the copy is not a git checkout")
                return False
        elif size_of(full, MAX_GIT_BYTES) > MAX_GIT_BYTES:
            self._miss(path, f"is larger than {MAX_GIT_BYTES >> 20} MB and was not copied: the copy is not a git checkout")
            return False
        return True

    def _keeps_ignored(self, path: str, full: str) -> bool:
        size = size_of(full, MAX_IGNORED_BYTES)
        if size > MAX_IGNORED_BYTES or self.ignored_bytes + size > MAX_ALL_IGNORED_BYTES:
            self._miss(path, f"is ignored by git, large ({size >> 20} MB or more) and was not copied")
            return False
        self.ignored_bytes += size
        return True

    def _miss(self, path: str, text: str) -> None:
        self.gaps.append(Gap("workspace", f"{path} {text}"))


def _is_environment(folder: str) -> bool:
    return any(os.path.lexists(f"{folder}/{name}") for name in ENVIRONMENT_FILES)


def _points_away(git_file: str) -> bool:
    """Whether a `.git` file names its repository by an absolute path."""
    try:
        text = Path(git_file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return text.removeprefix("gitdir:").strip().startswith("/")


def size_of(path: str, enough: int) -> int:
    """Bytes of a file or of all files below a folder; stops counting beyond `enough`. Links are not followed."""
    if not Path(path).is_dir() or Path(path).is_symlink():
        return os.lstat(path).st_size
    size = 0
    folders = [path]
    while folders and size <= enough:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        size += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return size
