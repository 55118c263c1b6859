"""Where a command stands while it is looked through."""

from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from flaky_detector.stages.init.records import Pairs


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """How to read a file of the repository, the folder that the command runs in, its environment, the Python it runs on ("": not known)."""

    read: Callable[[str], str | None]
    folder: str = ""
    env: Pairs = ()
    python: str = ""

    def file(self, name: str) -> str | None:
        """The text of a file beside the command."""
        return self.read(inside(self.folder, name))

    def first(self, *names: str) -> tuple[str, str] | None:
        """Name and text of the first of these files that is there."""
        return next(((name, text) for name in names if (text := self.file(name)) is not None), None)


def inside(folder: str, path: str) -> str:
    """A path seen from `folder`, as it is called from the repository's top: `api` and `../web` make `web`. Leaving it keeps the `..`."""
    parts: list[str] = []
    for part in (*PurePosixPath(folder).parts, *PurePosixPath(path).parts):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in (".", "/"):
            parts.append(part)
    return "/".join(parts)
