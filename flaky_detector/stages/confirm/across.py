"""A chain over two workers: what the tests of another worker did, and then those of the victim's own.

Owns the search for such a set. Must not establish it: `prove` is handed in.
"""

from collections.abc import Callable, Sequence

from flaky_detector.model import StateChange, TestId, path_of
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.minimise import minimise

Prove = Callable[[Cast, int], bool]


def search_across(bench: Bench, prove: Prove) -> None:
    """The tests of another worker, and then its own: what of both is needed?"""
    if not bench.docket.elsewhere:
        return
    for others in _what_others_ran(bench):
        own = [test for test in bench.candidates(bench.docket.failing) if test not in others]
        cast = _smallest_across(bench, others, own)
        if cast is not None and cast.others and prove(cast, bench.policy.repeats):
            _try_substitutes(bench, cast, prove)
            return
    bench.tried.append("its worker's tests after those of another worker: it did not fail the same way")


def _try_substitutes(bench: Bench, cast: Cast, prove: Prove) -> None:
    """The same chain with another test of that worker that leaves the like behind in the place of one member."""
    casts = []
    for place, member in enumerate(cast.others):
        things = {_namespace(change) for change in bench.docket.left.get(member, ()) if change.kind != "file"}
        for test in bench.candidates(bench.docket.elsewhere):
            if test not in cast.others and things & {_namespace(change) for change in bench.docket.left.get(test, ())}:
                casts.append(Cast((*cast.others[:place], test, *cast.others[place + 1 :]), cast.own))  # noqa: PERF401
    casts = casts[: bench.policy.most_singles]
    tallies = bench.ledger.attempt([bench.question(other) for other in casts], "search")
    showing = [other for other, tally in zip(casts, tallies, strict=True) if tally.same]
    bench.ledger.attempt([bench.question(other) for other in showing], "after-polluter", bench.policy.repeats)
    for other in showing:
        prove(other, 0)


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
