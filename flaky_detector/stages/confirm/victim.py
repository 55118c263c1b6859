"""Who makes it fail? The search for polluters of a test that passes alone.

Owns the sequence of guesses, cheapest first: sets that were proven for the same family, the best suspects singly, the failing
order and its smallest part, and the same across two workers. Everything named went through `Bench.establish`.
"""

from collections.abc import Callable, Sequence

import msgspec

from flaky_detector.model import Order, StateChange, TestId, path_of
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.ledger import Tally
from flaky_detector.stages.confirm.minimise import minimise

MOST_POLLUTERS_BY_SEARCH = 4

Guess = Callable[[], object]


class Found(msgspec.Struct):
    """Sets of tests proven to make the victim fail, each with its order."""

    polluters: list[tuple[TestId, ...]] = msgspec.field(default_factory=list)
    orders: list[Order] = msgspec.field(default_factory=list)
    complete: bool = True

    def add(self, cast: Cast, order: Order) -> None:
        """One set; the first one's order is the one that is shown."""
        if cast.accused not in self.polluters:
            self.polluters.append(cast.accused)
            self.orders.append(order)


class Search:
    """The search for one victim.

    Args:
        bench: where trials are made.
        alone: how the victim ended alone.
        found: filled as proofs come in, so that what is known survives the end of the budget.
    """

    def __init__(self, bench: Bench, alone: Tally, found: Found) -> None:
        self.bench = bench
        self.docket = bench.docket
        self.repeats = bench.policy.repeats
        self.alone = alone
        self.found = found

    def run(self) -> None:
        """Guess after guess, until somebody is proven."""
        self.bench.clear_warm_up(1)
        elsewhere = self._cause_is_elsewhere()
        here: list[Guess] = [self._try_singly, self._search_failing_order]
        there: list[Guess] = [self._search_across]
        for guess in (self._try_known, *(there + here if elsewhere else here + there)):
            guess()
            if self.found.polluters:
                break
        if self.found.polluters and self.bench.policy.look_further and not self.docket.known and not elsewhere:
            self._look_further()

    def _prove(self, cast: Cast, times: int) -> bool:
        """Whether the cast, or what of it is needed, is proven; then it is noted."""
        proven = self.bench.establish(cast, self.alone, times)
        if proven is not None:
            self.found.add(proven, self.bench.order(proven))
        return proven is not None

    def _cause_is_elsewhere(self) -> bool:
        """Whether the evidence points to another worker and to nothing as strong on the victim's own."""
        suspects = self.docket.suspects
        return (
            bool(suspects) and suspects[0].worker == "other" and any(reason.kind == "tree" for one in suspects for reason in one.evidence)
        )

    def _try_known(self) -> None:
        for cast in self.bench.known():
            if self.bench.shows(cast) and self._prove(cast, _times_for(cast)):
                return

    def _try_singly(self) -> None:
        """The best suspects, each alone before the victim: all that have a reason beyond the order, else the first few."""
        own = [suspect for suspect in self.docket.suspects if suspect.worker == "same"]
        reasoned = [suspect.test for suspect in own if any(reason.kind != "order" for reason in suspect.evidence)]
        chosen = reasoned or [suspect.test for suspect in own[: self.bench.policy.jobs * 2]]
        casts = [Cast(own=(test,)) for test in self.bench.candidates(chosen)[: self.bench.policy.most_singles]]
        tallies = self.bench.ledger.attempt([self.bench.order(cast) for cast in casts], "search")
        for cast, tally in zip(casts, tallies, strict=True):
            if tally.same:
                self._prove(cast, self.repeats)
        if casts and not self.found.polluters:
            how = "a suspect" if len(casts) == 1 else f"{len(casts)} suspects, one at a time,"
            self.bench.tried.append(f"{how} before it: it passed or failed otherwise")

    def _search_failing_order(self, skip: Sequence[TestId] = ()) -> bool:
        """Replay what its worker ran before it, without `skip`; shrink that to the smallest part that still shows the failure."""
        tests = [test for test in self.bench.candidates(self.docket.failing) if test not in skip]
        if not tests or not self.bench.shows(Cast(own=tuple(tests))):
            if tests and not skip:
                self.bench.tried.append(
                    f"the {len(tests)} tests that its worker ran before it, in one process: it did not fail the same way"
                )
            return False
        place = {test: index for index, test in enumerate(tests)}
        ranked = [place[suspect.test] for suspect in self.docket.suspects if suspect.worker == "same" and suspect.test in place]
        ranked += [index for index in reversed(range(len(tests))) if index not in set(ranked)]
        smallest = minimise(ranked, lambda chosen: self.bench.shows(Cast(own=tuple(tests[index] for index in chosen))))
        if smallest is None or not self._prove(Cast(own=tuple(tests[index] for index in smallest)), self.repeats):
            self.bench.tried.append("what its worker ran before it made it fail once, but not time and again")
            return False
        return True

    def _look_further(self) -> None:
        """A second polluter must not be a surprise once the first is mended: is there another among the tests that remain?"""
        for _ in range(MOST_POLLUTERS_BY_SEARCH):
            if self.docket.seconds > self.bench.policy.seconds_left / 4:
                self.found.complete = False
                return
            if not self._search_failing_order(skip=tuple(test for tests in self.found.polluters for test in tests)):
                return

    def _search_across(self) -> None:
        """The tests of another worker, and then its own: what of both is needed?"""
        if not self.docket.elsewhere:
            return
        for others in _what_others_ran(self.bench):
            own = [test for test in self.bench.candidates(self.docket.failing) if test not in others]
            cast = _smallest_across(self.bench, others, own)
            if cast is not None and cast.others and self._prove(cast, self.repeats):
                self._try_substitutes(cast)
                return
        self.bench.tried.append("its worker's tests after those of another worker: it did not fail the same way")

    def _try_substitutes(self, cast: Cast) -> None:
        """The same chain with another test of that worker that leaves the like behind in the place of one member."""
        casts = []
        for place, member in enumerate(cast.others):
            things = {_namespace(change) for change in self.docket.left.get(member, ()) if change.kind != "file"}
            for test in self.bench.candidates(self.docket.elsewhere):
                if test not in cast.others and things & {_namespace(change) for change in self.docket.left.get(test, ())}:
                    casts.append(Cast((*cast.others[:place], test, *cast.others[place + 1 :]), cast.own))  # noqa: PERF401
        casts = casts[: self.bench.policy.most_singles]
        tallies = self.bench.ledger.attempt([self.bench.order(other) for other in casts], "search")
        showing = [other for other, tally in zip(casts, tallies, strict=True) if tally.same]
        self.bench.ledger.attempt([self.bench.order(other) for other in showing], "after-polluter", self.repeats)
        for other in showing:
            self._prove(other, _times_for(other))


