"""A forced order: read from its file, and applied to what was collected.

Owns the order file and the selection. How several workers keep to the order is `sequence`'s affair.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence


class BadOrderError(Exception):
    """The order file cannot be used; the text says why."""


class Steps:
    """The steps of an order: pairs of worker index and test id. A test that is named twice runs once, at its first place.

    Those in `together`, given by their places, begin while the one before them is running on another worker.
    """

    def __init__(self, steps: Sequence[tuple[int, str]], together: Sequence[int] = ()) -> None:
        self.together = frozenset(steps[place][1] for place in together)
        first: dict[str, int] = {}
        for worker, test in steps:
            first.setdefault(test, worker)
        self.repeated = len(steps) - len(first)
        self.worker_of = first

    @property
    def tests(self) -> list[str]:
        """All tests, in the sequence in which they are to run."""
        return list(self.worker_of)

    def present(self, collected: Container[str]) -> list[tuple[int, str]]:
        """The steps whose tests were collected."""
        return [(worker, test) for test, worker in self.worker_of.items() if test in collected]


def read_order(path: str) -> Steps:
    """The steps of an order file.

    Raises:
        BadOrderError: it is missing, unreadable or of another form.
    """
    try:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        if content["v"] != wire.VERSION:
            raise BadOrderError("the order file %s is of version %r, this recorder reads %r" % (path, content["v"], wire.VERSION))
        together = [int(place) for place in content.get("together", ())]
        return Steps([(int(worker), str(test)) for worker, test in content["steps"]], together)
    except OSError as error:
        raise BadOrderError("the order file cannot be read: %s" % error) from None
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise BadOrderError("the order file %s is not of the form {'v': 1, 'steps': [[0, 'id'], …]}: %r" % (path, error)) from None


def apply(steps: Steps, items: list[Any], name_of: Callable[[Any], str]) -> tuple[list[Any], list[str]]:
    """Put `items` into the order, in place.

    Returns:
        the items that the order does not name, which were taken out, and the tests that were not collected.
    """
    by_name: dict[str, Any] = {}
    for item in items:
        by_name.setdefault(name_of(item), item)
    chosen = [by_name[test] for test in steps.tests if test in by_name]
    taken = {id(item) for item in chosen}
    deselected = [item for item in items if id(item) not in taken]
    items[:] = chosen
    return deselected, [test for test in steps.tests if test not in by_name]


def deviation(steps: Steps, worker: str, collected: Sequence[str], executed: Sequence[str]) -> str:
    """How far a worker kept to the order, in words; empty where it did.

    Args:
        worker: `main`, which runs the steps of all workers, or xdist's `gw0` and so on.
        collected: the tests that it was to choose from.
        executed: those that it ran, in sequence; it may have stopped early.
    """
    number = worker[2:] if worker.startswith("gw") else ""
    own = [test for index, test in steps.present(collected) if not number or str(index) == number]
    if own[: len(executed)] == list(executed):
        return ""
    at = next(index for index, test in enumerate(executed) if own[index : index + 1] != [test])
    return "the forced order was not kept: position %d ran %s instead of %s" % (at, executed[at], "".join(own[at : at + 1]) or "nothing")


def needs_sequence(present: Sequence[tuple[int, str]]) -> bool:
    """Whether more than one worker takes part, so that they have to wait for one another."""
    return len({worker for worker, _ in present}) > 1
