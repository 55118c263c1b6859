"""Who answers the question "what happens in this order?".

Owns the protocol between the search and whatever runs tests. Must not know how they are run: a fresh process each, a fork, or an
in-memory suite in a test.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from flaky_detector.model import Execution, Gap, Imported, Order


class Question(msgspec.Struct, frozen=True):
    """An order to run, in a fresh copy of the tree, with a process for each worker and databases of its own.

    `collect` are files to be collected, and so imported, beside those of the order's tests. `together` lets the last step begin while
    the one before it, on another worker, is still running.
    """

    order: Order
    python: str = ""
    collect: tuple[str, ...] = ()
    together: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What happened: the executions, in the order in which they really ran.

    `executed` is False where the order could not be run as asked (a test was not collected, the process died before the last
    step, time ran out); `gaps` say why. `timed_out` tells a hang. `imports` are what files left different when they were imported.
    """

    executions: tuple[Execution, ...] = ()
    executed: bool = True
    timed_out: bool = False
    seconds: float = 0.0
    processes: int = 1
    imports: tuple[Imported, ...] = ()
    gaps: tuple[Gap, ...] = ()


class Oracle(Protocol):
    """Runs orders. Raises `Interrupted` on Ctrl-C; never raises because a test failed."""

    def ask(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Answers in the order of the questions; may run several at once. Closing the iterator abandons the rest."""
