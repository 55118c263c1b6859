"""A walk along an order: after which of its tests does a later one begin to fail? PYTEST_DONT_REWRITE

Owns the loop over the tests where the house asks for a walk. The last tests of the order, the tail, are what is looked at: they run in a
fork after every block of the others, and what they do there is gone with the fork. So one run of the tests, at most, tells the place from
which on the tail fails, where trials of ever new orders would take one run each.

    checkpoint ── fork ──► runs block 1 ── fork ──► tail: passes
                           is the next checkpoint ── fork ──► runs block 2 ── fork ──► tail: fails
                           hears so, and lets another fork run block 2 in smaller blocks, until one test makes the difference

A checkpoint waits while its fork goes on, so it is still there when its block turns out to be the one. The tests of a block that is
divided run once more; how large a block is, `stride` says, which asks in a block that is divided who of its tests left something behind.

A file is collected when the first of its tests is to run, for most walks end before most files. So what importing a file does is seen
where the file comes in the order.

What forks share (connections, open files) and what they lack (threads) would make the answer worthless; where a checkpoint finds such
things, the walk is given up and says why. Django's test databases are copied for each fork (`branching`); a class that holds a transaction
open for all of its tests is walked along as one. Must not judge: the house reads the journal of the tail, in a folder of its own.

    walk.json    {"at": "a.py::test_7", "among": 1, "folder": "/bundle/at-00007"}   the first place that fails; "": it passes to the end
                 {"declined": "why"}                                                with `at` the last of so many that are not told apart
"""

from __future__ import annotations

import gc
import mmap
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder import wire
from flaky_detector.recorder.failure import qualified
from flaky_detector.recorder.forking import unfit_to_fork
from flaky_detector.recorder.stride import Stride, to_the_middle
from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from flaky_detector.recorder.branching import Branching
    from flaky_detector.recorder.naming import Names
    from flaky_detector.recorder.plugin import Recorder

PASSES, FAILS, DONE, BROKEN, WITHIN = 0, 41, 42, 43, 44


