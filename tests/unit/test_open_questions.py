"""Which failures more runs in other orders may explain, and whom they concern."""

from flaky_detector.model import Execution, Failure, Outcome, RunRecord, RunSpec, StateChange
from flaky_detector.stages.classify import classify
from flaky_detector.stages.correlate import lay_out, open_questions
from tests.support.records import ran, record

FAILURE = Failure(phase="call", exception="AssertionError", message="assert 1 == 2", test_frame="t.py:test_v")


def failed(test: str = "v") -> Execution:
    return ran(test, outcome=Outcome.FAILED, failures=(FAILURE,))


def run(*rows: Execution, name: str) -> RunRecord:
    return record(*rows, spec=RunSpec(id=name, python="3.12"))


def asked(*records: RunRecord) -> list[tuple[str, list[str]]]:
    questions = open_questions(classify(records), lay_out(records, lambda path: None))
    return [(one.victim, sorted(one.weights, key=lambda test: (-one.weights[test], test))) for one in questions]


def test_all_who_ran_before_a_failure_are_in_question_the_likelier_ones_first() -> None:
    made = (run(ran("a"), ran("b"), ran("d"), failed(), ran("c"), name="1"), run(ran("a"), ran("v"), name="2"))
    assert asked(*made) == [("v", ["b", "d", "a"])]


def test_where_somebody_left_the_thing_behind_nothing_is_open() -> None:
    drift = Failure(
        phase="call",
        exception="SystemExit",
        message="1",
        text="makemigrations",
        output="Migrations for 'shop':\n    + Create model Phantom\n",
    )
    about = ran("v", outcome=Outcome.FAILED, failures=(drift,))
    other, model = (StateChange(kind=kind, key=key, after="1") for kind, key in (("environ", "X"), ("django-model", "shop.Phantom")))
    assert asked(run(ran("a", state=(other,)), ran("b"), about, name="1")) == [("v", ["a", "b"])]
    assert asked(run(ran("a", state=(model,)), ran("b"), about, name="1")) == []


def test_a_test_that_fails_wherever_it_runs_is_no_question() -> None:
    assert asked(run(ran("a"), ran("b"), failed(), name="1"), run(ran("b"), ran("a"), failed(), name="2")) == []
    assert asked(run(ran("a"), ran("b"), failed(), name="1")) == [("v", ["a", "b"])]


def test_a_suspect_that_stands_out_is_no_question() -> None:
    made = [run(ran("a"), ran("b"), failed(), name=f"f{number}") for number in range(3)]
    made += [run(ran("b"), ran("v"), name=f"p{number}") for number in range(3)]
    assert asked(*made) == []


def test_no_more_questions_are_asked_than_can_be_weighed() -> None:
    rows = [ran("a"), ran("b"), *(failed(f"v{number}") for number in range(20))]
    assert [victim for victim, _ in asked(run(*rows, name="1"))] == [f"v{number}" for number in range(8)]
