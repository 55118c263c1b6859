"""What tests leave behind, over all runs: which changes are noise, who left what.

Owns the arithmetic on state changes that plan, correlate and the report share. Must not judge anybody: state left behind is evidence,
not guilt.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from flaky_detector.model.evidence import RunRecord
from flaky_detector.model.execution import Execution, Outcome, StateChange
from flaky_detector.model.identity import TestId

NOISE_SHARE = 0.2
NOISE_TESTS = 8
GROWING_SHARE, GROWING_TESTS, GROWING_MOST = 0.05, 5, 0.5
FREQUENT_MOST = 0.5
WEAK = frozenset(("cache",))
"""Kinds of state that are meant to outlast a test; they are told where a proof holds, and no reason to look at a test before."""

StateKey = tuple[str, str]


def noise(records: Sequence[RunRecord]) -> frozenset[StateKey]:
    """Things that so many tests change that a change tells nothing (caches, counters).

    A (kind, key) is noise in a run when at least `NOISE_TESTS` tests and a share of `NOISE_SHARE` of that run's tests changed it. Where it
    is another value each time, as a counter's or that of a list which only grows, a smaller share does (`GROWING_SHARE`), and in small
    suites fewer tests, if they are half of all. Learnt from the runs, so there is no list of names to keep.
    """
    return frozenset(key for key, changes in _changes(records) if _is_noise(changes))


def frequent(records: Sequence[RunRecord]) -> dict[StateKey, tuple[TestId, ...]]:
    """Noise that may be what a proven polluter leaves, with the tests that leave it: in no run half of the tests change it.

    A fixture that many tests share may replace something and never put it back. That tells nothing of a suspect; but where each polluter
    of a victim leaves it, it may be what passes over, and others who leave it can be asked.
    """
    most: dict[StateKey, bool] = {}
    for key, changes in _changes(records):
        if _is_noise(changes):
            most[key] = most.get(key, False) or changes.tests >= FREQUENT_MOST * changes.executions
    found: dict[StateKey, dict[TestId, None]] = {key: {} for key, is_common in most.items() if not is_common}
    for record in records if found else ():
        for test, state in record.executions.states():
            for change in state:
                if (change.kind, change.key) in found:
                    found[change.kind, change.key][test] = None
    return {key: tuple(tests) for key, tests in found.items()}


class _Changes(NamedTuple):
    """Of one thing in one run: how many tests changed it, to how many values, of how many executions."""

    tests: int
    values: int
    executions: int

    @property
    def grows(self) -> bool:
        return self.values > self.tests  # with the value before the first of them


def _changes(records: Sequence[RunRecord]) -> Iterator[tuple[StateKey, _Changes]]:
    for record in records:
        tests: dict[StateKey, set[TestId]] = {}
        values: dict[StateKey, set[str | None]] = {}
        for test, state in record.executions.states():
            for change in state:
                tests.setdefault((change.kind, change.key), set()).add(test)
                values.setdefault((change.kind, change.key), {change.before}).add(change.after)
        for key, seen in tests.items():
            yield key, _Changes(len(seen), len(values[key]), len(record.executions))


def _is_noise(changes: _Changes) -> bool:
    tests, executions = changes.tests, changes.executions
    if tests >= max(NOISE_TESTS, NOISE_SHARE * executions):
        return True
    return changes.grows and (
        tests >= max(NOISE_TESTS, GROWING_SHARE * executions) or (tests >= GROWING_TESTS and tests >= GROWING_MOST * executions)
    )


def lasting(execution: Execution, noisy: frozenset[StateKey]) -> tuple[StateChange, ...]:
    """The changes of one execution that are not noise."""
    return without_noise(execution.state, noisy)


def without_noise(state: Iterable[StateChange], noisy: frozenset[StateKey]) -> tuple[StateChange, ...]:
    """The changes that are not noise."""
    return tuple(change for change in state if (change.kind, change.key) not in noisy)


def strong(changes: Iterable[StateChange]) -> tuple[StateChange, ...]:
    """Without what is meant to outlast a test."""
    return tuple(change for change in changes if change.kind not in WEAK)


def footprints(records: Sequence[RunRecord]) -> Mapping[TestId, tuple[StateChange, ...]]:
    """What each test was seen to leave behind in any run, without noise and without repetition, in the order first seen."""
    noisy = noise(records)
    seen: dict[TestId, dict[StateKey, StateChange]] = {}
    for record in records:
        for test, state in record.executions.states():
            for change in without_noise(state, noisy):
                seen.setdefault(test, {}).setdefault((change.kind, change.key), change)
    return {test: tuple(changes.values()) for test, changes in seen.items()}


class Leavers(NamedTuple):
    """Tests that left something as it had not been before the run, each tuple in the project's own order.

    A test that only puts back what another one had changed left something different too, and is none of them: first it would clear away
    what it is to meet. `openers` may only have been the first to use something: whatever they left, `followers` changed further.

        own order     V makes the singleton, A writes into it, B writes into it       V is an opener, A and B are its followers
    """

    everybody: tuple[TestId, ...]
    openers: tuple[TestId, ...]
    followers: tuple[TestId, ...]


def leavers_of(records: Sequence[RunRecord]) -> Leavers:
    """Who left what, over all runs."""
    noisy, tests = noise(records), own_order(records)
    found: set[TestId] = set()
    for_good: set[TestId] = set()
    followers: dict[TestId, set[TestId]] = {}
    for rows in (rows for record in records for rows in record.by_worker().values()):
        changed: dict[StateKey, list[tuple[StateChange, TestId]]] = {}
        for change, test in ((change, test) for test, state in rows.states() for change in strong(without_noise(state, noisy))):
            changed.setdefault((change.kind, change.key), []).append((change, test))
        for changes in changed.values():
            initial, first = changes[0][0].before, changes[0][1]
            leavers = {test for change, test in changes if change.after != initial}
            found |= leavers
            later = leavers - {first}
            for_good |= later or leavers
            if first in leavers:
                followers.setdefault(first, set()).update(later)
    openers = found - for_good
    mates = {test for opener in openers for test in followers[opener]}
    return Leavers(*(tuple(test for test in tests if test in chosen) for chosen in (found, openers, mates)))


def own_order(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    """The project's own order: as collected in the first run that tells, else as the first ordered serial run executed it."""
    for record in records:
        if record.collected:
            return record.collected
    for record in records:
        if record.has_order and len(record.by_worker()) == 1:
            return _without_repetition(record.executions.tests)
    return ()


