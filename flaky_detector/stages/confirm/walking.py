"""A suspect from one walk along an order: the test after which the victim begins to fail.

Owns how walks are put together. Must not prove: what a walk suggests is a guess, as good as the failure is steady.

    walk      a b c d e f g h     V begins to fail after f     →  is  f V  enough?  Then f is the guess.
    walk      a b c d e           f V begins to fail after c   →  is  c f V  enough? Then c and f are. And so on.

Each walk finds one of those that are needed together, the last one, in one run of what came before it; halving takes as many runs
as the number of tests has binary digits. Where the failure is not steady, or a test in between mends what another broke, a walk may end
at an innocent; then nothing is proven, and the search by trials of their own goes on.
"""

from collections.abc import Sequence

from flaky_detector.model import TestId
from flaky_detector.stages.confirm.bench import Bench, Cast
from flaky_detector.stages.confirm.minimise import minimise
from flaky_detector.stages.confirm.oracle import Walking

LEAST_TESTS = 6
MOST_TOGETHER = 4


def walk(bench: Bench, tests: Sequence[TestId]) -> Cast | None:
    """The tests that seem to be needed; None where walking tells nothing, or the order is so short that trials tell it as fast."""
    kept: tuple[TestId, ...] = ()
    before = tuple(tests)
    for number in range(MOST_TOGETHER):
        if len(before) < (1 if number else LEAST_TESTS):
            return None
        found = _last_needed(bench, before, kept)
        if not found:
            return None
        place = before.index(found[0])
        before, kept = before[:place], (*found, *kept)
        if bench.shows(Cast(own=kept)):
            return Cast(own=kept if len(kept) == number + 1 else _smallest(bench, kept))
    return None


def _last_needed(bench: Bench, before: tuple[TestId, ...], kept: tuple[TestId, ...]) -> tuple[TestId, ...]:
    """One of `before`, or some of which one is it, after which those that are kept fail, and the victim; nobody where that is not known."""
    order = bench.order(Cast(own=(*before, *kept)))
    ahead = len(order) - len(before) - len(kept) - 1
    seconds, raised = _seconds(bench, len(kept)), _raised(bench)
    came = bench.ledger.walk(Walking(order=order, tail=len(kept) + 1, python=bench.docket.python, raised=raised, **seconds))
    if came is None or came[0] - came[1] < ahead:
        return ()
    return before[came[0] - came[1] - ahead : came[0] - ahead]


def _smallest(bench: Bench, tests: tuple[TestId, ...]) -> tuple[TestId, ...]:
    """What of them is needed, where a walk could not tell some of them apart."""
    chosen = minimise(range(len(tests)), lambda some: bench.shows(Cast(own=tuple(tests[index] for index in some))))
    return tests if chosen is None else tuple(tests[index] for index in chosen)


def _raised(bench: Bench) -> tuple[str, ...]:
    """Bare types of what it was seen to raise; none where one is not known."""
    symptom = bench.docket.symptom
    types = [signature.exception.partition(":")[0].rpartition(".")[2] for signature in (symptom.signature, *symptom.also)]
    return tuple(dict.fromkeys(types)) if all(types) else ()


def _seconds(bench: Bench, kept: int) -> dict[str, float]:
    """What tests take, by the runs: one of those before the tail, and the tail."""
    docket = bench.docket
    each = docket.seconds / max(len(docket.failing), 1)
    return {"test_seconds": each, "tail_seconds": docket.victim_seconds + kept * each}
