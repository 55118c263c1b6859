"""Files that several trials ask for are collected once: the collectors of one fork server.

Owns which trials come from a collector, and its end. Those of few files do, for such questions are asked time and again, in a proof for
one; in a search through large orders each is asked once. What is done while files are collected is then done once in each start for all
trials that collect the same; where it cannot be shared, for it left threads, connections or files behind or drew from `random`, every
trial collects for itself.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from flaky_detector.adapters import workspace
from flaky_detector.adapters.process import Collector, ForkServer
from flaky_detector.pipeline.launch import Launcher, Wish, is_deep

Files = tuple[str, ...]
FEW = 3
"""A warm-up's, a polluter's, the victim's."""
NAMED = 2


class Ready(NamedTuple):
    """A collector, its number among all of them, and the suffix of the databases of whatever is forked from it, one after the other."""

    number: int
    process: Collector
    database_suffix: str


NUMBERS = count(1)


class Collectors:
    """Those of one server.

    Args:
        launcher: tells what is started.
        server: who forks them.
        copy: the tree that they read.
        room: where what they say is written.
        left: what they left in the tree and the temporary folder, in words; empty where they left nothing.
    """

    def __init__(self, launcher: Launcher, server: ForkServer, copy: workspace.Copy, room: Path, left: Callable[[], str]) -> None:
        self._launcher = launcher
        self._server = server
        self._copy = copy
        self._room = room
        self._left = left
        self.ready: dict[Files, Ready] = {}
        self._unfit: set[Files] = set()

    def of(self, wish: Wish) -> Ready | None:
        """From whom the trial is to be forked; None where it is to collect for itself.

        Raises:
            LostError: the server has ended.
        """
        files = wish.spec.select
        if wish.patch or wish.walk or wish.anew or not is_deep(wish) or len(files) > FEW or files in self._unfit:
            return None
        if files in self.ready:
            self.ready[files] = self.ready.pop(files)  # to the end of the line
            return self.ready[files]
        return self._start(wish)

    def _start(self, wish: Wish) -> Ready | None:
        files = wish.spec.select
        if not self._server.has_room:
            self._server.end(self.ready.pop(next(iter(self.ready))).process)
        number = next(NUMBERS)
        place = self._launcher.place(self._copy, self._room / f"collector-{number}", self._room)
        call = self._launcher.call(wish._replace(collects=True), place, junit=False)
        process = self._server.collector(files, call)
        why = process.why_not(wish.deadline_seconds) or self._left()
        if why:
            self._server.end(process)
            self._unfit.add(files)
            named = ", ".join(files[:NAMED]) + (" …" if files[NAMED:] else "")
            self._launcher.voice.detail(f"  every trial collects {named} by itself: {why}")
            return None
        self.ready[files] = Ready(number, process, place.database_suffix)
        return self.ready[files]
