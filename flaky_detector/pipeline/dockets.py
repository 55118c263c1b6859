"""What the prover is given: a symptom, its suspects and all runs in, a Docket out.

Owns the choice of the failing and passing orders that are worth replaying. Must not prove or rank.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flaky_detector.model import Executions, Order, Outcome, RunRecord, Sighting, StateChange, Suspect, Symptom, TestId
from flaky_detector.model.footprint import all_warm_ups, frequent, noise, own_order
from flaky_detector.stages.confirm import Docket
from flaky_detector.stages.correlate import Papers

MOST_PASSING = 12
MOST_BESIDE = 6
WARM_UPS = 2
LEAST_RUNS, MOST_LOOKED_AT = 2, 8

Claim = tuple[TestId, tuple[str, ...]]


class Known(NamedTuple):
    """Sets of tests that were proven for victims before this one: of its family, and of others, those of most victims first.

    `kindred` are all of its family, also those that are no victim's first. `is_broken` says that none was proven for its family, and
    that one of it was found broken.
    """

    family: tuple[Order, ...] = ()
    elsewhere: tuple[Order, ...] = ()
    kindred: tuple[tuple[TestId, ...], ...] = ()
    is_broken: bool = False


NOTHING = Known()


def docket_of(
    symptom: Symptom, suspects: Sequence[Suspect], papers: Papers, records: Sequence[RunRecord], known: Known = NOTHING
) -> Docket:
    """The docket of a single symptom; of several, see `Dockets`."""
    return Dockets(papers, records).of(symptom, suspects, known)


class Dockets:
    """Dockets of many symptoms of the same runs: what is the same for all of them is looked up once."""

    def __init__(self, papers: Papers, records: Sequence[RunRecord], symptoms: Sequence[Symptom] = ()) -> None:
        self._papers = papers
        self._records = records
        self._everything = _everything(records)
        self._fellows = tuple(dict.fromkeys(symptom.test for symptom in symptoms))
        self._warm_ups = all_warm_ups(records)
        self._idle = _idle(records, papers)
        self._noisy, self._frequent = noise(records), frequent(records)
        self._claims = [claim for record in records for claim in record.executions.claims()]

    def of(self, symptom: Symptom, suspects: Sequence[Suspect], known: Known = NOTHING) -> Docket:
        """The docket of one symptom.

        The failing order is the shortest one after which it failed, among those that hold the strongest suspect where any does.
        """
        papers, records = self._papers, self._records
        sighting = _most_telling(symptom, suspects, papers)
        prefix = papers.prefix(sighting) if sighting else Executions()
        record = next((record for record in records if sighting and record.spec.id == sighting.run), records[0])
        avoid = {symptom.test, *(suspect.test for suspect in suspects)}
        return Docket(
            symptom=symptom,
            suspects=tuple(suspects),
            failing=_tests(prefix),
            failing_on=_from_it_on(sighting, papers),
            elsewhere=_elsewhere(papers, sighting),
            beside=_beside(symptom, papers, self._claims),
            passing=_passing(symptom, papers),
            everything=self._everything,
            warm_up=tuple(test for test in self._warm_ups if test not in avoid)[:WARM_UPS],
            idle=next((test for test in self._idle if test not in avoid), None),
            left=papers.left,
            noisy=self._noisy,
            frequent=self._frequent,
            known=known.family,
            known_elsewhere=known.elsewhere,
            kindred=known.kindred,
            fellows=self._fellows,
            is_kin_broken=known.is_broken,
            came_after_all=_came_after_all(symptom, papers, self._everything),
            app_labels=next((record.app_labels for record in records if record.app_labels), ()),
            python=record.spec.python,
            other_pythons=tuple(sorted({other.spec.python for other in records} - {record.spec.python})),
            seconds=sum(prefix.durations),
            victim_seconds=max(record.executions.of({symptom.test}).durations, default=0.0),
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


def _from_it_on(sighting: Sighting | None, papers: Papers) -> tuple[TestId, ...]:
    if sighting is None or not papers.has_place(sighting):
        return ()
    before = set(papers.prefix(sighting).tests)
    return tuple(test for test in _tests(papers.order(sighting.run, sighting.worker)) if test not in before)


def _elsewhere(papers: Papers, sighting: Sighting | None) -> tuple[TestId, ...]:
    if sighting is None:
        return ()
    rows = [row for rows in papers.elsewhere(sighting).values() for row in rows]
    return tuple(dict.fromkeys(row.test for row in sorted(rows, key=lambda row: row.started_seconds)))


def _beside(symptom: Symptom, papers: Papers, claims: Sequence[Claim]) -> tuple[TestId, ...]:
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
    return tuple(dict.fromkeys((*seen, *(_rivals(symptom.test, claims) if seen else ()))))[:MOST_BESIDE]


def _rivals(test: TestId, claims: Sequence[Claim]) -> Iterator[TestId]:
    """Tests that claimed the same port or file in any run, in the order in which they were seen."""
    wanted = {thing for claimant, things in claims if claimant == test for thing in things}
    yield from (claimant for claimant, things in claims if claimant != test and not wanted.isdisjoint(things))


def _everything(records: Sequence[RunRecord]) -> tuple[TestId, ...]:
    ended = {test for record in records for test in record.executions.that(Outcome.CRASHED).tests}
    return tuple(test for test in own_order(records) if test not in ended)


def _came_after_all(symptom: Symptom, papers: Papers, everything: Sequence[TestId]) -> bool:
    """Whether every other test ran before it in one of several runs in which it failed; asked of a test that never passed only."""
    known = [sighting for sighting in symptom.failing if papers.has_place(sighting)][:MOST_LOOKED_AT]
    if symptom.passing or len({sighting.run for sighting in known}) < LEAST_RUNS:
        return False
    rest = {*everything} - {symptom.test}
    for sighting in known:
        rest.difference_update(papers.prefix(sighting).tests)
    return not rest


def _idle(records: Sequence[RunRecord], papers: Papers) -> tuple[TestId, ...]:
    """Quick tests that always passed and leave nothing behind, the quickest first."""
    seconds: dict[TestId, float] = {}
    unfit = set(papers.left)
    for rows in (record.executions for record in records):
        for test, outcome, taken in zip(rows.tests, rows.outcomes, rows.durations, strict=True):
            if outcome is not Outcome.PASSED:
                unfit.add(test)
            seconds[test] = max(seconds.get(test, 0.0), taken)
    return tuple(sorted(seconds.keys() - unfit, key=lambda test: (round(seconds[test], 2), test)))


def _passing(symptom: Symptom, papers: Papers) -> tuple[tuple[TestId, ...], ...]:
    """The shortest orders after which it passed; more of one length than are wanted are told apart by what they hold."""
    known = [sighting for sighting in symptom.passing if papers.has_place(sighting) and sighting.position]
    orders: dict[tuple[TestId, ...], None] = {}
    for sighting in sorted(known, key=lambda sighting: sighting.position):
        if len(orders) == MOST_PASSING:
            break
        orders[_tests(papers.prefix(sighting))] = None
    return tuple(sorted(filter(None, orders), key=len))


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
