"""A known order, run again against suites in memory: how its answers read, and what was asked."""

from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from flaky_detector.model import Gap, KnownOrder, Recheck, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.model.nights import CauseKind
from flaky_detector.stages.confirm import Answer, Policy, Question, recheck
from tests.support.memory_suite import Fails, MemorySuite, signature_of

V, P, W = Id("test_v.py::test_v"), Id("p"), Id("w")
KNOWN = KnownOrder(fingerprint="f", test=V, signature=signature_of(), order=on_one_worker((W, P, V)), warm_up=(W,), python="3.12")


def again(fails: Fails, *, kind: CauseKind = "polluter", known: KnownOrder = KNOWN, repeats: int = 3) -> tuple[Recheck, MemorySuite]:
    suite = MemorySuite(fails)
    return recheck(known, kind, suite, Policy(repeats=repeats)), suite


def names_in(prefix: list[tuple[int, str]]) -> set[str]:
    return {test for _, test in prefix}


def after(*needed: str) -> Fails:
    return lambda prefix, attempt: set(needed) <= names_in(prefix)


def counts(told: Recheck) -> tuple[str, int, int, int, int]:
    return told.outcome, told.failed, told.attempts, told.alone_failed, told.alone_attempts


def test_an_order_that_still_fails_is_proven_with_the_warm_up_and_the_test_alone_as_control() -> None:
    told, suite = again(after("p"))
    assert counts(told) == ("proven", 3, 3, 0, 3)
    assert suite.orders == [["w", "p", V]] * 3 + [[V]] * 3
    assert {(question.python, question.anew) for question in suite.questions} == {("3.12", True)}


def test_an_order_that_passes_every_time_is_told_so() -> None:
    assert counts(again(after("nobody"))[0]) == ("passed", 0, 3, 0, 3)


def test_an_order_that_fails_now_and_then_is_seen_and_not_proven() -> None:
    told, _ = again(lambda prefix, attempt: "p" in names_in(prefix) and attempt == 1)
    assert (*counts(told), told.note) == ("seen", 1, 3, 0, 3, "it fails in some of the attempts only")


def test_a_test_that_fails_alone_proves_nothing_any_more() -> None:
    told, _ = again(lambda prefix, attempt: True)
    assert (told.outcome, told.note) == ("other", "it does not pass alone any more")


def test_another_failure_is_not_the_one_that_is_known() -> None:
    suite = MemorySuite(after("nobody"))
    suite.otherwise = bool
    told = recheck(KNOWN, "polluter", suite, Policy())
    assert (told.outcome, told.note) == ("other", "its order ends in another way than the failure that is known")


@pytest.mark.parametrize(
    ("fails", "outcome"),
    [
        (lambda prefix, attempt: "p" not in names_in(prefix), "proven"),
        (lambda prefix, attempt: False, "passed"),
        (lambda prefix, attempt: "p" not in names_in(prefix) and attempt == 0, "seen"),
        (lambda prefix, attempt: True, "other"),
    ],
)
def test_a_brittle_test_is_read_the_other_way_round(fails: Fails, outcome: str) -> None:
    assert again(fails, kind="state-setter")[0].outcome == outcome


def test_what_failed_only_sometimes_is_asked_more_often_before_passing_says_something() -> None:
    told, _ = again(after("nobody"), known=replace(KNOWN, rate=0.5))
    assert counts(told) == ("passed", 0, 6, 0, 6)


class NotCollected:
    """A suite in which an order cannot be run."""

    def ask(self, questions: Sequence[Question]) -> Iterator[Answer]:
        for question in questions:
            yield Answer(executed=False, gaps=(Gap("junit.xml", "cut"), Gap("trial", f"{question.order[-1].test} did not run")))


def test_an_order_that_cannot_be_run_says_why() -> None:
    told = recheck(KNOWN, "polluter", NotCollected(), Policy())
    assert (told.outcome, told.note) == ("not-run", f"{V} did not run")


def test_without_time_nothing_is_asked() -> None:
    suite = MemorySuite(after("p"))
    told = recheck(KNOWN, "polluter", suite, Policy(deadline=0.0))
    assert (told.outcome, suite.orders) == ("no-time", [])
