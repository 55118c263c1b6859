"""The source tree: which paths count, what a file's content is called, and what stands in the tree as a whole.

Owns what is ignored and the bounds of hashing and scanning. Must not write.

Bounds: a file up to `MAX_HASHED_BYTES` is told by its content, a larger one by size and time of change. A scan gives up, once and for
all, beyond `MAX_ENTRIES` files, and no further scan is made once scans have taken `SCAN_SHARE` of the time since the first test and
more than `SCAN_SECONDS`.
"""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from typing import TYPE_CHECKING, Dict, Tuple

from flaky_detector.recorder.shared import Shared
from flaky_detector.recorder.world import World, digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_HASHED_BYTES = 1 << 20
MAX_ENTRIES = 20000
SCAN_SHARE = 0.03
SCAN_SECONDS = 1.0

IGNORED_FOLDERS = frozenset(
    [
        "__pycache__",
        ".benchmarks",
        ".cache",
        ".eggs",
        ".flaky-detector",
        ".git",
        ".hg",
        ".hypothesis",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        ".tox",
        ".venv",
        "node_modules",
        "site-packages",
    ]
)
IGNORED_PREFIXES = (".coverage",)
IGNORED_SUFFIXES = (".pyc", ".pyo")

Index = Dict[str, Tuple[int, int, int]]
"""Relative path → mode, size, time of change in nanoseconds."""


class Tree:
    """Everything below the rootdir that is not a cache, an environment, a temporary folder or our own record.

    `homes` are further folders that hold the project's sources: the private copy of which the rootdir may be a part, the original.
    """

    def __init__(self, rootdir: str, excluded: Sequence[str] = ()) -> None:
        self.root = World.realpath(rootdir)
        self._roots = tuple(dict.fromkeys((rootdir.rstrip(os.sep) + os.sep, self.root + os.sep)))
        outside = [World.realpath(path) for path in (*excluded, tempfile.gettempdir(), sys.prefix) if path]
        self._excluded = tuple(path + os.sep for path in outside if path.startswith(self.root + os.sep))
        self.shared = Shared(self.root, excluded)
        self.excluded = tuple(path for path in excluded if path)
        self.homes: tuple[str, ...] = ()
        self._started = World.ticks()
        self._scanning_seconds = 0.0
        self.too_large = False

    def key(self, path: str) -> str:
        """The path relative to the rootdir, with forward slashes; empty where it does not count."""
        for root in self._roots:
            if path.startswith(root):
                relative = path[len(root) :]
                break
        else:
            return ""
        parts = relative.split(os.sep)
        if ".." in parts or "." in parts or "" in parts:
            return ""
        name = parts[-1]
        if name.startswith(IGNORED_PREFIXES) or name.endswith(IGNORED_SUFFIXES) or not IGNORED_FOLDERS.isdisjoint(parts):
            return ""
        if self._excluded and (self.root + os.sep + relative + os.sep).startswith(self._excluded):
            return ""
        return "/".join(parts)

    def fingerprint(self, key: str) -> str | None:
        """What stands at `key`: digest of mode and content, None for nothing and for a folder."""
        path = World.join(self.root, key)
        try:
            found = World.lstat(path)
            if stat.S_ISDIR(found.st_mode):
                return None
            if stat.S_ISLNK(found.st_mode):
                return digest(b"link " + os.fsencode(World.readlink(path)))
            if not stat.S_ISREG(found.st_mode):
                return digest(b"special %o" % found.st_mode)
            if found.st_size > MAX_HASHED_BYTES:
                return digest(b"%o %d %d" % (found.st_mode, found.st_size, found.st_mtime_ns))
            return digest(b"%o " % found.st_mode + _content(path))
        except OSError:
            return None

    def files_below(self, path: str, limit: int) -> list[str]:
        """Keys of up to `limit` files below a folder of the tree; a file itself, if it is one."""
        key = self.key(path)
        if not key:
            return []
        if not os.path.isdir(path) or os.path.islink(path):
            return [key]
        found = []
        for entry_key, _ in self._walk(key):
            found.append(entry_key)
            if len(found) >= limit:
                break
        return found

    def may_scan(self) -> bool:
        """Whether a scan is still within its bounds."""
        elapsed = World.ticks() - self._started
        return not self.too_large and self._scanning_seconds <= max(SCAN_SECONDS, SCAN_SHARE * elapsed)

    def scan(self) -> Index | None:
        """Every file that counts, by mode, size and time of change; None where there are too many."""
        started = World.ticks()
        index: Index = {}
        for key, entry in self._walk(""):
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            index[key] = (found.st_mode, found.st_size, found.st_mtime_ns)
            if len(index) > MAX_ENTRIES:
                self.too_large = True
                break
        self._scanning_seconds += World.ticks() - started
        return None if self.too_large else index

    def _walk(self, key: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
        folders = [World.join(self.root, key) if key else self.root]
        while folders:
            folder = folders.pop()
            try:
                entries = list(World.scandir(folder))
            except OSError:
                continue
            if any(entry.name == "pyvenv.cfg" for entry in entries):
                continue
            for entry in entries:
                entry_key = self.key(entry.path)
                if not entry_key:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry_key, entry


def _content(path: str) -> bytes:
    fd = World.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        pieces: list[bytes] = []
        while True:
            piece = World.read(fd, 1 << 16)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
    finally:
        World.close(fd)
