"""Files that several trials ask for are collected once: the collectors of one fork server.

Owns which trials come from a collector, and its end. Those of few files do, for such questions are asked time and again, in a proof for
one; in a search through large orders each is asked once. What is done while files are collected is then done once in each start for all
trials that collect the same; where it cannot be shared, for it left threads, connections or files behind or drew from `random`, every
trial collects for itself.
"""

from collections.abc import Iterator
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


class Collectors:
    """Those of one server.

    Args:
        launcher: tells what is started.
        server: who forks them.
        loan: the tree that they read.
        room: where what they say is written, and the temporary folder is.
        numbers: for those that are begun.
    """

    def __init__(self, launcher: Launcher, server: ForkServer, loan: workspace.Loan, room: Path, numbers: Iterator[int]) -> None:
        self._launcher = launcher
        self._server = server
        self._loan = loan
        self._room = room
        self._numbers = numbers
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
        number = next(self._numbers)
        place = self._launcher.place(self._loan.copy, self._room / f"collector-{number}", self._room)
        call = self._launcher.call(wish._replace(collects=True), place, junit=False)
        process = self._server.collector(files, call)
        why = process.why_not(wish.deadline_seconds) or what_was_left(self._loan, self._room / "tmp", "once its files are collected")
        if why:
            self._server.end(process)
            self._unfit.add(files)
            named = ", ".join(files[:NAMED]) + (" …" if files[NAMED:] else "")
            self._launcher.voice.detail(f"  every trial collects {named} by itself: {why}")
            return None
        self.ready[files] = Ready(number, process, place.database_suffix)
        return self.ready[files]


def what_was_left(loan: workspace.Loan, temporary: Path, when: str) -> str:
    """Why what wrote files is nothing for many trials: the first of them would find, change or remove what the next needs."""
    changes = loan.changes()
    if changes:
        return f"{when}, {changes[0]} has been written in the tree"
    written = next(temporary.iterdir(), None)
    return f"{when}, {written.name} has been written in the temporary folder" if written else ""
