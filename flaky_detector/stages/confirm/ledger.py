"""What has been asked of the oracle, and what it said.

Owns the counting of trials, the bound on them, and the reading of an answer: same failure, passed, or something else. Every question of
the prover goes through this one door.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from flaky_detector.model import Execution, Gap, Outcome, Signature, StateChange, TestId, Trial
from flaky_detector.rules import rule_of, signatures_of
from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.oracle import Answer, Oracle, Question, Walking

REPLACED = {"after-polluter": ("search", "without"), "after-state-setter": ("search", "without")}
"""Roles of a question that give way to another, where not only `search` does: what was a control of a larger set is then the proof."""


MOST_ROUNDS = 6
LEAST_IN_COMMON = 2


class OutOfBudgetError(Exception):
    """Time or trials are used up; the prover answers with the best so far."""


class Tally(msgspec.Struct):
    """How an order ended, over its attempts; `starts` and `collections` are those that more than one question was asked in."""

    same: int = 0
    passed: int = 0
    other: int = 0
    last: Answer | None = None
    starts: set[int] = msgspec.field(default_factory=set)
    collections: set[int] = msgspec.field(default_factory=set)

    @property
    def attempts(self) -> int:
        return self.same + self.passed + self.other


Share = Callable[[Tally], set[int]]


def starts_of(tally: Tally) -> set[int]:
    """What both sides of a proof have in common."""
    return tally.starts


class Ledger:
    """The door to the oracle for one victim.

    Args:
        oracle: who runs the orders.
        docket: the victim, always the last step of an order, and its signature: any other failure is `other` and proves nothing.
        policy: the deadline, after which nothing more is asked.

    `left` is what tests left behind in trials; `cleared` are things that the victim changes itself, or that were changed before it passed.
    """

    def __init__(self, oracle: Oracle, docket: Docket, policy: Policy) -> None:
        self.oracle = oracle
        self.docket = docket
        self.policy = policy
        self.victim = docket.symptom.test
        self.tallies: dict[Question, Tally] = {}
        self.roles: dict[Question, str] = {}
        self.gaps: list[Gap] = []
        self.left: dict[TestId, dict[tuple[str, str], StateChange]] = {}
        self.cleared: set[tuple[str, str]] = set()
        self.left_by_import: dict[str, dict[tuple[str, str], StateChange]] = {}

    def attempt(self, questions: Sequence[Question], role: str, times: int = 1) -> list[Tally]:
        """Ask each question until it has `times` attempts; the tallies, in the same sequence.

        What was asked before is not asked again beyond what is missing.
        """
        return self.attempt_all([(question, role, times) for question in questions])

    def attempt_all(self, wanted: Sequence[tuple[Question, str, int]]) -> list[Tally]:
        """The same for questions with roles and times of their own, in one go, so that they can run side by side."""
        missing: list[Question] = []
        for question, role, times in wanted:
            tally = self.tallies.setdefault(question, Tally())
            if self.roles.setdefault(question, role) in REPLACED.get(role, ("search",)):
                self.roles[question] = role
            missing += [question] * max(times - tally.attempts - missing.count(question), 0)
        self._ask([(question, question) for question in missing])
        return [self.tallies[question] for question, _, _ in wanted]

    def pair(self, question: Question, controls: Sequence[Question], share: Share = starts_of) -> bool:
        """Ask the controls again until each has two starts (or what they are to share) in common with the question, or its only one.

        What differs between a question and its control must not be that they had different starts. A start may have ended meanwhile; then
        both are asked once more. False where that did not help, time after time.
        """
        for number in range(MOST_ROUNDS):
            had = share(self.tallies[question])
            common = {control: had & share(self.tallies[control]) for control in controls}
            apart = [control for control in controls if len(common[control]) < min(LEAST_IN_COMMON, len(had))]
            if not apart:
                return True
            asked = [(question, question)] if number else []
            for control in apart:
                missing = sorted(had - common[control])[len(common[control]) - LEAST_IN_COMMON :]  # the latest are most likely there
                asked += [(control, replace(control, beside=frozenset((one,)))) for one in missing]
            self._ask(asked)
        return False

    def walk(self, walking: Walking) -> tuple[int, int] | None:
        """After how many steps the tail begins to fail as the victim does, and among how many up to there the step is that does it.

        None where it does not fail, or not so, or nobody can tell.

        What was seen on the way counts as an attempt at the order up to there.
        """
        self._check_budget()
        walked = self.oracle.walk(walking)
        if walked is None or self._read(walked.answer) != "same":
            return None  # that it passed in a fork proves nothing: a trial of its own is asked for
        question = Question((*walking.order[: walked.place], *walking.order[-walking.tail :]), walking.python)
        tally = self.tallies.setdefault(question, Tally())
        self.roles.setdefault(question, "search")
        before = tally.same
        self._count(tally, walked.answer)
        return (walked.place, walked.among) if tally.same > before else None

    def _check_budget(self) -> None:
        if self.policy.seconds_left < 0:
            raise OutOfBudgetError

    def _ask(self, asked: Sequence[tuple[Question, Question]]) -> None:
        """Pairs of a question, for which the answer counts, and what is asked for it."""
        if not asked:
            return
        self._check_budget()
        answers = self.oracle.ask([words for _, words in asked])
        for (question, _), answer in zip(asked, answers, strict=False):
            self._count(self.tallies[question], answer)
            if self.policy.seconds_left < 0:
                close: Callable[[], None] | None = getattr(answers, "close", None)
                if close:
                    close()
                raise OutOfBudgetError

    def _count(self, tally: Tally, answer: Answer) -> None:
        verdict = self._read(answer)
        tally.same += verdict == "same"
        tally.passed += verdict == "passed"
        tally.other += verdict == "other"
        tally.last = answer
        tally.starts |= {answer.start} - {0}
        tally.collections |= {answer.collection} - {0}
        for row in answer.executions:
            if row.state and row.test != self.victim:
                self.left.setdefault(row.test, {}).update({(change.kind, change.key): change for change in row.state})
            if row.test == self.victim or verdict == "passed":
                self.cleared.update((change.kind, change.key) for change in row.state)
        for imported in answer.imports:
            self.left_by_import.setdefault(imported.path, {}).update({(change.kind, change.key): change for change in imported.state})
        self.gaps += [gap for gap in answer.gaps if gap not in self.gaps]

    def _read(self, answer: Answer) -> str:
        execution = self.end_of(answer)
        if execution is None or not answer.executed:
            return "other"
        if execution.outcome.is_failure:
            found = signatures_of(execution, self.docket.app_labels)
            return "same" if any(self._is_the_same(signature, answer) for signature in found) else "other"
        return "passed" if execution.outcome in (Outcome.PASSED, Outcome.XPASSED, Outcome.XFAILED) else "other"

    def _is_the_same(self, signature: Signature, answer: Answer) -> bool:
        """Whether it is the failure that is being explained.

        The thing that it is about may be another one where another polluter did it: the table of `b.Rollup` instead of that of
        `b.Visit`. Then it must be the very thing that a test of this trial was seen to leave in its process.
        """
        expected = self.docket.symptom.signature
        if any(known.matches(signature) or known.is_like(signature) for known in (expected, *self.docket.symptom.also)):
            return True
        if not signature.resources or not expected.matches(replace(signature, resources=expected.resources)):
            return False
        left = [change for row in answer.executions if row.test != self.victim for change in row.state if change.kind != "file"]
        return any(rule_of(signature.rule).explains(signature, change) for change in left)

    def end_of(self, answer: Answer) -> Execution | None:
        """How the victim ended: its last execution."""
        return next((row for row in reversed(answer.executions) if row.test == self.victim), None)

    def trials(self) -> tuple[Trial, ...]:
        """Everything that was asked for this victim, in sequence; not what was asked for all, whose orders would stand with each."""
        return tuple(
            Trial(
                order=question.order,
                role=self.roles[question],
                collect=question.collect,
                together=question.together,
                same=tally.same,
                passed=tally.passed,
                other=tally.other,
            )
            for question, tally in self.tallies.items()
            if tally.attempts and not question.for_all
        )

    @property
    def count(self) -> int:
        """Number of trials so far."""
        return sum(tally.attempts for tally in self.tallies.values())
