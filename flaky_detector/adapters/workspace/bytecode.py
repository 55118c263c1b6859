"""Compiled modules, handed on from tree to tree so that not every run compiles the whole project again.

Owns which of them may be handed on. Python itself checks each against its source's size and time in seconds, which copies keep, sets the
path in it right, and replaces it as a whole rather than writing into it: so a hard link between copies will do. Those of sources that a run
changed stay behind, and what pytest compiled from rewritten tests too, since it holds the path of the tree that it was compiled in.
"""

import contextlib
import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from flaky_detector.adapters.workspace.survey import Entry, Survey

CACHE = "__pycache__"
PYTESTS = "-pytest-"

Carry = Callable[[str, str], object]


class Bytecode:
    """The compiled modules of one surveyed tree and its copies."""

    def __init__(self, found: Survey) -> None:
        self.sources = {entry.path: entry for entry in found.entries if entry.path.endswith(".py")}
        self.folders = tuple(dict.fromkeys(os.path.dirname(path) for path in self.sources))  # noqa: PTH120 -- text, as in Entry

    def hand_on(self, source: Path, target: Path, carry: Carry = shutil.copy2) -> None:
        """Bring compiled modules of `source` into `target` where they are missing; what cannot be brought is left, for none is ever needed.

        Args:
            source: the surveyed tree or a copy.
            target: another one.
            carry: how; `os.link` where neither tree is the user's.
        """
        for folder in self.folders:
            with contextlib.suppress(OSError):
                names = tuple(self._usable(source, folder))
                if names:
                    _bring(source / folder / CACHE, target / folder / CACHE, names, carry)

    def _usable(self, tree: Path, folder: str) -> Iterator[str]:
        with os.scandir(tree / folder / CACHE) as entries:
            for entry in entries:
                if entry.name.endswith(".pyc") and PYTESTS not in entry.name and self._is_of_the_original(tree, folder, entry):
                    yield entry.name

    def _is_of_the_original(self, tree: Path, folder: str, compiled: os.DirEntry[str]) -> bool:
        try:
            source = Path(importlib.util.source_from_cache(compiled.path)).name
            known: Entry = self.sources[f"{folder}/{source}" if folder else source]
            info = (tree / folder / source).stat()
        except (ValueError, KeyError, OSError):
            return False
        return (info.st_size, info.st_mtime_ns) == (known.size, known.mtime_ns)


def _bring(source: Path, target: Path, names: Iterable[str], carry: Carry) -> None:
    target.mkdir(exist_ok=True)
    with os.scandir(target) as entries:
        there = {entry.name for entry in entries}
    for name in names:
        if name not in there:
            with contextlib.suppress(OSError):
                carry(f"{source}/{name}", f"{target}/{name}")
