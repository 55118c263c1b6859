"""Tests that failed: where they are many, two runs ask for all of them, and few are asked for in runs of their own."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from flaky_detector.model import Sighting, TestId, on_one_worker
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
    assert "after all other tests, in the suite's order and in the reverse: it failed as well" in proof.tried
    assert [[step.test for step in trial.order] for trial in proof.trials] == [[V]]
    assert suite.orders == [[V]] * 3 + [["a", "c", "b", V, "d", "e"], ["c", "a", "e", "d", V, "b"]]


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


def polluted(by: str, *rest: str) -> Suite:
    """Whoever fails does so after any of these."""
    return Suite(lambda prefix, attempt: not {test for worker, test in prefix}.isdisjoint((by, *rest)))


def victims(failing: str = "ap", **members: object) -> Docket:
    """Each of the fellows failed after `p`, in a run of the suite's own order up to the victim."""
    everything = tuple(map(TestId, ("a", "p", V, "b", "q", "d", "e")))
    given = {"failing": tuple(failing), "failing_on": everything[2:], "everything": everything, "known": (on_one_worker((TestId("p"),)),)}
    return docket(**{**given, **members})


def test_that_nobody_else_breaks_it_is_asked_for_all_victims_at_once() -> None:
    suite = polluted("p")
    proof = prove(victims(), suite, Policy())
    assert proof.polluters == (("p",),)
    assert [order for order in suite.orders if len(order) > 2] == [["a", "q", V, "b", "d", "e"], ["q", "a", "e", "d", "b", V]]


def test_somebody_else_who_breaks_it_is_looked_for_in_runs_of_its_own() -> None:
    proof = prove(victims(), polluted("p", "q"), Policy())
    assert proof.polluters == (("p",), ("q",))
    proof = prove(victims(), polluted("p", "e"), Policy())
    assert proof.polluters == (("p",), ("e",))


def test_a_run_in_another_order_is_made_once_for_all_whom_it_broke() -> None:
    suite = polluted("p")
    prove(victims("dapbq", failing_on=(TestId(V), TestId("e"))), suite, Policy())
    longer = [order for order in suite.orders if len(order) > 2]
    assert longer == [["d", "a", "b", "q", V, "e"], ["a", "q", V, "b", "d", "e"], ["q", "a", "e", "d", "b", V]]


def test_what_was_proven_for_one_of_a_loose_family_is_no_evidence_for_the_next() -> None:
    for kindred in ((), ((TestId("p"),),)):
        suite = polluted("p")
        proof = prove(victims(kindred=kindred, fellows=()), suite, Policy(look_further=False))
        assert proof.polluters == (("p",),)
        assert suite.orders.count(["p", V]) == 5
