"""Is it still true? A known order, run again as a proof runs it, with the test alone as the control.

Owns what is asked about a known order and how the answers read. Must not search: nobody new is named here.

    polluter       order fails, alone passes     proven      order passes every time      passed
    state-setter   order passes, alone fails     proven      alone passes every time      passed

An order that failed only sometimes when it was proven is asked more often, as the search does, so that passing says something. For the same
reason every attempt collects its files anew.
"""

from flaky_detector.model import KnownOrder, Recheck, Step, Symptom
from flaky_detector.model.nights import CauseKind
from flaky_detector.stages.confirm.bench import tries_for
from flaky_detector.stages.confirm.docket import Docket, Policy
from flaky_detector.stages.confirm.ledger import Ledger, OutOfBudgetError, Tally
from flaky_detector.stages.confirm.oracle import Oracle, Question


def recheck(known: KnownOrder, kind: CauseKind, oracle: Oracle, policy: Policy) -> Recheck:
    """How the order ends tonight, `policy.repeats` times at least.

    Args:
        known: the order; its warm-up is part of it, and its `python` one of the oracle's.
        kind: what the tests before the last one do.
        oracle: runs it.
        policy: how often, and until when.

    Raises:
        Interrupted: Ctrl-C.
    """
    symptom = Symptom(test=known.test, signature=known.signature, failing=())
    ledger = Ledger(oracle, Docket(symptom=symptom, app_labels=known.app_labels), policy)
    order, alone = (Question(steps, known.python, anew=True) for steps in (known.order, (Step(0, known.test),)))
    times = max(policy.repeats, tries_for(known.rate))
    role = "after-polluter" if kind == "polluter" else "after-state-setter"
    try:
        there, control = ledger.attempt_all([(order, role, times), (alone, "alone", times)])
    except OutOfBudgetError:
        return _unfinished(known, kind, ledger.tallies.get(order, Tally()), ledger.tallies.get(alone, Tally()))
    return _polluter(known, there, control) if kind == "polluter" else _setter(known, there, control)


def _unfinished(known: KnownOrder, kind: CauseKind, order: Tally, alone: Tally) -> Recheck:
    """Time ran out: a failure that was seen by then was seen."""
    if (order if kind == "polluter" else alone).same:
        return _told(known, "seen", order, alone, "it failed, and time ran out before that was a proof")
    return _told(known, "no-time", order, alone)


def _polluter(known: KnownOrder, order: Tally, alone: Tally) -> Recheck:
    if not _ran(order):
        return _told(known, "not-run", order, alone, _why_not(order))
    if alone.passed < alone.attempts:
        return _told(known, "other", order, alone, "it does not pass alone any more")
    if order.same == order.attempts:
        return _told(known, "proven", order, alone)
    if order.same:
        return _told(known, "seen", order, alone, "it fails in some of the attempts only")
    if order.passed == order.attempts:
        return _told(known, "passed", order, alone)
    return _told(known, "other", order, alone, "its order ends in another way than the failure that is known")


def _setter(known: KnownOrder, order: Tally, alone: Tally) -> Recheck:
    if not _ran(order):
        return _told(known, "not-run", order, alone, _why_not(order))
    if order.passed < order.attempts:
        return _told(known, "other", order, alone, "it does not pass after its state-setter any more")
    if alone.same == alone.attempts:
        return _told(known, "proven", order, alone)
    if alone.same:
        return _told(known, "seen", order, alone, "it fails alone in some of the attempts only")
    if alone.passed == alone.attempts:
        return _told(known, "passed", order, alone)
    return _told(known, "other", order, alone, "alone it ends in another way than the failure that is known")


def _ran(tally: Tally) -> bool:
    """Whether the order was run as asked at least once; the last attempt tells, for all are the same question."""
    return bool(tally.same or tally.passed or (tally.last and tally.last.executed))


def _why_not(tally: Tally) -> str:
    return next((gap.text for gap in (tally.last.gaps if tally.last else ()) if gap.source == "trial"), "its order could not be run")


def _told(known: KnownOrder, outcome: str, order: Tally, alone: Tally, note: str = "") -> Recheck:
    return Recheck(
        order=known,
        outcome=outcome,  # type: ignore[arg-type]
        failed=order.same,
        attempts=order.attempts,
        alone_failed=alone.same,
        alone_attempts=alone.attempts,
        note=note,
    )
