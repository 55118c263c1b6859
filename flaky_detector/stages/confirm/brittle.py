"""It fails alone: brittle, broken, or a matter of the Python?

Owns the search for state-setters. A brittle test is a victim with the question negated: it fails alone and passes after its state-setter.
"""

from collections.abc import Sequence
from itertools import takewhile

import msgspec

from flaky_detector.model import Confidence, Kind, Order, StateChange, TestId
from flaky_detector.stages.confirm.bench import Bench, Cast, tests_of, was_executed
from flaky_detector.stages.confirm.minimise import minimise
from flaky_detector.stages.confirm.oracle import Question

MOST_PASSING = 3
MOST_SETTERS = 5
SHARE = 0.05


class Verdict(msgspec.Struct):
    """What a test that fails alone turned out to be."""

    kind: Kind
    confidence: Confidence
    setters: list[tuple[TestId, ...]] = msgspec.field(default_factory=list)
    order: Order = ()


def judge(bench: Bench) -> Verdict:
    """What the victim is, given that it fails alone, every time."""
    symptom = bench.docket.symptom
    if symptom.passing_pythons and not set(symptom.pythons) & set(symptom.passing_pythons):
        return _matter_of_the_python(bench)
    for tests in _orders_to_pass_in(bench):
        if bench.passes(Cast(own=tuple(tests))):
            return _smallest_setter(bench, tests)
    if not symptom.passing:
        runs = len({sighting.run for sighting in symptom.failing})
        bench.tried.append(f"it fails alone and in every run ({runs}): no order was seen in which it passes")
        return Verdict("broken", "likely" if runs > 1 else "suspected")
    bench.tried.append("orders in which it had passed, replayed: it failed in them as well")
    return _alone_after_all(bench) or Verdict("unknown", "suspected")


def _matter_of_the_python(bench: Bench) -> Verdict:
    symptom = bench.docket.symptom
    bench.tried.append(f"it passes on Python {', '.join(symptom.passing_pythons)} only, whatever the order")
    order = bench.alone().order
    questions = [Question(order, python) for python in bench.docket.other_pythons]
    tallies = bench.ledger.attempt(questions, "other-python", bench.policy.repeats)
    proven = any(tally.passed == tally.attempts for tally in tallies)
    return Verdict("environment", "proven" if proven else "likely")


def _orders_to_pass_in(bench: Bench) -> list[list[TestId]]:
    """Orders in which it had passed; where there are none, the whole suite before it, if that is cheap and was not seen in the runs."""
    docket = bench.docket
    orders = [bench.candidates(tests) for tests in docket.passing[:MOST_PASSING] if tests]
    if not docket.symptom.passing and not docket.came_after_all and docket.suite_seconds < SHARE * bench.policy.seconds_left:
        together = _passing_with_its_fellows(bench)
        orders = [bench.candidates(docket.everything)] if together is None else together
    return [order for order in orders if order]


def _passing_with_its_fellows(bench: Bench) -> list[list[TestId]] | None:
    """What ran before it where it passed, in the runs that ask for all who failed.

    Many may be broken at once, by one mistake; a run of the suite for each would take hours. None where few failed, or where these runs
    could not be made as asked.
    """
    questions = bench.for_all()
    tallies = bench.ledger.attempt(questions, "search")
    if not questions or not all(map(was_executed, tallies)):
        return None
    if not any(tally.passed for tally in tallies):
        bench.tried.append("after all other tests, in the suite's order and in the reverse: it failed as well")
    passed = [question for question, tally in zip(questions, tallies, strict=True) if tally.passed]
    return [bench.candidates(list(takewhile(lambda test: test != bench.victim, tests_of(question)))) for question in passed]


def _smallest_setter(bench: Bench, tests: Sequence[TestId]) -> Verdict:
    leavers = [index for index in reversed(range(len(tests))) if bench.docket.left.get(tests[index])]
    ranked = [*leavers, *(index for index in reversed(range(len(tests))) if index not in set(leavers))]
    smallest = minimise(ranked, lambda chosen: bench.passes(Cast(own=tuple(tests[index] for index in chosen))))
    setters = tuple(tests[index] for index in smallest or ())
    if not setters or not _sets(bench, setters):
        return _alone_after_all(bench) or Verdict("unknown", "suspected")
    others = [(test,) for test in _alike(bench, setters)[:MOST_SETTERS]]
    found = [setters, *(one for one in others if bench.passes(Cast(own=one)) and _sets(bench, one))]
    return Verdict("brittle", "proven", found, bench.order(Cast(own=setters)))


def _sets(bench: Bench, setters: tuple[TestId, ...]) -> bool:
    """Whether it passes after them time and again, and fails alone and without any one of them as often."""
    needed = bench.needed(Cast())
    without = [bench.question(Cast(own=setters).without(test)) for test in setters] if len(setters) > 1 else []
    after, alone, *left_out = bench.ledger.attempt_all(
        [
            (bench.question(Cast(own=setters)), "after-state-setter", needed),
            (bench.alone(), "alone", needed),
            *((question, "without", bench.policy.repeats) for question in without),
        ]
    )
    bench.ledger.pair(bench.question(Cast(own=setters)), [bench.alone(), *without])
    shows = after.passed == after.attempts and all(tally.same == tally.attempts for tally in (alone, *left_out))
    return shows and bench.is_no_chance_of_imports(Cast(own=setters))


def _alike(bench: Bench, setters: Sequence[TestId]) -> list[TestId]:
    """Tests that leave what the state-setters leave."""

    def things(test: TestId) -> set[tuple[str, str]]:
        changes: Sequence[StateChange] = bench.docket.left.get(test, ())
        return {(change.kind, change.key) for change in changes}

    wanted = set().union(*map(things, setters))
    return [test for test in bench.candidates(list(bench.docket.left)) if test not in setters and wanted & things(test)]


def _alone_after_all(bench: Bench) -> Verdict | None:
    """Where answers were mixed: does it also pass alone, now and then?"""
    tally = bench.ledger.attempt([bench.alone()], "alone", 2 * bench.needed(Cast()))[0]
    if tally.passed and tally.same:
        bench.tried.append(f"alone it failed {tally.same} times and passed {tally.passed} times")
        return Verdict("non-deterministic", "proven")
    return None