def _without_repetition(tests: Iterable[TestId]) -> tuple[TestId, ...]:
    return tuple(dict.fromkeys(tests))


def warm_ups(records: Sequence[RunRecord], count: int, avoid: Iterable[TestId] = ()) -> tuple[TestId, ...]:
    """Tests that set the database up and are otherwise harmless: those that did so least often so far, of these the quickest first.

    A suspect that runs as the very first test would change how the database is made; a warm-up makes it beforehand. Candidates ask
    for a database, passed in every run, and left nothing behind. Fewer than `count`, or none, where there are no such tests. Since a
    warm-up comes before everybody, nobody can be seen to break it: so the next order has another one, or none where there is no other.
    """
    avoided, served = set(avoid), Counter(_first_steps(records))
    fit = [test for test in all_warm_ups(records) if test not in avoided]
    if count == len(fit) == 1 and served[fit[0]]:
        return ()
    return tuple(sorted(fit, key=lambda test: served[test])[:count])


def _first_steps(records: Sequence[RunRecord]) -> Iterator[TestId]:
    """What each worker of each forced order began with."""
    for record in records:
        first: dict[int, TestId] = {}
        for step in record.spec.order:
            first.setdefault(step.worker, step.test)
        yield from first.values()


def all_warm_ups(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    """Every test that would do, quickest first."""
    unfit = {test for test, changes in footprints(records).items() if strong(changes)}
    quickest: dict[TestId, float] = {}
    for rows in (record.executions for record in records):
        for test, traits, outcome, seconds in zip(rows.tests, rows.traits, rows.outcomes, rows.durations, strict=True):
            if "db" in traits and "transactional_db" not in traits:
                quickest[test] = min(quickest.get(test, 1e9), seconds)
                if outcome is not Outcome.PASSED:
                    unfit.add(test)
    return tuple(sorted(quickest.keys() - unfit, key=lambda test: (round(quickest[test], 2), test)))


def majors(version: str) -> str:
    """`3.11.7` → `3.11`."""
    return ".".join(version.split(".")[:2])
