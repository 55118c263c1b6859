"""Fork servers for trials: which there are, who has them, and when a trial may not come from one.

Owns the rule that makes attempts at a question worth counting. What a start decides by chance (the hash seed, what a conftest drew) is the
same in all children of one server. So every question of a proof is asked in more than one start, and both sides of it in the same ones:

    question         start 1   start 2   start 3   start 4   start 5   fresh processes
    victim alone      1  3  5   2  4  6     7         8         9       10, 11, …
    P, victim         1  3      2

An order that fails and a control that passes in the same start differ by the order alone; that this holds in a second start tells
that it is not that start's affair. What chance decides in a child itself (addresses, numbers drawn, time) is drawn anew in each.
What is asked more often is in doubt, and gets other starts, then processes of its own.

Questions are of one kind where pytest would load the same conftests and settings at its start. A server holds one copy of the tree, which
is brought back to its first state after each trial, and one temporary folder, which is emptied. A patch is applied to that copy for the one
trial, where it changes test modules only, of which the start has imported none.
"""

import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Self, TypeVar

from msgspec import structs

from flaky_detector.adapters import patching, workspace
from flaky_detector.adapters.process import ForkServer, LostError
from flaky_detector.model import RunRecord, RunSpec
from flaky_detector.pipeline.collectors import Collectors, what_was_left
from flaky_detector.pipeline.launch import Launcher, Wish, read_bundle
from flaky_detector.pipeline.walks import WalkRecord, read_walk

MOST_STARTS = 5
STARTS_OF_A_PROOF = 2
ATTEMPTS_OF_A_PROOF = 6
MOST_ATTEMPTS = ATTEMPTS_OF_A_PROOF + MOST_STARTS - STARTS_OF_A_PROOF
MOST_SERVERS = 12
FEW_FILES = 8
LEAST_AGE_SECONDS = 60.0
SETTINGS_FILES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", "setup.py")


class Kind(NamedTuple):
    """What pytest's start depends on: the interpreter, the conftests that it loads first, the folder where it finds its settings."""

    python: str
    conftests: tuple[str, ...]
    settings: str


class Origin(NamedTuple):
    """What a trial was forked from: the numbers of a start, and of a process that had collected its files; 0 for neither."""

    start: int = 0
    collection: int = 0


class Server(NamedTuple):
    """One server with what it runs in; `number` counts starts, `born` is when it was started, by the monotonic clock."""

    number: int
    born: float
    kind: Kind
    process: ForkServer
    loan: workspace.Loan
    room: Path
    collectors: Collectors
    stack: ExitStack

    @property
    def numbers(self) -> set[int]:
        """Its own, and those of its collectors."""
        return {self.number, *(ready.number for ready in self.collectors.ready.values())}


Question = tuple[object, ...]
Read = TypeVar("Read")
"""What is read of a trial's bundle."""


