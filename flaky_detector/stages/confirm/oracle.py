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
    the one before it, on another worker, is still running. What is to be collected `anew` was not collected before this was asked.
    `beside` are numbers of starts or collections of which one is to answer, if it still can. What is asked `for_all` victims at once is
    answered once: whoever asks again is told the same.
    """

    order: Order
    python: str = ""
    collect: tuple[str, ...] = ()
    together: bool = False
    anew: bool = False
    beside: frozenset[int] = frozenset()
    for_all: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What happened: the executions, in the order in which they really ran.

    `executed` is False where the order could not be run as asked (a test was not collected, the process died before the last
    step, time ran out); `gaps` say why. `timed_out` tells a hang. `imports` are what files left different when they were imported.
    `start` is the number of the process that was started and that this answer's process is a fork of: what chance decided when it started,
    all answers of this number have in common. 0 where the process was started for this question alone. `collection` is the number of the
    process that had collected the files already, likewise; 0 where that was done for this question alone.
    """

    executions: tuple[Execution, ...] = ()
    executed: bool = True
    timed_out: bool = False
    seconds: float = 0.0
    processes: int = 1
    imports: tuple[Imported, ...] = ()
    gaps: tuple[Gap, ...] = ()
    start: int = 0
    collection: int = 0


class Walking(msgspec.Struct, frozen=True, kw_only=True):
    """An order to walk along, in one process: after which of its tests do the last `tail` of them begin to fail?

    `raised` are bare names of exceptions that count as failing, any where there is none. `test_seconds` is what one of the tests before
    the tail takes, `tail_seconds` what the tail takes, as far as is known. What is tried leaves nothing behind.
    """

    order: Order
    tail: int = 1
    python: str = ""
    raised: tuple[str, ...] = ()
    test_seconds: float = 0.0
    tail_seconds: float = 0.0


class Walked(msgspec.Struct, frozen=True):
    """Where the tail was seen to fail: after the first `place` steps and not after one less. Or it never failed; then `place` is the
    number of all steps but the tail. Of the last `among` steps up to there it is not known which makes the difference.

    `answer` tells of the tail's tests only. It is what one attempt at this order answers, but that its tests ran in a fork of the process
    that ran those before them.
    """

    place: int
    answer: Answer
    among: int = 1


class Oracle(Protocol):
    """Runs orders. Raises `Interrupted` on Ctrl-C; never raises because a test failed."""

    def walk(self, walking: Walking) -> Walked | None:
        """None where it cannot be done here: by whoever cannot fork, or because the tests leave things running that a fork would share."""

    def ask(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Answers in the order of the questions; may run several at once. Closing the iterator abandons the rest."""
