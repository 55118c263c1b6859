"""Victims of one family: what was proven for one of them spares the others the look for its alternatives."""

from collections.abc import Sequence

from flaky_detector.model import StateChange, TestId, on_one_worker
from flaky_detector.stages.confirm import Docket, Policy, prove
from tests.support.memory_suite import MemorySuite, symptom

V = "test_v.py::test_v"
LEAVES = (StateChange(kind="env", key="A", after="1"),)


def any_of(*polluters: str) -> MemorySuite:
    return MemorySuite(lambda prefix, attempt: not {test for worker, test in prefix}.isdisjoint(polluters))


def docket(failing: str, kindred: Sequence[str], leave_the_same: str = "") -> Docket:
    """Tests are single letters; `p` was proven for another victim of the family, and so was each of the kindred."""
    return Docket(
        symptom=symptom(),
        failing=tuple(map(TestId, failing)),
        known=(on_one_worker((TestId("p"),)),),
        kindred=tuple((TestId(test),) for test in kindred),
        left={TestId(test): LEAVES for test in leave_the_same},
    )


def remains_asked(suite: MemorySuite) -> list[list[str]]:
    """The orders of more than a pair."""
    return [order for order in suite.orders if len(order) > 2]


def test_alternatives_of_its_family_are_not_proven_once_more() -> None:
    suite = any_of("p", "q")
    proof = prove(docket("aqbpc", "pq"), suite, Policy())
    assert proof.polluters == (("p",),)
    assert remains_asked(suite) == [["a", "b", "c", V]]
    assert ["q", V] not in suite.orders


def test_somebody_else_in_what_remains_is_named() -> None:
    suite = any_of("p", "q", "r")
    proof = prove(docket("arqbpc", "pq"), suite, Policy())
    assert proof.polluters == (("p",), ("r",))


def test_who_leaves_the_same_is_left_out_of_what_remains() -> None:
    suite = any_of("p", "q", "s")
    proof = prove(docket("asqbpc", "pq", leave_the_same="ps"), suite, Policy())
    assert proof.polluters == (("p",),)
    assert remains_asked(suite) == [["a", "b", "c", V]]


def test_where_a_family_has_more_of_them_than_a_search_looks_for_nothing_more_is_asked() -> None:
    suite = any_of(*"pqrstu")
    proof = prove(docket("aqbpctu", "pqrst"), suite, Policy())
    assert proof.polluters == (("p",),)
    assert remains_asked(suite) == []


def test_where_its_own_polluter_is_another_one_the_search_is_as_ever() -> None:
    suite = any_of("q", "r")
    proof = prove(docket("aqbrc", "p"), suite, Policy())
    assert sorted(proof.polluters) == [("q",), ("r",)]