class Forks:
    """Answers trials from fork servers where it can.

    A context manager; at the end no server is left. Several threads may use it.

    Args:
        launcher: makes copies of the tree, and runs what is no fork.
        suite_seconds: how long a run of the suite takes. A server that is older (and than a minute) is ended: what a conftest made at its
            import, a token say, is never older than that when a test of a real run meets it.
    """

    def __init__(self, launcher: Launcher, suite_seconds: float = 0.0) -> None:
        self.launcher = launcher
        self.most_age_seconds = max(LEAST_AGE_SECONDS, suite_seconds)
        self.idle: list[Server] = []
        self.running: Counter[Kind] = Counter()
        self.declined: dict[Kind, str] = {}
        self.asked: dict[Question, Counter[int]] = {}
        self.stack = ExitStack()
        self._lock = threading.Lock()
        self._numbers = count(1)

    def run(self, wish: Wish) -> tuple[RunRecord, Origin] | None:
        """The record of a trial, and what it came from; None where it has to be a process of its own."""
        return self._ask(wish, read_bundle)

    def walk(self, wish: Wish) -> tuple[WalkRecord, Origin]:
        """What a walk along the order of the wish tells, and what it came from."""
        return self._ask(wish, read_walk) or (WalkRecord(declined="nothing can be forked here"), Origin())

    def _ask(self, wish: Wish, read: Callable[[Path], Read]) -> tuple[Read, Origin] | None:
        if wish.spec.workers or self.launcher.in_place or not wish.spec.select:
            return None
        if wish.patch and not patching.changes_tests_only(wish.patch):
            return None
        kind = kind_of(wish.spec, self.launcher.rootdir)
        self._end_the_old()
        server = self._take(kind, wish) or self._start(kind, wish)
        if server is None:
            return None
        is_fit = False
        try:
            if wish.patch and not _is_patched(server, wish.patch):
                is_fit = True
                return None
            answer = self._run_in(server, wish, read)
            is_fit = answer is not None and server.loan.renew() and _is_emptied(server.room / "tmp")
        finally:
            self._give_back(server, is_fit=is_fit)
        return answer

    def _end_the_old(self) -> None:
        with self._lock:
            latest = time.monotonic() - self.most_age_seconds
            old = [server for server in self.idle if server.born < latest]
            self.idle = [server for server in self.idle if server.born >= latest]
            self.running.subtract(server.kind for server in old)
        for server in old:
            server.stack.close()

    def _take(self, kind: Kind, wish: Wish) -> Server | None:
        """The idle server that has had this question least often, unless it is time for another start."""
        with self._lock:
            had = self.asked.setdefault(question_of(wish), Counter())
            idle = sorted((server for server in self.idle if server.kind == kind), key=lambda server: had[server.number])
            beside = [server for server in idle if not wish.beside.isdisjoint(server.numbers)]
            if beside:
                self.idle.remove(beside[0])
                had[beside[0].number] += 1
                return beside[0]
            if not idle or had.total() >= MOST_ATTEMPTS:
                return None
            if had[idle[0].number] and len(had) < starts_for(had.total() + 1) and self.running[kind] < MOST_STARTS:
                return None
            self.idle.remove(idle[0])
            had[idle[0].number] += 1
            return idle[0]

    def _give_back(self, server: Server, *, is_fit: bool) -> None:
        """To the end of the line, so that the one that was idle longest is at its front; one that is not fit is ended."""
        with self._lock:
            if is_fit:
                self.idle.append(server)
            else:
                self.running[server.kind] -= 1
        if not is_fit:
            server.stack.close()

    def _start(self, kind: Kind, wish: Wish) -> Server | None:
        """One more server; None where there are enough of the kind, or its processes cannot be forked."""
        with self._lock:
            had = self.asked[question_of(wish)]
            if kind in self.declined or self.running[kind] >= MOST_STARTS or had.total() >= MOST_ATTEMPTS:
                return None
            spare = None
            if self.running.total() >= MOST_SERVERS:
                spare = next((server for server in self.idle if server.kind != kind), None)
                if spare is None:
                    return None
                self.idle.remove(spare)
                self.running[spare.kind] -= 1
            self.running[kind] += 1
            number = next(self._numbers)
            had[number] += 1
        if spare is not None:
            spare.stack.close()
        server, why = self._started(number, kind, wish)
        if server is None:
            with self._lock:
                self.running[kind] -= 1
                if self.declined.setdefault(kind, why) == why:
                    self.launcher.voice.detail(f"  trials are processes of their own: {why}")
        return server

    def _started(self, number: int, kind: Kind, wish: Wish) -> tuple[Server | None, str]:
        born = time.monotonic()
        template = self.launcher.the_template()
        loan, room = template.take(), self.launcher.scratch / f"f{secrets.token_hex(4)}"
        (room / "tmp").mkdir(parents=True)
        with ExitStack() as stack:
            stack.callback(template.give_back, loan)
            stack.callback(workspace.remove, room)
            call = self.launcher.call(wish, self.launcher.place(loan.copy, room / "server", room), junit=False)
            process = stack.enter_context(ForkServer(call))
            why = process.why_not(wish.deadline_seconds) or what_was_left(loan, room / "tmp", "before the first test is collected")
            if why:
                return None, why
            collectors = Collectors(self.launcher, process, loan, room, self._numbers)
            server = Server(number, born, kind, process, loan, room, collectors, stack.pop_all())
            self.stack.push(server.stack)
            return server, ""

    def _run_in(self, server: Server, wish: Wish, read: Callable[[Path], Read]) -> tuple[Read, Origin] | None:
        workspace.remove(wish.bundle)
        wish.bundle.mkdir(parents=True)
        place = self.launcher.place(server.loan.copy, wish.bundle.resolve(), server.room)
        try:
            ready = server.collectors.of(wish)
            if ready is not None:
                place = structs.replace(place, database_suffix=ready.database_suffix)
            where = places_of(wish.spec.select) if wish.walk else wish.spec.select
            begin = ready.process.begin if ready else lambda call, mark: server.process.begin(where, call, mark)
            self.launcher.run_at(wish, place, self.launcher.call(wish, place, junit=False), begin)
        except LostError:
            return None
        return read(wish.bundle), Origin(server.number, ready.number if ready else 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self.idle:
            server.process.dismiss()
        self.stack.close()


def places_of(files: Sequence[str]) -> tuple[str, ...]:
    """What to tell pytest to look through for these files: where they are many, their folders, none of which is inside another.

    pytest looks through a file's whole folder for each file that it is told, and so through many files very often. A walk imports only
    what it needs of what is found.
    """
    if len(files) <= FEW_FILES:
        return tuple(files)
    folders: list[PurePosixPath] = []
    for folder in sorted({PurePosixPath(file).parent for file in files}, key=lambda folder: (len(folder.parts), folder)):
        if not any(folder.is_relative_to(known) for known in folders):
            folders.append(folder)
    return tuple(map(str, folders))


def starts_for(attempts: int) -> int:
    """From how many starts so many attempts at a question must come."""
    return min(attempts, STARTS_OF_A_PROOF) if attempts <= ATTEMPTS_OF_A_PROOF else MOST_STARTS


def question_of(wish: Wish) -> Question:
    """What makes two trials attempts at the same question."""
    return wish.spec.python, wish.spec.order, wish.spec.select, wish.patch


def kind_of(spec: RunSpec, rootdir: Path) -> Kind:
    """What pytest would load first for the files of this specification."""
    folders = {folder for file in spec.select for folder in _folders(rootdir / file, rootdir)}
    common = Path(os.path.commonpath([(rootdir / file).parent for file in spec.select]))
    upwards = (common, *common.parents)
    settings = next((folder for folder in upwards if any((folder / name).is_file() for name in SETTINGS_FILES)), common)
    return Kind(spec.python, tuple(sorted(str(folder) for folder in folders if (folder / "conftest.py").is_file())), str(settings))


def _folders(file: Path, rootdir: Path) -> Iterator[Path]:
    """From the file's own up to the rootdir."""
    yield from (folder for folder in file.parents if folder.is_relative_to(rootdir))


def _is_patched(server: Server, patch: str) -> bool:
    """Whether the patch is applied to the server's copy, for a child that will read what it changes; nothing is changed where it is not."""
    rootdir = server.loan.copy.rootdir
    files = [str(rootdir / path) for path in patching.changed_files(patch)]
    return server.process.loaded.isdisjoint(files) and patching.apply(patch, rootdir)


def _is_emptied(folder: Path) -> bool:
    return [path for path in folder.iterdir() if not workspace.remove(path)] == []
