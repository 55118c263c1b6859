"""Chains are told as chains."""

from flaky_detector.model import Finding, Signature, TestId
from flaky_detector.pipeline.links import with_links


def finding(test: str, *sets: tuple[str, ...]) -> Finding:
    polluters = tuple(tuple(map(TestId, tests)) for tests in sets)
    return Finding(test=TestId(test), kind="victim", confidence="proven", signature=Signature(rule="fallback"), polluters=polluters)


def test_a_polluter_that_is_itself_a_victim_of_the_one_before_it_is_a_link() -> None:
    told = with_links([finding("t.py::b", ("t.py::a",)), finding("t.py::c", ("t.py::a", "t.py::b"))])
    assert told[0].notes == ()
    assert told[1].notes == ("a chain: b is itself a victim of a, and what its failure leaves behind is what this test trips over",)


def test_two_that_are_needed_together_and_break_nobody_alone_are_no_chain() -> None:
    assert with_links([finding("t.py::c", ("t.py::a", "t.py::b"))])[0].notes == ()


def test_a_link_in_the_wrong_order_is_none() -> None:
    assert with_links([finding("t.py::b", ("t.py::a",)), finding("t.py::c", ("t.py::b", "t.py::a"))])[1].notes == ()
