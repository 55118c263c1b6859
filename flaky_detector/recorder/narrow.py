"""Files that a trial does not ask for are passed over.

Owns that. pytest makes a node of every test file in a folder to find the one that it was given, which in a folder of hundreds takes longer
than the trial's tests. Only where all that was asked for are files; a folder is asked for to have all of it collected.
https://docs.pytest.org/en/stable/reference/reference.html#pytest.hookspec.pytest_ignore_collect
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NEEDS_IT = getattr(pytest, "version_tuple", (0,)) >= (8,)
"""Earlier ones go straight to the file."""


class Narrow:
    """Knows the files."""

    def __init__(self, files: frozenset[str]) -> None:
        self._files = files

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Folders are not ours to pass over."""
        path = str(collection_path)
        return True if path not in self._files and os.path.isfile(path) else None


def narrow(config: Any) -> list[Narrow]:
    """None where a folder or a package is asked for."""
    start = str(config.invocation_params.dir)
    paths = [os.path.join(start, str(argument).partition("::")[0]) for argument in config.args]
    if not NEEDS_IT or not paths or not all(map(os.path.isfile, paths)):
        return []
    return [Narrow(frozenset(name for path in paths for name in (os.path.normpath(path), os.path.realpath(path))))]
