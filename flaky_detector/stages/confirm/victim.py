"""Who makes it fail? The search for polluters of a test that passes alone.

Owns the sequence of guesses, cheapest first: sets that were proven for the same family, the best suspects singly, the failing
order and its smallest part, tests that ran beside it, the same across two workers. Everything named went through `Bench.establish`.
"""

from collections.abc import Callable, Sequence

import msgspec

from flaky_detector.model import Order, Suspect, TestId, path_of
from flaky_detector.stages.confirm.across import search_across
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.beside import search_beside
from flaky_detector.stages.confirm.imports import first_of, importing_does_it, search_imports
from flaky_detector.stages.confirm.minimise import minimise
from flaky_detector.stages.confirm.walking import walk

MOST_SINGLES = 4
MOST_TOGETHER, MANY_TIMES = 8, 20
MOST_KNOWN_ELSEWHERE = 6
MOST_POLLUTERS_BY_SEARCH = 4
PATIENCE = 4
PATIENT_SHARE = 0.02

Guess = Callable[[], object]


class Found(msgspec.Struct):
    """Sets of tests proven to make the victim fail, each with its order; or the tests with which it conflicts.

    `imported` are files of which the import alone is enough, `cleaners` tests that make it pass nevertheless. `held` are things that many
    tests leave and each of the polluters, and that were held against them.
    """

    casts: list[Cast] = msgspec.field(default_factory=list)
    orders: list[Order] = msgspec.field(default_factory=list)
    counterparts: list[TestId] = msgspec.field(default_factory=list)
    imported: list[str] = msgspec.field(default_factory=list)
    cleaners: list[tuple[TestId, ...]] = msgspec.field(default_factory=list)
    held: set[tuple[str, str]] = msgspec.field(default_factory=set)
    complete: bool = True

    @property
    def polluters(self) -> list[tuple[TestId, ...]]:
        """Who is named."""
        return [cast.accused for cast in self.casts]

    @property
    def is_empty(self) -> bool:
        """Whether nobody was proven."""
        return not self.casts and not self.counterparts

    def add(self, cast: Cast, order: Order) -> None:
        """One set; the first one's order is the one that is shown. A larger set that holds one that is enough is not told."""
        if any(set(known) <= set(cast.accused) for known in self.polluters):
            return
        kept = [number for number, known in enumerate(self.polluters) if not set(cast.accused) < set(known)]
        self.casts = [*(self.casts[number] for number in kept), cast]
        self.orders = [*(self.orders[number] for number in kept), order]


