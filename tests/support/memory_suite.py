"""A suite that exists in memory only: what each test leaves behind, what makes a test fail. An oracle for tests of the prover."""

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from flaky_detector.model import Execution, Failure, Order, Outcome, Signature, StateChange, Symptom, TestId, path_of
from flaky_detector.rules import signatures_of
from flaky_detector.stages.confirm import Answer, Question, Walked, Walking

Fails = Callable[[list[tuple[int, str]], int], bool]
"""Whether the victim fails: what ran before it as (worker, test), and which attempt at this order it is (from 0)."""

FAILURE = Failure(
    phase="call", exception="AssertionError", message="assert 1 == 2", raised_at="test_v.py:test_v", test_frame="test_v.py:test_v"
)
OTHER = Failure(
    phase="setup", exception="ValueError", message="no such thing", raised_at="conftest.py:thing", test_frame="conftest.py:thing"
)


def signature_of(failure: Failure = FAILURE, test: str = "test_v.py::test_v") -> Signature:
    """The signature that the rules give a failure."""
    return signatures_of(execution(test, failure))[0]


def execution(test: str, failure: Failure | None, position: int = 0, worker: str = "main") -> Execution:
    """One execution that failed with `failure`, or passed."""
    outcome = Outcome.FAILED if failure else Outcome.PASSED
    return Execution(test=TestId(test), worker=worker, position=position, outcome=outcome, failures=(failure,) if failure else ())


def symptom(test: str = "test_v.py::test_v", **members: object) -> Symptom:
    """A symptom of the victim, failing somewhere."""
    return Symptom(test=TestId(test), signature=signature_of(), **{"failing": (), **members})  # type: ignore[arg-type]


def _files(question: Question) -> tuple[str, ...]:
    return tuple(sorted({*question.collect, *(path_of(step.test) for step in question.order)}))


class MemorySuite:
    """Answers questions by a rule, and remembers what was asked.

    `draws` says what chance decides when files are imported, by their names and the number of the process: whether the victim fails.
    """

    def __init__(self, fails: Fails, failure: Failure = FAILURE) -> None:
        self.fails = fails
        self.failure = failure
        self.asked: list[Order] = []
        self.questions: list[Question] = []
        self.imports: Callable[[set[str]], bool] = lambda files: False
        self.conflicts: Callable[[str], bool] = lambda test: False
        self.otherwise: Callable[[list[tuple[int, str]]], bool] = lambda prefix: False
        self.passes_on = ""
        self.draws: Callable[[tuple[str, ...], int], bool] | None = None
        self.leaves: dict[str, tuple[StateChange, ...]] = {}
        self.walks = False
        self.walks_among = 1
        self.walked: list[int] = []
        self.walkings: list[int] = []

    def ask(self, questions: Sequence[Question]) -> Iterator[Answer]:
        for question in questions:
            attempt = self.asked.count(question.order)
            self.asked.append(question.order)
            before = [(step.worker, str(step.test)) for step in question.order[:-1]]
            victim = question.order[-1]
            rows = [execution(step.test, None, place, f"gw{step.worker}") for place, step in enumerate(question.order[:-1])]
            self.questions.append(question)
            files = {*question.collect, *(path_of(step.test) for step in question.order)}
            together = question.together and self.conflicts(before[-1][1])
            collection = self._collection(question, files)
            drawn = self.draws is not None and self.draws(tuple(sorted(files)), collection)
            fails = self.fails(before, attempt) or self.imports(files) or together or drawn
            failure = OTHER if self.otherwise(before) else self.failure if fails else None
            if self.passes_on and question.python == self.passes_on:
                failure = None
            rows.append(execution(victim.test, failure, len(rows), f"gw{victim.worker}"))
            told = tuple(replace(row, state=self.leaves.get(row.test, ())) for row in rows)
            yield Answer(executions=told, collection=0 if question.anew else collection)

    def _collection(self, question: Question, files: set[str]) -> int:
        """Two processes have collected the same files, and are asked in turn; one that is to collect anew is another each time."""
        if self.draws is None:
            return 0
        key = tuple(sorted(files))
        if question.beside:
            return next(iter(question.beside))
        number = sum(other.anew == question.anew and _files(other) == key for other in self.questions)
        return 100 + number if question.anew else 10 * len(key) + number % 2

    def walk(self, walking: Walking) -> Walked | None:
        if not self.walks:
            return None
        self.walked.append(len(walking.order))
        self.walkings.append(walking)
        tail = walking.order[-walking.tail :]
        steps = walking.order[: -walking.tail]
        for place in range(1, len(steps) + 1):
            before = [(step.worker, str(step.test)) for step in (*steps[:place], *tail[:-1])]
            if self.fails(before, len(self.walked) - 1) or place == len(steps):
                failure = self.failure if self.fails(before, len(self.walked) - 1) else None
                rows = [execution(step.test, None, place + number) for number, step in enumerate(tail[:-1])]
                stop = min(len(steps), -(-place // self.walks_among) * self.walks_among)
                answer = Answer(executions=(*rows, execution(tail[-1].test, failure, stop + len(rows))))
                return Walked(stop, answer, among=stop - (place - 1) // self.walks_among * self.walks_among)
        return None

    @property
    def orders(self) -> list[list[str]]:
        """What was asked, as names."""
        return [[step.test for step in order] for order in self.asked]
