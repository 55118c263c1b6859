"""Questions made of a victim and some others, and what counts as shown.

Owns the form of every trial: warm-up first on each worker, then the tests in question, the victim last; and the judgement of a tally. Must
not search.

    one process       warm-up · polluter · victim
    two workers       0: warm-up            polluter · writer
                      1:          warm-up                      first · victim

How many attempts a proof takes: the chance that a test which fails at random, say half of the time, passes n times alone and then fails m
times after an innocent is 1 / 2^(n + m). Where state or names speak against the suspect, `repeats` of each will do; where nothing but the
order does, `EXTRA` more: that he was proven for another victim of the family is no reason, for families of failures that no rule knows are
loose. As soon as one question has had two answers, chance is at work, and only a test of significance decides.
"""

import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import NamedTuple

from flaky_detector.model import Order, Step, TestId, Trial, path_of
from flaky_detector.rules import explains
from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.ledger import Ledger, Tally
from flaky_detector.stages.confirm.oracle import Question

SIGNIFICANT = 0.003
MOST_REPEATS = 30
EXTRA = 2
FIRST = 2
LEAST_FELLOWS = 3
"""Two runs that ask for all who failed are fewer than a run for each."""
MISSED, MOST_TRIES = 0.03, 8


class Cast(NamedTuple):
    """Tests that may make the victim fail: those on another worker, and those on its own; each in its own order."""

    others: tuple[TestId, ...] = ()
    own: tuple[TestId, ...] = ()

    @property
    def accused(self) -> tuple[TestId, ...]:
        """Who is named: across workers those of the other one, for what crossed over came from them."""
        return self.others or self.own

    def without(self, test: TestId) -> "Cast":
        """All but one."""
        return Cast(tuple(other for other in self.others if other != test), tuple(other for other in self.own if other != test))


