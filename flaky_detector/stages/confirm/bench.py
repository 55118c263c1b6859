"""Orders made of a victim and some others, and what counts as shown.

Owns the form of every trial: warm-up first on each worker, then the tests in question, the victim last; and the judgement of a tally. Must
not search.

    one process       warm-up · polluter · victim
    two workers       0: warm-up            polluter · writer
                      1:          warm-up                      first · victim
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from flaky_detector.model import Order, Step, TestId, Trial
from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.ledger import Ledger, Tally

SIGNIFICANT = 0.01
MOST_REPEATS = 12


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
    """Where trials of one victim are put together and judged."""

    def __init__(self, docket: Docket, ledger: Ledger, policy: Policy) -> None:
        self.docket = docket
        self.ledger = ledger
        self.policy = policy
        self.victim = docket.symptom.test
        self.warm_up = tuple(test for test in docket.warm_up if test != docket.symptom.test)
        self.tried: list[str] = []

    def alone(self) -> Order:
        """The victim and nothing else."""
        return (Step(0, self.victim),)

    def order(self, cast: Cast) -> Order:
        """The victim after the cast, warm-ups first: in one process, or after both workers have set their databases up.

        One test cannot run on two workers: a single warm-up goes to the victim's, whose database must stand before anything crosses over.
        """
        warm = self.warm_up
        if cast.others:
            first = [Step(worker, test) for worker, test in zip((0, 1) if len(warm) > 1 else (1,), warm, strict=False)]
            first += [Step(0, test) for test in cast.others]
        else:
            first = [Step(0, test) for test in warm[:1]]
        home = int(bool(cast.others))
        return tuple(dict.fromkeys((*first, *(Step(home, test) for test in cast.own), Step(home, self.victim))))

    def known(self) -> list[Cast]:
        """Sets that were proven for the same family and may be this victim's too."""
        casts = []
        for order in self.docket.known:
            home = max(step.worker for step in order)
            others, own = (tuple(step.test for step in order if (step.worker == home) is side) for side in (False, True))
            if self.victim not in (*others, *own):
                casts.append(Cast(others, own))
        return casts

    def first_questions(self) -> Tally:
        """How the victim ends alone, repeated; in the same go the other questions that are nearly always asked next."""
        wanted = [(self.alone(), "alone", self.policy.repeats)]
        if self.warm_up:
            wanted.append((self.order(Cast()), "warm-up", 1))
        wanted += [(self.order(cast), "search", self.policy.repeats) for cast in self.known()[:1]]
        return self.ledger.attempt_all(wanted)[0]

    def candidates(self, tests: Sequence[TestId]) -> list[TestId]:
        """Those that can be the cause: not the victim, nor a warm-up, which runs in every trial anyhow."""
        return [test for test in tests if test != self.victim and test not in self.warm_up]

    def clear_warm_up(self, times: int) -> bool:
        """Whether the victim passes after the warm-up alone; one that breaks it is none, and is dropped."""
        if not self.warm_up:
            return True
        tally = self.ledger.attempt([self.order(Cast())], "warm-up", times)[0]
        if tally.passed == tally.attempts:
            return True
        self.warm_up = ()
        return False

    def shows(self, cast: Cast) -> bool:
        """Whether one attempt after the cast fails with the signature."""
        return self.ledger.attempt([self.order(cast)], "search")[0].same > 0

    def passes(self, cast: Cast) -> bool:
        """Whether one attempt after the cast passes."""
        return self.ledger.attempt([self.order(cast)], "search")[0].passed > 0

    def establish(self, cast: Cast, alone: Tally, times: int) -> Cast | None:
        """The part of the cast that is proven: with it the victim fails time and again, and without any one of it, it does not.

        A single trial can mislead the search; here each member is left out `times` times, and whoever is not missed is dropped. None where
        nothing is left, or the failure does not hold.
        """
        while cast.accused and self.holds(self.order(cast), alone):
            spare = self._spare(cast, times)
            if spare is None:
                return cast
            cast = cast.without(spare)
        return None

    def _spare(self, cast: Cast, times: int) -> TestId | None:
        """A member without which the victim fails as well."""
        members = (*cast.others, *cast.own)
        tallies = self.ledger.attempt([self.order(cast.without(member)) for member in members], "without", times)
        return next((member for member, tally in zip(members, tallies, strict=True) if tally.same), None)

    def holds(self, order: Order, alone: Tally) -> bool:
        """Whether the order fails with the signature time and again, where the victim alone does not.

        Every attempt must fail so. Where only some do, more attempts are made at both, and Fisher's exact test decides (one-sided, at 1 %).
        """
        tally = self.ledger.attempt([order], "after-polluter", self.policy.repeats)[0]
        if tally.same == tally.attempts:
            return True
        if not tally.same:
            return False
        for times in range(2 * self.policy.repeats, MOST_REPEATS + 1, self.policy.repeats):
            tally, alone = self.ledger.attempt([order], "after-polluter", times)[0], self.ledger.attempt([self.alone()], "alone", times)[0]
            if alone.same == 0 and chance_of(tally, alone) < SIGNIFICANT:
                return True
        return False

    def trials(self) -> tuple[Trial, ...]:
        """Everything asked so far."""
        return self.ledger.trials()


def chance_of(tally: Tally, alone: Tally) -> float:
    """Fisher's exact test, one-sided: how likely are so many failures in `tally` if both orders fail equally often."""
    n, m, failures = tally.attempts, alone.attempts, tally.same + alone.same
    whole = math.comb(n + m, failures)
    return sum(math.comb(n, k) * math.comb(m, failures - k) for k in range(tally.same, min(n, failures) + 1)) / whole