class Search:
    """The search for one victim.

    Args:
        bench: where trials are made.
        found: filled as proofs come in, so that what is known survives the end of the budget.
    """

    def __init__(self, bench: Bench, found: Found) -> None:
        self.bench = bench
        self.docket = bench.docket
        self.repeats = bench.policy.repeats
        self.found = found

    def run(self) -> None:
        """Guess after guess, until somebody is proven."""
        self.bench.clear_warm_up(1)
        here: list[Guess] = [self._try_singly, self._try_together, self._search_failing_order]
        there: list[Guess] = [self._search_across]
        if self._cause_is_elsewhere():
            here, there = there, here
        guesses = [self._try_known, self._try_known_elsewhere, *here, self._search_imports, self._search_beside, *there]
        if not self._guess(guesses) and (self.bench.rate < 1.0 or self._is_quick()):
            self.bench.is_patient = self.bench.rate >= 1.0
            self._guess([self._try_singly, self._search_failing_order])  # now with as many attempts as its rate asks for

    def _guess(self, guesses: Sequence[Guess]) -> bool:
        for guess in guesses:
            guess()
            if not self.found.is_empty:
                return True
        return False

    def prove(self, cast: Cast, times: int) -> bool:
        """Whether the cast, or what of it is needed, is proven; then it is noted."""
        if any(path_of(test) in self.found.imported for test in cast.own):
            return False
        proven = self.bench.establish(cast, times)
        if proven is None:
            return False
        path = importing_does_it(self.bench, proven)
        if path:
            first = first_of(self.bench, path)
            if first not in (None, proven):
                proven = self.bench.establish(first, times) or proven
            self.found.imported.append(path)
            self.bench.tried.append(f"importing {path} is enough: it does not matter which test of that file runs, or whether any does")
        self.found.add(proven, self.bench.order(proven))
        return True

    def _cause_is_elsewhere(self) -> bool:
        """Whether the evidence points to another worker and to nothing as strong on the victim's own."""
        suspects = self.docket.suspects
        return (
            bool(suspects) and suspects[0].worker == "other" and any(reason.kind == "tree" for one in suspects for reason in one.evidence)
        )

    def _try_known(self) -> None:
        self._try_sets(self.bench.known(self.docket.known))

    def _try_known_elsewhere(self) -> None:
        """What broke tests of other families: most polluters have many victims. Only where nothing speaks for somebody else."""
        if not any(reason.kind != "order" for suspect in self.docket.suspects for reason in suspect.evidence):
            self._try_sets([cast for cast in self.bench.known(self.docket.known_elsewhere) if not cast.others][:MOST_KNOWN_ELSEWHERE])

    def _try_sets(self, casts: Sequence[Cast]) -> None:
        for cast in casts:
            if self.bench.shows(cast) and self.prove(cast, times_for(cast)):
                return

    def _try_singly(self) -> None:
        """The best suspects, each alone before the victim: all that have a reason beyond the order, else the few that stand out."""
        own = [suspect for suspect in self.docket.suspects if suspect.worker == "same"]
        chosen = (_reasoned(own) or [suspect.test for suspect in _outstanding(own)])[:MOST_SINGLES]
        self.try_each(chosen)
        if chosen and self.found.is_empty:
            how = "a suspect" if len(chosen) == 1 else f"{len(chosen)} suspects, one at a time,"
            self.bench.tried.append(f"{how} before it: it passed or failed otherwise")

    def _try_together(self) -> None:
        """Those that have a reason beyond the order, where they are few: two that are needed together are among them, then."""
        reasoned = set(_reasoned([suspect for suspect in self.docket.suspects if suspect.worker == "same"]))
        tests = [test for test in self.bench.candidates(self.docket.failing) if test in reasoned]
        if 1 < len(tests) <= max(MOST_TOGETHER, len(self.docket.failing) // MANY_TIMES) and not self.search_within(tests):
            self.bench.tried.append(f"these {len(tests)} suspects together before it: it passed or failed otherwise")

    def try_each(self, tests: Sequence[TestId], *, every: bool = False) -> None:
        """Each of these alone before the victim, until one is proven; with `every`, all of them."""
        casts = [Cast(own=(test,)) for test in self.bench.candidates(tests)[: self.bench.policy.most_singles]]
        for start in range(0, len(casts), max(2, self.bench.policy.jobs)):
            chunk = casts[start : start + max(2, self.bench.policy.jobs)]
            tallies = self.bench.ledger.attempt([self.bench.question(cast) for cast in chunk], "search", self.bench.tries)
            showing = [cast for cast, tally in zip(chunk, tallies, strict=True) if tally.same]
            proven = [cast for cast in showing if self.prove(cast, self.repeats)]
            if proven and not every:
                return

    def _search_failing_order(self) -> None:
        """Replay what its worker ran before it."""
        tests = self.bench.candidates(self.docket.failing)
        if tests and not self.search_within(tests, PATIENCE if self._is_quick() else 1) and self.found.is_empty:
            self.bench.tried.append(
                f"the {len(tests)} tests that its worker ran before it, in one process: it did not fail the same way time and again"
            )

    def _is_quick(self) -> bool:
        """Whether what ran before it can be replayed a few times without much ado."""
        return self.docket.seconds < PATIENT_SHARE * self.bench.policy.seconds_left

    def search_within(self, tests: Sequence[TestId], times: int = 1) -> bool:
        """Whether these tests in this order make it fail; then shrunk to the smallest part that still does, and that is proven.

        It is expected to fail: a walk comes first, for it mostly tells who it is.
        """
        if not tests:
            return False
        whole = Cast(own=tuple(tests))
        cast = walk(self.bench, tests)
        if cast is not None and self.prove(cast, self.repeats):
            return True
        if not self.bench.shows(whole, max(times, self.bench.tries)):
            return False
        place = {test: index for index, test in enumerate(tests)}
        ranked = [place[suspect.test] for suspect in self.docket.suspects if suspect.worker == "same" and suspect.test in place]
        ranked += [index for index in reversed(range(len(tests))) if index not in set(ranked)]
        smallest = minimise(ranked, lambda chosen: self.bench.shows(Cast(own=tuple(tests[index] for index in chosen))))
        return smallest is not None and self.prove(Cast(own=tuple(tests[index] for index in smallest)), self.repeats)

    def _search_imports(self) -> None:
        cast = search_imports(self.bench)
        if cast is not None:
            self.prove(cast, self.repeats)

    def _search_beside(self) -> None:
        self.found.counterparts += search_beside(self.bench)

    def _search_across(self) -> None:
        search_across(self.bench, self.prove)


def _reasoned(suspects: Sequence[Suspect]) -> list[TestId]:
    """Those of whom more is known than that they ran before it."""
    return [suspect.test for suspect in suspects if any(reason.kind != "order" for reason in suspect.evidence)]


def _outstanding(suspects: Sequence[Suspect]) -> list[Suspect]:
    """Those that the order speaks against more than against the rest; nobody, where it speaks against all alike."""
    least = suspects[MOST_SINGLES].score if len(suspects) > MOST_SINGLES else -1.0
    return [suspect for suspect in suspects if suspect.score > least]


def times_for(cast: Cast) -> int:
    """How often each member of a set that was proven before is left out for this victim too.

    Once; never for a chain over two workers, where a trial is dear, every member was proven needed for a victim of the same family, and
    nobody is named who was not.
    """
    return 0 if cast.others else 1