class Bench:
    """Where trials of one victim are put together and judged.

    `is_patient` takes it that the failure may be a rare one.
    """

    def __init__(self, docket: Docket, ledger: Ledger, policy: Policy) -> None:
        self.docket = docket
        self.ledger = ledger
        self.policy = policy
        self.victim = docket.symptom.test
        self.warm_up = tuple(test for test in docket.warm_up if test != docket.symptom.test)
        self.tried: list[str] = []
        self.is_patient = False

    def alone(self) -> Question:
        """The victim and nothing else."""
        return Question((Step(0, self.victim),), self.docket.python)

    def order(self, cast: Cast, *, across: bool = False) -> Order:
        """The victim after the cast, warm-ups first: in one process, or after both workers have set their databases up.

        One test cannot run on two workers: a single warm-up goes to the victim's, whose database must stand before anything crosses over.
        With `across` it takes two workers although nobody of the cast is on the other one: an idle test stands in.
        """
        warm = self.warm_up
        others = cast.others or ((self.docket.idle,) if across and self.docket.idle else ())
        if others:
            first = [Step(worker, test) for worker, test in zip((0, 1) if len(warm) > 1 else (1,), warm, strict=False)]
            first += [Step(0, test) for test in others]
        else:
            first = [Step(0, test) for test in warm[:1]]
        home = int(bool(others))
        return tuple(dict.fromkeys((*first, *(Step(home, test) for test in cast.own), Step(home, self.victim))))

    def question(self, cast: Cast, *, across: bool = False) -> Question:
        """The same, to be asked."""
        return Question(self.order(cast, across=across), self.docket.python)

    def for_all(self, without: AbstractSet[TestId] = frozenset()) -> list[Question]:
        """Two questions for all who failed: do they pass after everybody else, in the suite's own sequence, and in the reverse?

        Nobody of `without` runs. None where few failed. Two who failed have met in one of both at least, whichever has to come first.
        """
        everything = [test for test in self.docket.everything if test not in without]
        fellows = set(self.docket.fellows).intersection(everything)
        if len(fellows) < LEAST_FELLOWS or self.victim not in fellows:
            return []
        ways = [sorted(way, key=lambda test: test in fellows) for way in (everything, everything[::-1])]
        return [Question(tuple(Step(0, test) for test in way), self.docket.python, for_all=True) for way in ways]

    def in_its_place(self, without: AbstractSet[TestId]) -> list[Question]:
        """The same for the worker's whole run in which it failed: everybody in his place, but for those of `without`."""
        run = [test for test in (*self.docket.failing, *self.docket.failing_on) if test not in without]
        if len(set(self.docket.fellows).intersection(run)) < LEAST_FELLOWS or self.victim not in run:
            return []
        return [Question(tuple(Step(0, test) for test in run), self.docket.python, for_all=True)]

    def known(self, orders: Sequence[Order]) -> list[Cast]:
        """Sets that were proven for other victims and may be this one's too."""
        casts = []
        for order in orders:
            home = max(step.worker for step in order)
            others, own = (tuple(step.test for step in order if (step.worker == home) is side) for side in (False, True))
            if self.victim not in (*others, *own):
                casts.append(Cast(others, own))
        return casts

    def first_questions(self) -> Tally:
        """How the victim ends alone, repeated; in the same go the other questions that are nearly always asked next.

        Where others of its family were broken, and it never passed either, one failure will do.
        """
        if self.docket.is_kin_broken and not self.docket.symptom.passing:
            tally = self.ledger.attempt([self.alone()], "alone")[0]
            if tally.same:
                return tally
        wanted = [(self.alone(), "alone", self.policy.repeats)]
        if self.warm_up:
            wanted.append((self.question(Cast()), "warm-up", 1))
        wanted += [(self.question(cast), "search", self.policy.repeats) for cast in self.known(self.docket.known)[:1]]
        return self.ledger.attempt_all(wanted)[0]

    def candidates(self, tests: Sequence[TestId]) -> list[TestId]:
        """Those that can be the cause: not the victim, nor a warm-up, which runs in every trial anyhow."""
        return [test for test in dict.fromkeys(tests) if test != self.victim and test not in self.warm_up]

    def clear_warm_up(self, times: int) -> bool:
        """Whether the victim passes after the warm-up alone; one that breaks it is none, and is dropped."""
        if not self.warm_up:
            return True
        tally = self.ledger.attempt([self.question(Cast())], "warm-up", times)[0]
        if tally.passed == tally.attempts:
            return True
        self.warm_up = ()
        return False

    @property
    def rate(self) -> float:
        """How often it fails where it sometimes does; 1.0 as long as every question has had one answer."""
        mixed = [tally for tally in self.ledger.tallies.values() if tally.same and tally.passed]
        return sum(tally.same for tally in mixed) / sum(tally.same + tally.passed for tally in mixed) if mixed else 1.0

    @property
    def tries(self) -> int:
        """How often a question must be asked until a failure that can happen is missed by `MISSED` of all searches at most.

        A bench that is patient takes it that the failure may be a rare one although nothing has shown that.
        """
        return MOST_TRIES if self.is_patient else tries_for(self.rate)

    def shows(self, cast: Cast, times: int = 0) -> bool:
        """Whether an attempt after the cast fails with the signature: the first, or one of as many as the rate asks for."""
        return self.asks(self.question(cast), times or self.tries)

    def asks(self, question: Question, times: int) -> bool:
        """Whether one of so many attempts fails with the signature; no more are made than that takes."""
        tally = self.ledger.attempt([question], "search")[0]
        while not tally.same and tally.attempts < times:
            self.ledger.attempt([question], "search", min(times, tally.attempts + self.policy.jobs))
        return tally.same > 0

    def passes(self, cast: Cast) -> bool:
        """Whether an attempt after the cast passes."""
        return self.ledger.attempt([self.question(cast)], "search")[0].passed > 0

    def needed(self, cast: Cast) -> int:
        """How many attempts at each side of a proof."""
        if self.docket.symptom.signature.rule != "fallback":
            return self.policy.repeats
        reasons = {reason.kind for one in self.docket.suspects for reason in one.evidence if one.test in cast.accused}
        return self.policy.repeats + (0 if reasons & {"state", "tree"} or self._has_left_it(cast) else EXTRA)

    def _has_left_it(self, cast: Cast) -> bool:
        """Whether somebody of the cast was seen in a trial to leave what the failure speaks of."""
        left = [change for test in cast.own for change in self.ledger.left.get(test, {}).values()]
        return any(explains(self.docket.symptom, change) for change in left)

    def establish(self, cast: Cast, times: int) -> Cast | None:
        """The part of the cast that is proven: with it the victim fails time and again, and without any one of it, it passes.

        A single trial can mislead the search; here each member is left out `times` times, and whoever is not missed is dropped. None where
        nothing is left, the failure does not hold, or the victim ends in yet another way without somebody.
        """
        while cast.accused and self.holds(self.question(cast), self.alone(), partial(self.needed, cast)):
            members = (*cast.others, *cast.own) if times else ()
            tallies = self._left_out(cast, members, max(times, self._times_by_chance(cast)))
            spare = next((member for member, tally in zip(members, tallies, strict=True) if tally.same), None)
            if spare is None:
                return cast if all(tally.passed == tally.attempts for tally in tallies) and self.is_no_chance_of_imports(cast) else None
            cast = cast.without(spare)
        return None

    def importing(self, files: Sequence[str], *, anew: bool = False) -> Question:
        """The victim where these files are imported and none of their tests runs."""
        return Question(self.order(Cast()), self.docket.python, collect=tuple(files), anew=anew)

    def is_no_chance_of_imports(self, cast: Cast) -> bool:
        """Whether what the cast does to the victim cannot be what chance decided when their files were imported.

        Trials that collect the same files are forked from a process that has collected them: addresses, numbers drawn and the like they
        have in common. So a control, that runs none of the cast, is asked in two such processes that the cast was tried in. Where it ends
        as the cast does, importing may be enough; that has to hold wherever the files are imported anew.
        """
        seen = self.ledger.tallies[self.question(cast)]
        if not seen.collections:
            return True
        files = [path for path in dict.fromkeys(map(path_of, cast.own)) if path != path_of(self.victim)]
        control = self.ledger.attempt([self.importing(files)], "search", 0)[0]
        if not self.ledger.pair(self.question(cast), [self.importing(files)], lambda tally: tally.collections):
            return False
        likewise, otherwise = (control.same, control.passed) if seen.same else (control.passed, control.same)
        if otherwise or not likewise:
            return otherwise == control.attempts
        control = self.ledger.attempt([self.importing(files, anew=True)], "search", self.policy.repeats + EXTRA)[0]
        return control.attempts == (control.same if seen.same else control.passed)

    def _times_by_chance(self, cast: Cast) -> int:
        """As often as the cast itself was tried, where it fails only sometimes: a member must not seem needed by luck."""
        tally = self.ledger.tallies[self.question(cast)]
        return max(self.tries, tally.attempts if tally.passed else 0)

    def _left_out(self, cast: Cast, members: Sequence[TestId], times: int) -> list[Tally]:
        """The trials without each member; two workers stay two, for a worker's death reads otherwise in one process."""
        questions = [self.question(cast.without(member), across=bool(cast.others)) for member in members]
        tallies = self.ledger.attempt(questions, "without", times)
        self.ledger.pair(self.question(cast), questions)
        return tallies

    def holds(self, question: Question, control: Question, wants: Callable[[], int], role: str = "after-polluter") -> bool:
        """Whether the question shows the failure time and again, where the control passes; how often, `wants` says once it was shown.

        Every attempt must fail so. Where only some do, more attempts are made at both, and Fisher's exact test decides (one-sided).
        """
        tally, other = (self.ledger.tallies.setdefault(one, Tally()) for one in (question, control))
        if not tally.same and not self._differ(question, control, role, min(FIRST, wants())):
            return False
        needed = wants()
        if not self._differ(question, control, role, needed):
            return False
        self.ledger.pair(question, [control])
        if other.passed != other.attempts:
            return False
        if tally.same == tally.attempts:
            return True
        for times in range(2 * needed, MOST_REPEATS + 1, needed):
            if not self._differ(question, control, role, times):
                return False
            if chance_of(tally, other) < SIGNIFICANT:
                return True
        return False

    def _differ(self, question: Question, control: Question, role: str, times: int) -> bool:
        """Whether, of so many attempts at each, some fail at the question and none at its control."""
        tally, other = self.ledger.attempt_all([(question, role, times), (control, "alone", times)])
        return other.passed == other.attempts and tally.same > 0

    def trials(self) -> tuple[Trial, ...]:
        """Everything asked so far."""
        return self.ledger.trials()


def tries_for(rate: float) -> int:
    """So many attempts miss a failure that happens at this rate in `MISSED` of all cases."""
    return 1 if rate >= 1.0 else min(MOST_TRIES, math.ceil(math.log(MISSED) / math.log(1 - rate)))


def chance_of(tally: Tally, alone: Tally) -> float:
    """Fisher's exact test, one-sided: how likely are so many failures in `tally` if both orders fail equally often."""
    n, m, failures = tally.attempts, alone.attempts, tally.same + alone.same
    whole = math.comb(n + m, failures)
    return sum(math.comb(n, k) * math.comb(m, failures - k) for k in range(tally.same, min(n, failures) + 1)) / whole


def tests_of(question: Question) -> list[TestId]:
    """In the sequence in which they are asked for."""
    return [step.test for step in question.order]


def was_executed(tally: Tally) -> bool:
    """Whether the last attempt ran what was asked."""
    return tally.last is not None and tally.last.executed
