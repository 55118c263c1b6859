"""Files in the temporary folder that a test made, changed or removed.

Owns the kind `temporary-file`, with keys `<tmp>/name`: a file there under a fixed name is met by every later test. Seen by the same audit
events as files of the tree, so that what other workers write is not booked here; what child processes write is not seen. Left out: pytest's
own folders, whatever has a random name of `tempfile`'s, and the source tree where it lies there. A test that writes nothing costs nothing.
"""

from __future__ import annotations

import re
import tempfile
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.booking import Booking
from flaky_detector.recorder.probes.files import FilesProbe
from flaky_detector.recorder.tree import Tree

if TYPE_CHECKING:
    from typing import Callable

PREFIX = "<tmp>/"
RANDOM = re.compile(r"^(?:tmp[a-z0-9_]{8}|pytest-of-|pytest-|pymp-)")


class TemporaryFilesProbe(FilesProbe):
    """The files probe, for another folder."""

    name = "temporary-files"

    def __init__(self, tree: Tree, note: Callable[[str], None]) -> None:
        super().__init__(TemporaryTree(tree), note)
        self._booking = Booking(wire.TEMPORARY_FILE)
        self._shared = tree.shared

    def settle(self) -> list[dict[str, Any]]:
        """Keys say that they are not of the source tree."""
        changes = super().settle()
        for change in changes:
            change["key"] = PREFIX + change["key"]
        return changes

    def _claimed(self, key: str) -> None:
        self._shared.claimed("file " + PREFIX + key)

    def _touch(self, path: Any, folder: Any = -1) -> None:
        key = self._tree.key(self._path(path, folder))
        if key:
            self._touch_key(key)


class TemporaryTree(Tree):
    """Everything below the temporary folder that is not random, pytest's, ours or the project's."""

    def __init__(self, tree: Tree) -> None:
        super().__init__(tempfile.gettempdir(), (tree.root, *tree.homes, *tree.excluded))

    def key(self, path: str) -> str:
        """Empty also for what nobody else can meet."""
        key = super().key(path)
        return "" if RANDOM.match(key) else key

    def may_scan(self) -> bool:
        """The folder is never compared as a whole."""
        return False
