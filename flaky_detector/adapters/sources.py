"""The user's source files, read only, by path relative to the rootdir.

Owns the bounds: nothing outside the rootdir, nothing but text of a bearable size.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

LARGEST_BYTES = 4_000_000
MOST_KEPT = 512


def reader(rootdir: Path) -> Callable[[str], str | None]:
    """A function from a relative path to the file's text, None where there is no such file below the rootdir or it is not text."""
    root = rootdir.resolve()

    @lru_cache(maxsize=MOST_KEPT)
    def read(path: str) -> str | None:
        try:
            file = (root / path).resolve()
            if not file.is_relative_to(root) or not file.is_file() or file.stat().st_size > LARGEST_BYTES:
                return None
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None

    return read


def nothing(path: str) -> str | None:  # noqa: ARG001 -- it stands in for a reader
    """The reader of a place without sources."""
    return None
