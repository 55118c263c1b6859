"""A forced order over several xdist workers: who may run what, when.

Owns the scheduler that replaces xdist's own. An xdist worker starts a test only when it has been told the next one, or to shut down,
for the test's teardown depends on what follows (https://pytest-xdist.readthedocs.io/en/stable/how-it-works.html). So a worker is held
at a test by not yet being told its successor; no waiting in the workers, no files, no time-outs.

    order    [0, a] [0, b] [1, x] [0, c] [1, y]            own queues   0: a b c   1: x y

    started        0 is told a b c: runs a, b, is held at c
    b is done      1 is told x y: runs x, is held at y
    x is done      0 is told *: runs c
    c is done      1 is told *: runs y
    y is done      both are shut down; neither runs its *

* is any other test. Told after a worker's last one it lets that go without a shutdown, so that the worker's session fixtures stay up while
others run, as they would in any run. The worker's own recorder skips it: in such an order the last test a worker is told is never run.

Where two steps are to run together, the second is let go as soon as the one before it has begun.

An order for one worker is told to it at once. A worker that dies is replaced by xdist; the new one takes over the rest of its queue.

The word node in names is xdist's, for the hooks and the scheduler's methods are called by these names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder.naming import without_group
from flaky_detector.recorder.replay import needs_sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flaky_detector.recorder.replay import Steps


class SequenceScheduling:
    """xdist's scheduling protocol for a forced order.

    Args:
        config: pytest's, which plugins expect on a scheduler.
        steps: the order.
        note: told of trouble.
    """

    def __init__(self, config: Any, steps: Steps, note: Callable[[str], None]) -> None:
        self.config = config
        self._steps = steps
        self._workers = 1  # how many there are at first, as each is told by xdist
        self._note = note
        self._present: list[tuple[int, str]] = []
        self._has_begun = False
        self._done = 0  # so many steps of `_present` are over
        self._released = 0  # so many may run, or have
        self._over: set[str] = set()
        self._seat: dict[Any, int] = {}
        self._vacant: list[int] = []
        self._collection: dict[Any, list[str]] = {}
        self._told: dict[Any, set[str]] = {}

    @property
    def nodes(self) -> list[Any]:
        """Workers that take part."""
        return list(self._seat)

    @property
    def collection_is_completed(self) -> bool:
        """Whether all initial workers have collected."""
        return self._has_begun or len(self._collection) >= self._workers

    @property
    def tests_finished(self) -> bool:
        """Whether the workers can be shut down, which also lets the last test of a single worker go."""
        left = len(self._present) - self._done
        return self._has_begun and (left == 0 or (left == 1 and not needs_sequence(self._present)))

    @property
    def has_pending(self) -> bool:
        """Whether anything is still to be run."""
        return self._done < len(self._present)

    def add_node(self, node: Any) -> None:
        """A worker is up; one that replaces another takes its seat."""
        number = re.search(r"\d+", node.gateway.id)
        own = int(number.group()) if number else len(self._seat)
        self._seat[node] = self._vacant.pop(0) if self._vacant else own
        self._told[node] = set()
        self._workers = int(node.workerinput["workercount"])

    def add_node_collection(self, node: Any, collection: Sequence[str]) -> None:
        """A worker has collected."""
        self._collection[node] = [without_group(test) for test in collection]

    def schedule(self) -> None:
        """All workers, or one more, are ready."""
        if not self._has_begun:
            self._has_begun = True
            collections = [set(collection) for collection in self._collection.values()]
            self._present = self._steps.present(set.intersection(*collections) if collections else set())
            if any(other != collections[0] for other in collections):
                self._note("the workers collected different tests; those that only some of them have are left out")
            self._skip_steps_of_nobody()
        self._advance()

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:  # noqa: ARG002 -- xdist's name
        """A worker has run a test, or skipped the one that let its last go."""
        test = self._collection[node][item_index]
        if self._steps.worker_of.get(test) == self._seat.get(node):
            self._over.add(test)
        self._advance()

    def test_has_begun(self, test: str) -> None:
        """A worker has begun a test: in an order that wants it, the next one need not wait until this is over."""
        follows = self._released
        if 0 < follows < len(self._present) and self._present[follows - 1][1] == test and self._present[follows][1] in self._steps.together:
            self._release(follows)

    def mark_test_pending(self, item: str) -> None:
        """A crashed test is not run again: the order is over for it."""
        raise NotImplementedError

    def remove_pending_tests_from_node(self, node: Any, indices: Sequence[int]) -> None:
        """Nothing is ever stolen."""
        raise NotImplementedError

    def remove_node(self, node: Any) -> str | None:
        """A worker has ended; the test that it was running, if any."""
        seat, told = self._seat.pop(node), self._told.pop(node)
        self._collection.pop(node, None)
        if any(worker == seat and test not in self._over for worker, test in self._present):
            self._vacant.append(seat)
        if not self.has_pending:
            return None
        self._released = min(self._released, self._done)
        worker, test = self._present[self._done]
        if worker != seat or test not in told:
            return None
        self._over.add(test)
        self._advance()
        return test

    def _skip_steps_of_nobody(self) -> None:
        nobody = [test for worker, test in self._present if worker not in self._seat.values()]
        if nobody:
            self._over.update(nobody)
            self._note("%d steps are for workers that do not exist and are left out" % len(nobody))

    def _advance(self) -> None:
        while self.has_pending and self._present[self._done][1] in self._over:
            self._done += 1
        if not self.has_pending or self._done < self._released:
            return
        self._release(self._done)

    def _release(self, start: int) -> None:
        seat = self._present[start][0]
        for node, own in self._seat.items():
            if own == seat and node in self._collection and not getattr(node, "shutting_down", False):
                self._release_block(node, seat, start)

    def _release_block(self, node: Any, seat: int, start: int) -> None:
        """Tell the worker whose turn it is its tests up to the next one of another worker, and the one that lets the last of these go."""
        block = self._present[start:]
        for size, (worker, _) in enumerate(block):
            if worker != seat:
                later, block = block[size:], block[:size]
                break
        else:
            later = []
        tests = [test for _, test in block]
        if needs_sequence(self._present):
            following = [test for worker, test in later if worker == seat]
            tests += following[:1] or [test for worker, test in self._present if worker != seat][:1]
        self._released = start + len(block)
        self._tell(node, tests)

    def _tell(self, node: Any, tests: Sequence[str]) -> None:
        told = self._told[node]
        index_of = {test: index for index, test in enumerate(self._collection[node])}
        fresh = [test for test in tests if test not in told and test in index_of]
        if not fresh:
            return
        try:
            node.send_runtest_some([index_of[test] for test in fresh])
        except OSError:  # it has died, which xdist will tell next; its own schedulers let this end the whole run
            return
        told.update(fresh)
