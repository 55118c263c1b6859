"""Orders that the runs made so far suggest: leavers first, blocks moved about, across workers, on after a death.

Owns their making. Must not choose between them.

    own order     a b C d e F g h      C and F left something behind
    front-loaded  C F a b d e g h
    backwards     F C h g e d b a      what C leaves, F may clear away, or the other way round; so may d between C and g
    blocks        g h e F C d a b      contiguous parts of the own order, swapped as an idle worker's stealing swaps them
"""

import random
from collections.abc import Iterator, Sequence

from flaky_detector.model import Arrangement, Order, Outcome, RunRecord, RunSpec, StateChange, Step, TestId
from flaky_detector.model.footprint import footprints, leavers_of, noise, own_order, warm_ups

TREE_KIND = "file"
BLOCKS = 6
MOST_DEATHS = 3
MOST_CLAIMANTS = 12


def after_a_death(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    """The own order without tests in which a run of it died or hung, for what comes after them was never seen."""
    for record in records:
        own = record.spec.arrangement is Arrangement.OWN and not record.spec.workers
        died = record.executions.that(Outcome.CRASHED).tests if own else ()
        without = (*record.spec.without, *died)
        if died and record.spec.python == python and len(without) <= MOST_DEATHS:
            yield RunSpec(
                id="", python=python, without=without, why=f"the own order without {without[-1]}, in which the run before it was ended"
            )


def hung(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    """Tests that hung in some run; no later run shall wait for them."""
    ended = (record.executions.that(Outcome.CRASHED) for record in records if record.timed_out)
    return tuple(dict.fromkeys(test for rows in ended for test in rows.tests))


def died(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    """Tests that ended their process; xdist replaces a worker that dies, a run in one process is over."""
    ended = (record.executions.that(Outcome.CRASHED) for record in records)
    return tuple(dict.fromkeys(test for rows in ended for test in rows.tests))


def front_loaded(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    """Tests that left something behind first, then the own order: one run meets every victim of every known leaver."""
    tests, leavers = own_order(records), leavers_of(records).everybody
    if leavers:
        order = _with_warm_up(records, (*leavers, *tests), avoid=leavers)
        why = f"{_tests(len(leavers))} that left state behind first, then the own order"
        yield RunSpec(id="", python=python, arrangement=Arrangement.FRONT_LOADED, order=order, why=why)


def backwards(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    """The same with the leavers in the opposite order, but for those that may only have opened what others left, and so the other tests.

    The others as the reversed run ran them: the sorts of the project's plugins hold among them.
    """
    found = leavers_of(records)
    leavers = [test for test in found.everybody if test not in found.openers]
    if leavers:
        order = _with_warm_up(records, (*reversed(leavers), *_reversed(records)), avoid=found.everybody)
        why = f"{_tests(len(leavers))} that left state behind first, the last of them before all others, then the own order backwards"
        yield RunSpec(id="", python=python, arrangement=Arrangement.FRONT_LOADED_BACKWARDS, order=order, why=why)


def shuffled_leavers(python: str, records: Sequence[RunRecord], seed: int) -> Iterator[RunSpec]:
    """The leavers in an order of chance, then the others: forwards and backwards in turn."""
    leavers = list(leavers_of(records).everybody)
    if leavers:
        first, others = list(leavers), own_order(records) if seed % 2 else _reversed(records)
        random.Random(seed).shuffle(first)  # noqa: S311 -- has to be the same each time, not secret
        order = _with_warm_up(records, (*first, *others), avoid=leavers)
        why = f"{_tests(len(leavers))} that left state behind first, shuffled with seed {seed}, then the own order" + (
            "" if seed % 2 else " backwards"
        )
        yield RunSpec(id="", python=python, arrangement=Arrangement.FRONT_LOADED_SHUFFLED, seed=seed, order=order, why=why)


def _reversed(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    own = own_order(records)
    ran = (record for record in records if record.spec.arrangement is Arrangement.REVERSED and len(record.by_worker()) == 1)
    order = next((record.executions.tests for record in ran), own)
    return (*order, *own)


def blocks(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    """The own order in contiguous blocks, the last block first; before them the followers of openers, which no other order puts so."""
    tests, leavers = own_order(records), leavers_of(records)
    size = -(-len(tests) // BLOCKS)
    if size > 1:
        parts = [tests[start : start + size] for start in range(0, len(tests), size)]
        moved = (test for part in reversed(parts) for test in part)
        order = _with_warm_up(records, (*leavers.followers, *moved), avoid=leavers.everybody)
        why = f"the own order in {len(parts)} blocks, the last one first, as a worker that steals work may run it"
        yield RunSpec(id="", python=python, arrangement=Arrangement.BLOCKS, order=order, why=why)


def across_workers(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    """The leavers up to the last test that changed the tree, as they ran in that run, on worker 0; all the others on worker 1.

    A warm-up on each worker first, so that both databases stand before the tree changes, as they do in a real run.
    """
    order = _across(records)
    if order:
        yield RunSpec(
            id="",
            python=python,
            arrangement=Arrangement.ACROSS_WORKERS,
            distribution="load",
            workers=2,
            order=order,
            why="a test changed the source tree: it runs on one worker, everything else afterwards on another",
        )


def side_by_side(python: str, records: Sequence[RunRecord]) -> Iterator[RunSpec]:
    """Tests that want the same port or file, in pairs, the second one of each beginning while the first is running."""
    claimed: dict[str, dict[TestId, None]] = {}
    for test, things in (told for record in records for told in record.executions.claims()):
        for thing in things:
            claimed.setdefault(thing, {})[test] = None
    order, together = list(_warm_ups_of_two(records)), []
    for tests in (list(tests) for tests in claimed.values() if 1 < len(tests) <= MOST_CLAIMANTS):
        fresh = [test for test in tests if all(step.test != test for step in order)]
        for one, other in zip(fresh[::2], fresh[1::2], strict=False):
            order += [Step(0, one), Step(1, other)]
            together.append(len(order) - 1)
    if together:
        yield RunSpec(
            id="",
            python=python,
            arrangement=Arrangement.SIDE_BY_SIDE,
            distribution="load",
            workers=2,
            order=tuple(order),
            together=tuple(together),
            why=f"{len(together)} pair{'s' if len(together) > 1 else ''} of tests that want the same port or file, at the same time",
        )


def _warm_ups_of_two(records: Sequence[RunRecord]) -> Iterator[Step]:
    yield from (Step(index, test) for index, test in enumerate(warm_ups(records, 2)))


def _across(records: Sequence[RunRecord]) -> Order:
    noisy, tests, left = noise(records), own_order(records), footprints(records)
    for record in reversed(records):
        for rows in record.by_worker().values():
            changers = set(rows.leaving(lambda state: any(_writes(change, noisy) for change in state)).positions)
            if not changers:
                continue
            known = rows.before(max(changers) + 1)
            cause = [test for test, position in zip(known.tests, known.positions, strict=True) if position in changers or test in left]
            warm = warm_ups(records, 2, avoid=cause)
            rest = [test for test in tests if test not in set(cause)]
            return (
                *(Step(index, test) for index, test in enumerate(warm)),
                *(Step(0, test) for test in dict.fromkeys(cause)),
                *(Step(1, test) for test in rest if test not in warm),
            )
    return ()


def _with_warm_up(records: Sequence[RunRecord], tests: Sequence[TestId], avoid: Sequence[TestId]) -> Order:
    return tuple(Step(0, test) for test in dict.fromkeys((*warm_ups(records, 1, avoid=avoid), *tests)))


def _tests(count: int) -> str:
    return "the test" if count == 1 else f"the {count} tests"


def _writes(change: StateChange, noisy: frozenset[tuple[str, str]]) -> bool:
    return change.kind == TREE_KIND and bool(change.after) and (change.kind, change.key) not in noisy
