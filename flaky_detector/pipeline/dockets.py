"""What the prover is given: a symptom, its suspects and all runs in, a Docket out.

Owns the choice of the failing and passing orders that are worth replaying. Must not prove or rank.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flaky_detector.model import Executions, Order, Outcome, RunRecord, Sighting, StateChange, Suspect, Symptom, TestId
from flaky_detector.model.footprint import noise, own_order, warm_ups
from flaky_detector.stages.confirm import Docket
from flaky_detector.stages.correlate import Papers

MOST_PASSING = 12
MOST_BESIDE = 6


class Known(NamedTuple):
    """Sets of tests that were proven for victims before this one: of its family, and of others, those of most victims first."""

    family: tuple[Order, ...] = ()
    elsewhere: tuple[Order, ...] = ()


NOTHING = Known()


def docket_of(
    symptom: Symptom, suspects: Sequence[Suspect], papers: Papers, records: Sequence[RunRecord], known: Known = NOTHING
) -> Docket:
    """The docket of one symptom.

    The failing order is the shortest one after which it failed, among those that hold the strongest suspect where any does.
    """
    sighting = _most_telling(symptom, suspects, papers)
    prefix = papers.prefix(sighting) if sighting else Executions()
    record = next((record for record in records if sighting and record.spec.id == sighting.run), records[0])
    avoid = {symptom.test, *(suspect.test for suspect in suspects)}
    return Docket(
        symptom=symptom,
        suspects=tuple(suspects),
        failing=_tests(prefix),
        elsewhere=_elsewhere(papers, sighting),
        beside=_beside(symptom, papers, records),
        passing=_passing(symptom, papers),
        everything=_everything(records),
        warm_up=warm_ups(records, 2, avoid),
        idle=_idle(records, avoid, papers),
        left=papers.left,
        noisy=noise(records),
        known=known.family,
        known_elsewhere=known.elsewhere,
        app_labels=next((record.app_labels for record in records if record.app_labels), ()),
        python=record.spec.python,
        other_pythons=tuple(sorted({other.spec.python for other in records} - {record.spec.python})),
        seconds=sum(prefix.durations),
        victim_seconds=max(record.executions.of((symptom.test,)).durations, default=0.0),
        suite_seconds=max((record.seconds for record in records if not record.timed_out), default=0.0),
    )


def _most_telling(symptom: Symptom, suspects: Sequence[Suspect], papers: Papers) -> Sighting | None:
    if not symptom.failing:
        return None
    first = suspects[0].test if suspects else None

    def rank(sighting: Sighting) -> tuple[bool, int]:
        prefix = papers.prefix(sighting)
        is_missing = first is not None and not any(first in rows.tests for rows in (prefix, *papers.elsewhere(sighting).values()))
        return (is_missing, len(prefix))

    return min(symptom.failing, key=rank)


def _elsewhere(papers: Papers, sighting: Sighting | None) -> tuple[TestId, ...]:
    if sighting is None:
        return ()
    rows = [row for rows in papers.elsewhere(sighting).values() for row in rows]
    return tuple(dict.fromkeys(row.test for row in sorted(rows, key=lambda row: row.started_seconds)))


def _beside(symptom: Symptom, papers: Papers, records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    """What other workers were running while it failed, most often first, then who else wants a thing that it wants.

    Empty where it also failed without any other worker.
    """
    counted: Counter[TestId] = Counter()
    for sighting in symptom.failing:
        rows = papers.beside(sighting)
        if not rows:
            return ()
        counted.update({row.test for row in rows})
    seen = [test for test, _ in counted.most_common(MOST_BESIDE)]
    return tuple(dict.fromkeys((*seen, *(_rivals(symptom.test, records) if seen else ()))))[:MOST_BESIDE]


def _rivals(test: TestId, records: Sequence[RunRecord]) -> Iterator[TestId]:
    """Tests that claimed the same port or file in any run, in the order in which they were seen."""
    told = [claim for record in records for claim in record.executions.claims()]
    wanted = {thing for claimant, things in told if claimant == test for thing in things}
    yield from (claimant for claimant, things in told if claimant != test and not wanted.isdisjoint(things))


def _everything(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    ended = {test for record in records for test in record.executions.that(Outcome.CRASHED).tests}
    return tuple(test for test in own_order(records) if test not in ended)


def _idle(records: Sequence[RunRecord], avoid: set[TestId], papers: Papers) -> TestId | None:
    """A quick test that always passed and leaves nothing behind."""
    seconds: dict[TestId, float] = {}
    unfit = {*avoid, *papers.left}
    for rows in (record.executions for record in records):
        for test, outcome, taken in zip(rows.tests, rows.outcomes, rows.durations, strict=True):
            if outcome is not Outcome.PASSED:
                unfit.add(test)
            seconds[test] = max(seconds.get(test, 0.0), taken)
    return min((test for test in seconds if test not in unfit), key=lambda test: (round(seconds[test], 2), test), default=None)


def _passing(symptom: Symptom, papers: Papers) -> tuple[tuple[TestId, ...], ...]:
    orders = {_tests(papers.prefix(sighting)) for sighting in symptom.passing}
    return tuple(sorted((order for order in orders if order), key=len)[:MOST_PASSING])


def _tests(rows: Executions) -> tuple[TestId, ...]:
    return tuple(dict.fromkeys(rows.tests))


def family_of(symptom: Symptom) -> tuple[str, str, str]:
    """What symptoms of one cause have in common: a proof for one is the first guess for the next.

    A failure that no rule knows says little; those raised in one place may well have one cause.
    """
    signature = symptom.signature
    return signature.rule, signature.exception, signature.resource or signature.where


def left_by(tests: Sequence[TestId], left: Mapping[TestId, tuple[StateChange, ...]]) -> tuple[StateChange, ...]:
    """Everything that these tests leave behind, without repetition."""
    return tuple({(change.kind, change.key): change for test in tests for change in left.get(test, ())}.values())