class Walk:
    """Runs the tests instead of pytest's own loop.

    Args:
        recorder: hears what each test leaves behind. In a fork that runs the tail its journal goes on in another folder.
        names: of tests.
        order: ids of all tests, the tail at its end.
        wishes: how many tests at the end are the `tail`, how many seconds a test before them takes and the tail (`test_seconds`,
            `tail_seconds`: guesses), and the types of exceptions that count as failing (`raised`, bare names; any where there is none).
        branching: of the test databases.
    """

    def __init__(self, recorder: Recorder, names: Names, order: Sequence[str], wishes: Mapping[str, Any], branching: Branching) -> None:
        size = int(wishes["tail"])
        self._recorder = recorder
        self._names = names
        self._folder = recorder.journal.folder
        self._branching = branching
        self._in_classes = False
        self._order, self._tail = order[:-size], order[-size:]
        self._left = mmap.mmap(-1, len(self._order) + 1)  # shared by all forks: one byte for each test that left something behind
        self._stride = Stride(float(wishes["test_seconds"]), float(wishes["tail_seconds"]))
        self._wanted = frozenset(wishes["raised"])
        self._failed = False
        self._session: Any = None
        self._items: dict[str, Any] = {}
        self._files: dict[str, list[Any]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: Any) -> None:
        """Files are found, and their folders' conftests loaded, but no file is imported yet."""
        session.genitems = self._later

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: Any) -> bool:
        """True says that the tests have been run."""
        self._session = session
        del session.genitems
        session.testscollected = len(self._order) + len(self._tail)
        if all(self._item(test) is not None for test in self._tail):
            self._go(0, len(self._order))
        return True

    def _later(self, node: Any) -> Iterator[Any]:
        """Instead of the session's own `genitems`, which comes back to this for what a folder holds."""
        if isinstance(node, pytest.File):
            self._files.setdefault(node.nodeid, []).append(node)
        else:
            yield from type(node.session).genitems(node.session, node)

    def _item(self, test: str) -> Any:
        """None where it cannot be collected."""
        nodes = self._files.pop(_file_of(test), ())
        if nodes:
            items = [item for node in nodes for item in self._session.genitems(node)]
            self._session.config.hook.pytest_collection_modifyitems(session=self._session, config=self._session.config, items=items)
            self._session.items.extend(items)  # pytest-django reads there which databases will be needed
            for item in items:
                self._items.setdefault(self._names.of(item), item)
            gc.freeze()  # or else every fork would look through, and thereby copy, all that is there by now
        return self._items.get(test)

    def _following(self, place: int) -> Any:
        """What pytest is told to come next: the next test, or another file's where its own is not collected yet."""
        test = self._order[place + 1] if place + 1 < len(self._order) else self._tail[0]
        return self._items.get(test) or self._items[self._tail[0]]

    @pytest.hookimpl
    def pytest_exception_interact(self, call: Any, report: Any) -> None:
        """Called for whatever was raised and is no skip."""
        kind = qualified(call.excinfo.type).rsplit(".", 1)[-1]
        self._failed |= bool(getattr(report, "failed", False)) and (not self._wanted or kind in self._wanted)

    def _go(self, start: int, end: int) -> None:
        """From a checkpoint before `start`, where the tail passes, to the end, or to where it fails."""
        top = os.getpid()
        try:
            code = self._walk(start, end)
        except BaseException:
            if os.getpid() == top:
                raise
            code = BROKEN
        if os.getpid() != top:
            os._exit(code)

    def _walk(self, start: int, end: int) -> int:
        """The same; how it came out. Returns in every fork that has become a checkpoint."""
        while start < end:
            stop = self._stop(start, end)
            started = World.ticks()
            code = self._fork(2 * start, partial(self._run_block, start, stop))
            if code is None:
                start = stop
            elif code == WITHIN and not self._in_classes:
                self._in_classes = True
            elif code != FAILS:
                return code
            elif self._stop(start, stop) == stop:
                self._tell(self._order[stop - 1], stop, stop - start)
                return DONE
            else:
                self._stride.ran(stop - start, World.ticks() - started - self._stride.try_seconds)
                end = stop
        if end < len(self._order):
            return BROKEN  # it failed at this place before, and now it passes
        self._tell("", end, 0)
        return DONE

    def _stop(self, start: int, end: int) -> int:
        """Where the block that begins at `start` ends: before `end`, unless nothing is left to be divided."""
        is_known = end < len(self._order)
        step = (to_the_middle(self._left[start:end]) if is_known else 0) or self._stride.of(end - start)
        stop = self._whole(start + step, end)
        return stop if stop < end else self._whole(start + 1, end)

    def _whole(self, stop: int, end: int) -> int:
        """The place, or the end of the class that it is in, if classes are not divided."""
        while self._in_classes and stop < end and _class_of(self._order[stop - 1]) == _class_of(self._order[stop]) != "":
            stop += 1
        return stop

    def _fork(self, mark: int, go: Callable[[], int | None]) -> int | None:
        """How a fork ended that did this with databases of its own; None in the fork, where it is to go on as a checkpoint."""
        copies = self._branching.branch(mark)
        kept = self._branching.there() - set(copies.values())
        pid = os.fork()
        if pid:
            code = _code_of(pid)
            self._branching.drop_but(kept)
            return code
        try:
            self._branching.enter(copies)
            result = go()
        except BaseException:
            result = BROKEN
        if result is not None:
            os._exit(result)
        return None

    def _run_block(self, start: int, stop: int) -> int | None:
        """Run a block, then try the tail; None where that passes."""
        started = World.ticks()
        for place in range(start, stop):
            item = self._item(self._order[place])
            if item is not None:
                self._run(item, self._following(place))
                self._left[place] = bool(self._recorder.left)
        self._stride.ran(stop - start, World.ticks() - started)
        if self._branching.is_in_transaction() and not self._in_classes:
            return WITHIN
        why = self._why_not()
        if why:
            self._write({"declined": why})
            return BROKEN
        started = World.ticks()
        code = self._fork(2 * stop + 1, partial(self._try_tail, stop))
        self._stride.tried(World.ticks() - started)
        return None if code == PASSES else code

    def _why_not(self) -> str:
        if self._branching.is_in_transaction():
            return "a transaction is open between two tests"
        self._branching.rest()
        return next(unfit_to_fork(self._session.config), "")

    def _try_tail(self, place: int) -> int:
        self._recorder.journal.move(self._place_folder(place))
        self._failed = False
        tail = [self._items[test] for test in self._tail]
        _tear_down_to(tail[0])
        for item, following in zip(tail, [*tail[1:], None]):
            self._run(item, following)
        return FAILS if self._failed else PASSES

    def _run(self, item: Any, following: Any) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def _tell(self, test: str, ran: int, among: int) -> None:
        """The last test that ran before the tail failed, empty where it passes, how many had run, and how many are not told apart."""
        self._write({"at": test, "among": among, "folder": self._place_folder(ran)})

    def _place_folder(self, place: int) -> str:
        return World.join(self._folder, "at-%05d" % place)

    def _write(self, words: dict[str, Any]) -> None:
        fd = World.open(World.join(self._folder, wire.WALK_RESULT), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        World.write(fd, World.encode(words).encode("ascii"))
        World.close(fd)


def _code_of(pid: int) -> int:
    """How a fork ended; BROKEN where it was killed."""
    _, end = os.waitpid(pid, 0)
    return os.WEXITSTATUS(end) if os.WIFEXITED(end) else BROKEN


def _class_of(test: str) -> str:
    """File and class; empty for a function."""
    file, _, rest = test.partition("::")
    inner = rest.partition("[")[0].rpartition("::")[0]
    return "%s::%s" % (file, inner) if inner else ""


def _file_of(test: str) -> str:
    return test.partition("::")[0]


def _tear_down_to(following: Any) -> None:
    """What the next test of the order would still have used, and the tail does not.

    Before pytest 7 the method takes the last item as well, and makes no use of it: https://github.com/pytest-dev/pytest/pull/8978
    """
    setup_state = following.session._setupstate
    if hasattr(setup_state, "_finalizers"):
        setup_state.teardown_exact(following, following)
    else:
        setup_state.teardown_exact(following)
