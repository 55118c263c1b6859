"""Proves or clears: one symptom in, one verdict out.

Owns the sequence: the victim alone, repeated; then the search that fits the answer. Trusts nobody: what the runs suggest is re-run,
in fresh processes, and only the same signature counts. Must not rank, and must not run anything itself.

    alone it passes, every time      →  a victim: who makes it fail?                 `victim`
    alone it fails, every time       →  brittle, broken or a matter of the Python    `brittle`
    alone now this, now that         →  non-deterministic, nobody is accused
    alone it ends otherwise          →  unknown, and what was tried is told
"""

from msgspec.structs import replace

from flaky_detector.errors import Interrupted
from flaky_detector.model import Order, Proof, StateChange, TestId
from flaky_detector.rules import rule_of
from flaky_detector.stages.confirm.bench import Bench
from flaky_detector.stages.confirm.brittle import judge
from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.ledger import Ledger, OutOfBudgetError, Tally
from flaky_detector.stages.confirm.oracle import Oracle
from flaky_detector.stages.confirm.victim import Found, Search


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
    except (Interrupted, KeyboardInterrupt):
        end = Interrupted("interrupted")
        end.so_far = _best_so_far(bench, found, "interrupted")
        raise end from None


def _best_so_far(bench: Bench, found: Found, why: str) -> Proof:
    bench.tried.append(why)
    found.complete = False
    return _victim(bench, found) if found.polluters else replace(_nothing(bench), complete=False)


def _verdict(bench: Bench, found: Found) -> Proof:
    alone = bench.first_questions()
    if alone.passed == alone.attempts:
        Search(bench, alone, found).run()
        return _victim(bench, found) if found.polluters else _unexplained(bench)
    if alone.same == alone.attempts:
        verdict = judge(bench)
        return replace(
            _nothing(bench),
            kind=verdict.kind,
            confidence=verdict.confidence,
            state_setters=(verdict.setters,) if verdict.setters else (),
            minimal_order=verdict.order,
            warm_up=_warm_up(bench, verdict.order),
        )
    return _undecided(bench, alone)


def _undecided(bench: Bench, alone: Tally) -> Proof:
    if alone.passed and alone.same:
        bench.tried.append(f"alone it failed {alone.same} times and passed {alone.passed} times")
        return replace(_nothing(bench), kind="non-deterministic", confidence="proven")
    bench.tried.append(f"alone it ended with another failure, or could not be run, {alone.other} of {alone.attempts} times")
    return _nothing(bench)


def _unexplained(bench: Bench) -> Proof:
    """It passes alone and no order that was tried makes it fail time and again."""
    mixed = [tally for tally in bench.ledger.tallies.values() if tally.same and tally.passed]
    if not mixed:
        return _nothing(bench)
    bench.tried.append(f"one order made it fail {mixed[0].same} times and pass {mixed[0].passed} times")
    return replace(_nothing(bench), kind="non-deterministic", confidence="likely")


def _victim(bench: Bench, found: Found) -> Proof:
    return replace(
        _nothing(bench),
        kind="victim",
        confidence="proven",
        polluters=tuple(found.polluters),
        minimal_order=found.orders[0],
        warm_up=_warm_up(bench, found.orders[0]),
        state=_state(bench, found),
        complete=found.complete,
    )


def _nothing(bench: Bench) -> Proof:
    """The verdict without an answer: what was tried, and every trial."""
    return Proof(
        test=bench.victim,
        signature=bench.docket.symptom.signature,
        kind="unknown",
        confidence="suspected",
        trials=bench.trials(),
        tried=tuple(bench.tried),
    )


def _warm_up(bench: Bench, order: Order) -> tuple[TestId, ...]:
    named = {step.test for step in order}
    return tuple(test for test in bench.warm_up if test in named)


def _state(bench: Bench, found: Found) -> tuple[StateChange, ...]:
    """What the polluters left behind: the contested things where the rule knows them, else everything that is not noise."""
    signature = bench.docket.symptom.signature
    tests = dict.fromkeys(test for tests in found.polluters for test in tests)
    left = {(change.kind, change.key): change for test in tests for change in bench.docket.left.get(test, ())}
    telling = [change for change in left.values() if rule_of(signature.rule).explains(signature, change)]
    return tuple(telling or left.values())
