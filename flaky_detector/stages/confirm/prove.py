"""Proves or clears: one symptom in, one verdict out.

Owns the sequence: the victim alone, repeated; then the search that fits the answer. Trusts nobody: what the runs suggest is re-run,
in processes of their own, and only the same signature counts. Must not rank, and must not run anything itself.

    alone it passes, every time      →  a victim: who makes it fail?                 `victim`
    alone it fails, every time       →  brittle, broken or a matter of the Python    `brittle`
    alone now this, now that         →  non-deterministic, nobody is accused
    alone it ends otherwise          →  unknown, and what was tried is told
"""

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from flaky_detector.errors import Interrupted
from flaky_detector.model import Order, Proof, StateChange, TestId, path_of
from flaky_detector.rules import explains
from flaky_detector.stages.confirm.afterwards import find_cleaners, hold_what_is_frequent, look_further
from flaky_detector.stages.confirm.bench import Bench
from flaky_detector.stages.confirm.brittle import judge
from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.ledger import Ledger, OutOfBudgetError, Tally
from flaky_detector.stages.confirm.oracle import Oracle, Question
from flaky_detector.stages.confirm.victim import Found, Search

MOST_ALONE = 10

StateKey = tuple[str, str]


def prove(docket: Docket, oracle: Oracle, policy: Policy) -> Proof:
    """The verdict on one symptom; never raises for lack of time: then `complete` is False and the proof is the best so far.

    Raises:
        Interrupted: Ctrl-C; its `so_far` is the best so far.
    """
    bench = Bench(docket, Ledger(oracle, docket, policy), policy)
    found = Found()
    try:
        return _verdict(bench, found)
    except OutOfBudgetError:
        return _best_so_far(bench, found, "the budget was used up")
    except (Interrupted, KeyboardInterrupt) as caught:
        end = caught if isinstance(caught, Interrupted) else Interrupted("interrupted")
        end.so_far = _best_so_far(bench, found, "interrupted")
        raise end from None


def _best_so_far(bench: Bench, found: Found, why: str) -> Proof:
    bench.tried.append(why)
    found.complete = False
    return replace(_nothing(bench), complete=False) if found.is_empty else _explained(bench, found)


def _verdict(bench: Bench, found: Found) -> Proof:
    alone = bench.first_questions()
    if alone.passed == alone.attempts:
        _search(bench, found)
        return _unexplained(bench) if found.is_empty else _explained(bench, found)
    if alone.same == alone.attempts:
        verdict = judge(bench)
        state, left_by = _state(bench, verdict.setters)
        return replace(
            _nothing(bench),
            kind=verdict.kind,
            confidence=verdict.confidence,
            state_setters=tuple(verdict.setters),
            minimal_order=verdict.order,
            warm_up=_warm_up(bench, verdict.order),
            state=state,
            left_by=left_by,
        )
    return _undecided(bench, alone)


def _undecided(bench: Bench, alone: Tally) -> Proof:
    if alone.passed and alone.same:
        bench.tried.append(f"alone it failed {alone.same} times and passed {alone.passed} times")
        return replace(_nothing(bench), kind="non-deterministic", confidence="proven")
    bench.tried.append(f"alone it ended with another failure, or could not be run, {alone.other} of {alone.attempts} times")
    return _nothing(bench)


def _search(bench: Bench, found: Found) -> None:
    search = Search(bench, found)
    search.run()
    if not found.casts:
        return
    if bench.policy.look_further and not any(cast.others for cast in found.casts) and not _is_one_of_a_family(bench):
        look_further(search, bench, found)
    find_cleaners(bench, found)
    hold_what_is_frequent(bench, found)


def _is_one_of_a_family(bench: Bench) -> bool:
    """Whether the others of its family have shown who there is; the fallback's families are too loose for that."""
    return bool(bench.docket.known) and bench.docket.symptom.signature.rule != "fallback"


def _unexplained(bench: Bench) -> Proof:
    """It passes alone, so far, and no order that was tried makes it fail time and again."""
    alone = bench.ledger.attempt([bench.alone()], "alone", MOST_ALONE)[0]
    if alone.same:
        return _undecided(bench, alone)
    mixed = [tally for tally in bench.ledger.tallies.values() if tally.same and tally.passed]
    if not mixed:
        return _nothing(bench)
    bench.tried.append(f"one order made it fail {mixed[0].same} times and pass {mixed[0].passed} times")
    return replace(_nothing(bench), kind="non-deterministic", confidence="likely")


def _explained(bench: Bench, found: Found) -> Proof:
    if not found.casts:
        return replace(_nothing(bench), kind="cross-worker", confidence="proven", counterparts=tuple(found.counterparts))
    shown = bench.ledger.tallies.get(Question(found.orders[0], bench.docket.python))
    if shown and shown.passed:
        bench.tried.append(f"after the polluter it fails in {shown.same} of {shown.attempts} attempts, not always")
    state, left_by = _state(bench, found.polluters, found)
    return replace(
        _nothing(bench),
        kind="victim",
        confidence="proven",
        polluters=tuple(found.polluters),
        cleaners=tuple(found.cleaners),
        minimal_order=found.orders[0],
        warm_up=_warm_up(bench, found.orders[0]),
        state=state,
        left_by=left_by,
        complete=found.complete,
        imported=tuple(found.imported),
    )


def _nothing(bench: Bench) -> Proof:
    """The verdict without an answer: what was tried, and every trial."""
    return Proof(
        test=bench.victim,
        signature=bench.docket.symptom.signature,
        kind="unknown",
        confidence="suspected",
        trials=bench.trials(),
        tried=tuple(dict.fromkeys(bench.tried)),
    )


def _warm_up(bench: Bench, order: Order) -> tuple[TestId, ...]:
    named = {step.test for step in order}
    return tuple(test for test in bench.warm_up if test in named)


def _state(
    bench: Bench, sets: Sequence[tuple[TestId, ...]], found: Found | None = None
) -> tuple[tuple[StateChange, ...], dict[TestId, tuple[int, ...]]]:
    """What these tests left behind, in the runs and in the trials: the contested things where the rule knows them, else all but noise; of
    files whose import is enough what the import left. What several alternatives have in common comes first.

    With it, of each test which of these it left.
    """
    imported, held = (found.imported, found.held) if found else ([], set())
    named = dict.fromkeys(test for tests in sets for test in tests)
    left = {test: _left_by_import(path_of(test), bench) if path_of(test) in imported else _left_by(test, bench, held) for test in named}
    count = Counter(key for tests in sets for key in {key for test in tests for key in left[test]})
    every = {key: change for test in reversed(left) for key, change in left[test].items()}
    telling = [key for key, change in every.items() if explains(bench.docket.symptom, change)]
    keys = sorted(telling or dict.fromkeys(key for told in left.values() for key in told), key=lambda key: -count[key])
    left_by = {test: tuple(place for place, key in enumerate(keys) if key in told) for test, told in left.items()}
    return tuple(every[key] for key in keys), left_by


def _left_by_import(path: str, bench: Bench) -> dict[StateKey, StateChange]:
    seen = bench.ledger.left_by_import.get(path, {})
    return {key: change for key, change in seen.items() if key not in bench.docket.noisy}


def _left_by(test: TestId, bench: Bench, held: AbstractSet[StateKey]) -> dict[StateKey, StateChange]:
    known = {(change.kind, change.key): change for change in bench.docket.left.get(test, ())}
    noisy = bench.docket.noisy - held
    seen = {key: change for key, change in bench.ledger.left.get(test, {}).items() if key not in noisy}
    return {**seen, **known}
