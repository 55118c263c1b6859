"""Tests that never passed: two runs ask for all of them whether they pass after all others, and nobody is asked for in a run of his own."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from flaky_detector.model import Sighting, TestId
from flaky_detector.stages.confirm import Answer, Docket, Policy, Question, prove
from tests.support.memory_suite import FAILURE, MemorySuite, execution, symptom

V = "test_v.py::test_v"
FELLOWS = ("b", V, "d", "e")


class Suite(MemorySuite):
    """Where it is asked for all, everybody of the fellows fails as the victim does."""

    is_cut_short = False

    def ask(self, questions: Sequence[Question]) -> Iterator[Answer]:
        for question in questions:
            if not question.for_all:
                yield from super().ask([question])
                continue
            self.asked.append(question.order)
            names = [str(step.test) for step in question.order]
            rows = []
            for place, name in enumerate(names):
                fails = name in FELLOWS and self.fails([(0, before) for before in names[:place]], 0)
                rows.append(execution(name, FAILURE if fails else None, place))
            yield Answer(executions=tuple(rows), executed=not self.is_cut_short)


def after(*setters: str) -> Suite:
    """It passes after any of these."""
    return Suite(lambda prefix, attempt: {test for worker, test in prefix}.isdisjoint(setters))


def docket(**members: object) -> Docket:
    """Tests are single letters, but for the victim."""
    everything = tuple(map(TestId, ("a", "b", V, "c", "d", "e")))
    given = {"symptom": symptom(failing=(Sighting("1", "main", 2),)), "everything": everything, "fellows": tuple(map(TestId, FELLOWS))}
    return Docket(**{**given, **members})  # type: ignore[arg-type]


def test_two_runs_ask_for_all_of_them() -> None:
    suite = after()
    proof = prove(docket(), suite, Policy())
    assert proof.kind == "broken"
    assert suite.orders == [[V]] * 3 + [["a", "c", "b", V, "d", "e"], ["a", "c", "e", "d", V, "b"]]


def test_one_that_passes_there_gets_its_state_setter() -> None:
    for setter in "ce":
        proof = prove(docket(), after(setter), Policy())
        assert (proof.kind, proof.confidence, proof.state_setters) == ("brittle", "proven", ((setter,),))


def test_one_without_fellows_or_with_one_is_asked_for_in_a_run_of_its_own() -> None:
    for fellows in ((), ("b", V), ("b", "d", "e")):
        suite = after()
        assert prove(docket(fellows=tuple(map(TestId, fellows))), suite, Policy()).kind == "broken"
        assert suite.orders == [[V]] * 3 + [["a", "b", "c", "d", "e", V]]


def test_a_run_for_all_that_could_not_be_made_as_asked_tells_nothing() -> None:
    suite = after("c")
    suite.is_cut_short = True
    proof = prove(docket(), suite, Policy())
    assert (proof.kind, proof.state_setters) == ("brittle", (("c",),))
    assert ["a", "b", "c", "d", "e", V] in suite.orders


def test_what_came_after_all_others_in_the_runs_is_not_run_once_more() -> None:
    suite = after()
    assert prove(docket(came_after_all=True), suite, Policy()).kind == "broken"
    assert suite.orders == [[V]] * 3


def test_one_failure_will_do_where_its_family_is_broken() -> None:
    suite = after()
    assert prove(docket(is_kin_broken=True, came_after_all=True), suite, Policy()).kind == "broken"
    assert suite.orders == [[V]]


def test_one_that_passes_alone_is_a_victim_also_where_its_family_is_broken() -> None:
    suite = Suite(lambda prefix, attempt: (0, "a") in prefix)
    proof = prove(docket(is_kin_broken=True, failing=(TestId("a"),)), suite, Policy())
    assert (proof.kind, proof.polluters) == ("victim", (("a",),))


def test_one_that_fails_alone_now_and_then_is_non_deterministic_also_where_its_family_is_broken() -> None:
    suite = Suite(lambda prefix, attempt: attempt > 0)
    assert prove(docket(is_kin_broken=True), suite, Policy()).kind == "non-deterministic"


def test_one_that_has_passed_is_asked_thrice_whatever_its_family_is() -> None:
    suite = after("c")
    passed = replace(symptom(), failing=(Sighting("1", "main", 2),), passing=(Sighting("2", "main", 2),))
    prove(docket(symptom=passed, passing=((TestId("c"),),), is_kin_broken=True), suite, Policy())
    assert suite.orders[:4] == [[V], [V], [V], ["c", V]]
