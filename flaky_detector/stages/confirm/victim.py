"""Who makes it fail? The search for polluters of a test that passes alone.

Owns the sequence of guesses, cheapest first: sets that were proven for the same family, the best suspects singly, the failing order and its
smallest part, and the same across two workers. Everything named was re-run until `Bench.holds`.
"""

from collections.abc import Sequence

import msgspec

from flaky_detector.model import Order, StateChange, TestId, path_of
from flaky_detector.stages.confirm.bench import Bench
from flaky_detector.stages.confirm.ledger import Tally
from flaky_detector.stages.confirm.minimise import minimise

MOST_POLLUTERS_BY_SEARCH = 4


class Found(msgspec.Struct):
    """Sets of tests proven to make the victim fail, each with its order; of an order across workers, those of the other worker."""

    polluters: list[tuple[TestId, ...]] = msgspec.field(default_factory=list)
    orders: list[Order] = msgspec.field(default_factory=list)
    complete: bool = True

    def add(self, tests: Sequence[TestId], order: Order) -> None:
        if tuple(tests) not in self.polluters:
            self.polluters.append(tuple(tests))
            self.orders.append(order)


def search(bench: Bench, alone: Tally, found: Found) -> None:
    """Fill `found` as proofs come in, so that what is known so far survives the end of the budget."""
    bench.clear_warm_up(1)
    _try_known(bench, alone, found)
    if found.polluters:
        return
    if _cause_is_elsewhere(bench):
        _search_across(bench, alone, found)
    if not found.polluters:
        _try_singly(bench, alone, found)
    if not found.polluters:
        _search_failing_order(bench, alone, found, skip=())
    if not found.polluters and bench.docket.elsewhere and not _cause_is_elsewhere(bench):
        _search_across(bench, alone, found)
    elif found.polluters and bench.policy.look_further and not _across(found.orders[0]):
        _look_further(bench, alone, found)


def _across(order: Order) -> bool:
    return any(step.worker for step in order)


def _cause_is_elsewhere(bench: Bench) -> bool:
    """Whether the evidence points to another worker and nothing as strong to the victim's own."""
    suspects = bench.docket.suspects
    return bool(suspects) and suspects[0].worker == "other" and any(reason.kind == "tree" for s in suspects for reason in s.evidence)


def _try_known(bench: Bench, alone: Tally, found: Found) -> None:
    for known in bench.docket.known:
        others = [step.test for step in known if step.worker == 0]
        own = [step.test for step in known if step.worker == 1]
        if bench.victim in (*others, *own):
            continue
        order = bench.across(others, own) if _across(known) else bench.after(others)
        if bench.shows(order) and bench.holds(order, alone):
            found.add(others, order)
            return


def _try_singly(bench: Bench, alone: Tally, found: Found) -> None:
    """The best suspects, each alone before the victim: all that have a reason beyond the order, else the first few."""
    own = [suspect for suspect in bench.docket.suspects if suspect.worker == "same"]
    reasoned = [suspect for suspect in own if any(reason.kind != "order" for reason in suspect.evidence)]
    tests = bench.candidates([suspect.test for suspect in reasoned or own[: bench.policy.jobs * 2]])[: bench.policy.most_singles]
    orders = [bench.after([test]) for test in tests]
    tallies = bench.ledger.attempt(orders, "search")
    for test, order, tally in zip(tests, orders, tallies, strict=True):
        if tally.same and bench.holds(order, alone) and bench.clear_warm_up(bench.policy.repeats):
            found.add([test], order)
    if tests and not found.polluters:
        bench.tried.append(f"{len(tests)} suspects singly before it: it passed or failed otherwise")


def _search_failing_order(bench: Bench, alone: Tally, found: Found, skip: Sequence[TestId]) -> bool:
    """Replay what its worker ran before it, without `skip`; shrink that to the smallest part that still shows the failure."""
    tests = [test for test in bench.candidates(bench.docket.failing) if test not in skip]
    if not tests or not bench.shows(bench.after(tests)):
        if tests and not skip:
            bench.tried.append(f"the {len(tests)} tests that its worker ran before it, in one process: it did not fail the same way")
        return False
    place = {test: index for index, test in enumerate(tests)}
    ranked = [place[suspect.test] for suspect in bench.docket.suspects if suspect.worker == "same" and suspect.test in place]
    ranked += [index for index in reversed(range(len(tests))) if index not in set(ranked)]
    smallest = minimise(ranked, lambda chosen: bench.shows(bench.after([tests[index] for index in chosen])))
    if smallest is None:
        return False
    chosen = [tests[index] for index in smallest]
    order = bench.after(chosen)
    if not bench.holds(order, alone):
        bench.tried.append(f"{len(chosen)} tests before it made it fail once, but not time and again")
        return False
    if not bench.clear_warm_up(bench.policy.repeats):
        return False
    found.add(chosen, order)
    return True


