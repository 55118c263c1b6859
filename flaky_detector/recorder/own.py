"""Which modules are the project's own.

Owns the question, and the finding of modules as they are imported. Own is what lies below the rootdir (or the copy of which that is a
part, or the original), and not in an environment; also an installed package that has a folder of its name there, for that is the
project, installed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import plain, versions
from flaky_detector.recorder.tree import IGNORED_FOLDERS
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from flaky_detector.recorder.tree import Tree

SOURCES = ("", "src", "lib")
RECORDER = __name__.rpartition(".")[0]
_KNOWN: dict[Any, dict[tuple[str, str], bool]] = {}
"""What was found out already, for each tree: several probes ask the same."""


class Own:
    """`modules` gives the modules that are new since it was last asked."""

    def __init__(self, tree: Tree) -> None:
        homes = [home for each in (tree.root, *tree.homes) if each for home in (each, World.realpath(each))]
        self._homes = tuple(dict.fromkeys(home.rstrip(os.sep) + os.sep for home in homes))
        prefixes = [World.realpath(prefix) + os.sep for prefix in (sys.prefix, sys.base_prefix)]
        self._environments = tuple(prefix for prefix in prefixes if prefix.startswith(self._homes))
        self._own_names: set[str] = set()
        self._tops: dict[str, bool] = {}
        self._known = _KNOWN.setdefault((self._homes, self._environments), {})
        self._seen: dict[str, int] = {}
        self._names: list[str] = []
        self._modules: tuple[Any, Any, Any] = (None, None, None)

    def new(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and globals of own modules that have been imported, or imported again, since the last time."""
        modules, cell, version = self._modules
        if modules is sys.modules and cell is not None and versions.read(cell) == version:
            return []
        cell = versions.cell(sys.modules)
        self._modules = (sys.modules, cell, versions.read(cell) if cell is not None else None)
        names = list(sys.modules)
        if names == self._names:
            return []
        self._names = names
        found = []
        for name in names:
            module = sys.modules.get(name)
            if self._seen.get(name) != id(module):
                self._seen[name] = id(module)
                names_of_it = plain.namespace(module)
                if names_of_it and self.is_own(name, names_of_it):
                    found.append((name, names_of_it))
                    self._own_names.add(name)
        return found

    def is_name(self, name: str) -> bool:
        """Whether an own module of that name has been seen."""
        return name in self._own_names or self.is_own(name, plain.namespace(sys.modules.get(name)))

    def is_own(self, name: str, found: dict[str, Any]) -> bool:
        """By the file, or by the name of the top package."""
        file = found.get("__file__")
        if type(file) is not str or name.startswith(RECORDER):
            return False
        known = self._known.get((name, file))
        if known is None:
            known = self._known[name, file] = self._is_own(name, file)
        return known

    def _is_own(self, name: str, file: str) -> bool:
        parts = file.split(os.sep)
        if file.startswith(self._homes) and not file.startswith(self._environments) and IGNORED_FOLDERS.isdisjoint(parts):
            return True
        return ("site-packages" in parts or "dist-packages" in parts) and self._has_folder(name.partition(".")[0])

    def _has_folder(self, top: str) -> bool:
        if top not in self._tops:
            paths = [World.join(home, source, top) for home in self._homes for source in SOURCES]
            self._tops[top] = any(World.exists(World.join(path, "__init__.py")) or World.exists(path + ".py") for path in paths)
        return self._tops[top]
