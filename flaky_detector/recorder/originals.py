"""Modules that were imported from the user's own tree although the run takes place in a copy.

Owns the list `originals` of wire's "finish" event: an editable install, a `pythonpath` or an absolute path in the settings leads there.
A virtual environment inside the tree does not count, nor does the copy, should it lie inside the tree.
"""

from __future__ import annotations

import os
import sys

_REAL: dict[str, str] = {}


def originals(original: str, rootdir: str) -> list[str]:
    """Files of imported modules below `original`, sorted."""
    tree, copy = os.path.realpath(original) + os.sep, os.path.realpath(rootdir) + os.sep
    environments = tuple(os.path.realpath(prefix) + os.sep for prefix in (sys.prefix, sys.base_prefix))
    found = set()
    for name, module in list(sys.modules.items()):
        file = _file_of(module)
        if not file or name.split(".", 1)[0] == "flaky_detector":
            continue
        path = _real(file)
        if path.startswith(tree) and not path.startswith((copy, *environments)) and not _is_in_environment(path, tree):
            found.add(path)
    return sorted(found)


def remember() -> None:
    """Find the real paths of the modules that there are, for processes that are forked from this one."""
    for module in list(sys.modules.values()):
        file = _file_of(module)
        if file:
            _REAL[file] = os.path.realpath(file)


def _real(file: str) -> str:
    """`os.path.realpath`, which asks the system once for every part of a path."""
    return _REAL.get(file) or os.path.realpath(file)


def _file_of(module: object) -> str:
    """A module's file; what stands in `sys.modules` may be anything, and raise anything."""
    try:
        file = getattr(module, "__file__", None)
    except Exception:
        return ""
    return file if isinstance(file, str) else ""


def _is_in_environment(path: str, tree: str) -> bool:
    """Whether a folder between the tree and the file is an environment."""
    parts = path[len(tree) :].split(os.sep)[:-1]
    if "site-packages" in parts or "dist-packages" in parts:
        return True
    folder = tree.rstrip(os.sep)
    for part in parts:
        folder = os.path.join(folder, part)
        if os.path.exists(os.path.join(folder, "pyvenv.cfg")):
            return True
    return False
