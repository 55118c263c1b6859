"""Once a polluter is proven: are there others, what do they leave, and what makes the victim pass nevertheless?

Owns these searches. A second polluter must not be a surprise once the first is mended; a cleaner explains the runs in which the victim
passed although the polluter ran before it.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import product

from flaky_detector.model import TestId
from flaky_detector.rules import explains
from flaky_detector.stages.confirm.bench import Bench, Cast, was_executed
from flaky_detector.stages.confirm.minimise import minimise
from flaky_detector.stages.confirm.oracle import Question
from flaky_detector.stages.confirm.victim import MOST_POLLUTERS_BY_SEARCH, Found, Search

SHARE = 0.05
MOST_VARIANTS = 4
MOST_BETWEEN = 200
MOST_WITNESSES = 3

Thing = tuple[str, str]


def look_further(search: Search, bench: Bench, found: Found) -> None:
    """Tests that leave the same behind, singly; then what remains of the failing order and of the whole suite, in both directions.

    Where what was proven for others of its family is enough for this one too, their alternatives are not proven once more: all who leave
    the same are left out of what remains, and only if it still fails is somebody else looked for. Not so where the family has more of them
    than a search looks for: one more victim would bring to light but more of the same.
    """
    kindred = bench.docket.kindred
    if found.polluters[0] not in kindred:
        search.try_each(_alike(bench, found), every=True)
    elif len(kindred) > MOST_POLLUTERS_BY_SEARCH:
        return
    for _ in range(MOST_POLLUTERS_BY_SEARCH):
        if not _finds_more(search, bench, found):
            return


def _finds_more(search: Search, bench: Bench, found: Found) -> bool:
    """Whether what remains still makes it fail, and somebody is proven: first those whom that trial showed to leave the same behind."""
    for orders in _remains(bench, found):
        casts = [Cast(own=tuple(tests)) for tests in orders]
        if bench.policy.jobs > 1:
            bench.ledger.attempt([bench.question(cast) for cast in casts], "search")
        for cast in casts:
            if bench.shows(cast) and _is_somebody_else(search, bench, found, cast):
                return True
    return False


def _is_somebody_else(search: Search, bench: Bench, found: Found, cast: Cast) -> bool:
    before = list(found.polluters)
    search.try_each([test for test in _alike(bench, found) if test in cast.own], every=True)
    return found.polluters != before or search.search_within(cast.own)


def _alike(bench: Bench, found: Found) -> list[TestId]:
    """Tests that were seen, in runs or trials, to leave what a proven polluter leaves, or what explains a failure like this."""
    noisy = bench.docket.noisy
    left = {test: {(change.kind, change.key): change for change in changes} for test, changes in bench.docket.left.items()}
    for test, changes in bench.ledger.left.items():
        left[test] = {key: change for key, change in changes.items() if key not in noisy} | left.get(test, {})
    named = {test for tests in found.polluters for test in tests}
    things = {key for test in named for key in left.get(test, ())}
    things |= {key for changes in left.values() for key, change in changes.items() if explains(bench.docket.symptom, change)}
    suspected = [one.test for one in bench.docket.suspects if one.worker == "same"]
    return [test for test in dict.fromkeys((*suspected, *left)) if test not in named and not things.isdisjoint(left.get(test, ()))]


def _set_aside(bench: Bench, found: Found) -> set[TestId]:
    """Whoever does what was proven for others of its family, where the first set that was proven for this one was proven for those."""
    kindred = bench.docket.kindred
    return {*_alike(bench, found), *_named(kindred)} if found.polluters[0] in kindred else set()


def _remains(bench: Bench, found: Found) -> Iterator[list[list[TestId]]]:
    """Orders without one member of each set that is proven already; those of the whole suite only where that is cheap.

    Those of one list may be asked side by side: the failing order by itself, for that tells most, then the suite in both directions.
    Where many failed, runs that ask for all of them come before those, and mostly instead: it passes there.
    """
    if bench.docket.seconds > bench.policy.seconds_left / 4:
        found.complete = False
        return
    is_cheap = bench.docket.suite_seconds < SHARE * bench.policy.seconds_left
    everything = bench.docket.everything if is_cheap else ()
    failing = bench.docket.failing
    is_its_beginning = bool(everything) and everything[: len(failing)] == failing
    both = (everything, tuple(reversed(everything)))
    ways = (both,) if is_its_beginning else ((failing,), both)
    aside = _set_aside(bench, found)
    variants = [aside.union(chosen) for chosen in product(*(cast.own for cast in found.casts if cast.own))][:MOST_VARIANTS]
    for way in ways:
        asking = bench.for_all if way is both else bench.in_its_place
        if all(_passes(bench, asking(left_out)) for left_out in variants):
            continue
        orders = [[test for test in bench.candidates(tests) if test not in left_out] for tests in way for left_out in variants]
        orders = [order for order in orders if order]
        if orders:
            yield orders


def _passes(bench: Bench, questions: Sequence[Question]) -> bool:
    """Whether it passes wherever it is asked for with all others; not where nothing is asked."""
    tallies = bench.ledger.attempt(questions, "search")
    return bool(questions) and all(was_executed(tally) and tally.passed == tally.attempts for tally in tallies)


def hold_what_is_frequent(bench: Bench, found: Found) -> None:
    """Things that many tests leave, each of the polluters too, and only such tests after whom the victim fails: a few others are asked.

    Only where nothing else is known that all of the polluters leave.
    """
    sets = found.polluters
    left = {test: set(bench.ledger.left.get(test, {})) for test in _named(sets)}
    own = {test: {(change.kind, change.key) for change in bench.docket.left.get(test, ())} for test in left}
    if (
        found.imported
        or any(cast.others for cast in found.casts)
        or _shared({test: own[test] | (left[test] - bench.docket.noisy) for test in left}, sets)
    ):
        return
    for key in sorted(_shared(left, sets) & set(bench.docket.frequent)):
        others = bench.candidates([test for test in bench.docket.frequent[key] if test not in _named(sets)])
        count = min(MOST_WITNESSES, len(others))
        asked = [others[len(others) * part // count] for part in range(count)]
        tallies = bench.ledger.attempt([bench.question(Cast(own=(test,))) for test in asked], "search")
        if all(tally.same for tally in tallies) and key not in bench.ledger.cleared:
            found.held.add(key)


def _named(sets: Sequence[Sequence[TestId]]) -> list[TestId]:
    return list(dict.fromkeys(test for tests in sets for test in tests))


def _shared(left: Mapping[TestId, AbstractSet[Thing]], sets: Sequence[Sequence[TestId]]) -> set[Thing]:
    """What somebody of each set leaves."""
    return set.intersection(*({thing for test in tests for thing in left[test]} for tests in sets))


def find_cleaners(bench: Bench, found: Found) -> None:
    """Tests that stood between the polluter and the victim in an order in which it passed, and without which it fails."""
    cast = found.casts[0]
    if cast.others or bench.rate < 1.0 or found.imported:
        return
    between = sorted(_between(bench, cast.own), key=len)
    if not between or len(between[0]) > MOST_BETWEEN or not _passes_after(bench, cast, between[0]):
        return
    tests = between[0]
    smallest = minimise(list(reversed(range(len(tests)))), lambda chosen: _passes_after(bench, cast, [tests[index] for index in chosen]))
    if not smallest:
        return
    cleaners = tuple(tests[index] for index in smallest)
    question = bench.question(Cast(own=(*cast.own, *cleaners)))
    tally = bench.ledger.attempt([question], "after-cleaner", bench.policy.repeats)[0]
    if tally.passed == tally.attempts:
        found.cleaners.append(cleaners)


def _between(bench: Bench, own: Sequence[TestId]) -> Iterator[list[TestId]]:
    for prefix in bench.docket.passing:
        places = {test: place for place, test in enumerate(prefix)}
        where = [places.get(test, -1) for test in own]
        if -1 not in where and where == sorted(where):
            tests = bench.candidates(prefix[where[-1] + 1 :])
            if tests:
                yield tests


def _passes_after(bench: Bench, cast: Cast, tests: Sequence[TestId]) -> bool:
    return bench.passes(Cast(own=(*cast.own, *tests)))