def _times_for(cast: Cast) -> int:
    """How often each member of a set that was proven before is left out for this victim too.

    Once; never for a chain over two workers, where a trial is dear, every member was proven needed for a victim of the same family, and
    nobody is named who was not.
    """
    return 0 if cast.others else 1


def _smallest_across(bench: Bench, others: Sequence[TestId], own: Sequence[TestId]) -> Cast | None:
    """Of `others` on one worker and `own` on the victim's, what is needed; None where not even all shows it."""
    items, inside = [*others, *own], len(others)

    def parts(chosen: Sequence[int]) -> Cast:
        return Cast(tuple(items[index] for index in chosen if index < inside), tuple(items[index] for index in chosen if index >= inside))

    place = {(index < inside, test): index for index, test in enumerate(items)}
    ranked = [place[side, test] for side, test in _most_telling_first(bench, others, own)]
    smallest = minimise(ranked, lambda chosen: bench.shows(parts(chosen)))
    return None if smallest is None else parts(smallest)


def _most_telling_first(bench: Bench, others: Sequence[TestId], own: Sequence[TestId]) -> list[tuple[bool, TestId]]:
    """Who changed the tree and the best other suspect, two of the victim's own file that came before it, then everybody else.

    What crosses over is often picked up by a test of the victim's own kind.
    """
    wrote = {suspect.test for suspect in bench.docket.suspects for reason in suspect.evidence if reason.kind == "tree"}
    ranked = [suspect.test for suspect in bench.docket.suspects if suspect.test in others]
    ranked += [test for test in reversed(others) if test not in ranked]
    far = [(True, test) for test in sorted(ranked, key=lambda test: test not in wrote)]
    backwards = list(reversed(own))
    near = [(False, test) for test in sorted(backwards, key=lambda test: path_of(test) != path_of(bench.victim))]
    return [*far[:2], *near[:2], *far[2:], *near[2:]]


def _what_others_ran(bench: Bench) -> list[list[TestId]]:
    """First only the suspects of other workers, in the order in which they ran; then everything that others ran."""
    suspected = {suspect.test for suspect in bench.docket.suspects if suspect.worker == "other"}
    everything = bench.candidates(list(dict.fromkeys(bench.docket.elsewhere)))
    few = [test for test in everything if test in suspected]
    return [tests for tests in (few, everything) if tests]


def _namespace(change: StateChange) -> tuple[str, str]:
    """What makes two changes alike: models of one app, or the very same variable: `shop.Visit` → `shop`."""
    return change.kind, change.key.partition(".")[0]