def _look_further(bench: Bench, alone: Tally, found: Found) -> None:
    """A second polluter must not be a surprise once the first is mended: is there another among the tests that remain?"""
    for _ in range(MOST_POLLUTERS_BY_SEARCH):
        if bench.docket.seconds > bench.policy.seconds_left / 4:
            found.complete = False
            return
        known = {test for tests in found.polluters for test in tests}
        if not _search_failing_order(bench, alone, found, skip=tuple(known)):
            return


def _search_across(bench: Bench, alone: Tally, found: Found) -> None:
    """The tests of another worker, and then its own: what of both is needed?"""
    for others in _what_others_ran(bench):
        own = [test for test in bench.candidates(bench.docket.failing) if test not in others]
        smallest = _smallest_across(bench, others, own)
        if smallest is not None and smallest[0]:
            _prove_chain(bench, alone, found, *smallest)
            return
    bench.tried.append("its worker's tests after those of another worker: it did not fail the same way")


def _smallest_across(bench: Bench, others: Sequence[TestId], own: Sequence[TestId]) -> tuple[list[TestId], list[TestId]] | None:
    """Of `others` on one worker and `own` on the victim's, what is needed; None where not even all shows it."""
    items, inside = [*others, *own], len(others)

    def parts(chosen: Sequence[int]) -> tuple[list[TestId], list[TestId]]:
        return [items[index] for index in chosen if index < inside], [items[index] for index in chosen if index >= inside]

    place = {(index < inside, test): index for index, test in enumerate(items)}
    ranked = [place[side, test] for side, test in _most_telling_first(bench, others, own)]
    smallest = minimise(ranked, lambda chosen: bench.shows(bench.across(*parts(chosen))))
    return None if smallest is None else parts(smallest)


def _most_telling_first(bench: Bench, others: Sequence[TestId], own: Sequence[TestId]) -> list[tuple[bool, TestId]]:
    """Who changed the tree and the best other suspect, two of the victim's own file that came before it, then everybody else.

    What crosses over is often picked up by a test of the victim's own kind.
    """
    wrote = {suspect.test for suspect in bench.docket.suspects for reason in suspect.evidence if reason.kind == "tree"}
    ranked = [suspect.test for suspect in bench.docket.suspects if suspect.test in others]
    ranked += [test for test in reversed(others) if test not in ranked]
    far = [test for test in ranked if test in wrote] + [test for test in ranked if test not in wrote]
    backwards = list(reversed(own))
    near = sorted(backwards, key=lambda test: path_of(test) != path_of(bench.victim))
    return [
        *((True, test) for test in far[:2]),
        *((False, test) for test in near[:2]),
        *((True, test) for test in far[2:]),
        *((False, test) for test in near[2:]),
    ]


def _what_others_ran(bench: Bench) -> list[list[TestId]]:
    """First only the suspects of other workers, in the order in which they ran; then everything that others ran."""
    suspected = {suspect.test for suspect in bench.docket.suspects if suspect.worker == "other"}
    everything = bench.candidates(list(dict.fromkeys(bench.docket.elsewhere)))
    few = [test for test in everything if test in suspected]
    return [tests for tests in (few, everything) if tests]


def _prove_chain(bench: Bench, alone: Tally, found: Found, others: Sequence[TestId], own: Sequence[TestId]) -> None:
    order = bench.across(others, own)
    if not bench.holds(order, alone) or not bench.clear_warm_up(bench.policy.repeats):
        return
    found.add(others, order)
    controls = [bench.across([test for test in others if test != left_out], own) for left_out in others]
    bench.ledger.attempt(controls, "without", bench.policy.repeats)
    for tests in _substitutes(bench, others):
        other_order = bench.across(tests, own)
        if bench.shows(other_order) and bench.holds(other_order, alone):
            found.add(tests, other_order)


def _substitutes(bench: Bench, others: Sequence[TestId]) -> list[list[TestId]]:
    """The same chain with another test of that worker that leaves the like behind in the place of one member."""
    left = bench.docket.left
    chains: list[list[TestId]] = []
    for place, member in enumerate(others):
        things = {_namespace(change) for change in left.get(member, ()) if change.kind != "file"}
        alike = [
            test
            for test in bench.candidates(bench.docket.elsewhere)
            if test not in others and things & {_namespace(change) for change in left.get(test, ())}
        ]
        chains += [[*others[:place], test, *others[place + 1 :]] for test in alike]
    return chains


def _namespace(change: StateChange) -> tuple[str, str]:
    """What makes two changes alike: models of one app, or the very same variable: `shop.Visit` → `shop`."""
    return change.kind, change.key.partition(".")[0]
