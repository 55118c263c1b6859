"""A budget that ends in the middle of an analysis: it goes on with what it has, and says what it left out."""

import pytest

from flaky_detector.errors import SettingsError
from flaky_detector.model import Execution, Failure, Finding, LatentPolluter, Outcome, Signature, Suspect, TestId
from flaky_detector.model.evidence import Evidence
from flaky_detector.pipeline.analysis import analyze, read
from flaky_detector.pipeline.conclude import folded, with_few_suspects
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.hunt import examine
from flaky_detector.settings import Settings
from flaky_detector.stages.ingest import Bundle, Paper
from tests.support.records import changed, ran, record


def nothing(path: str) -> str | None:
    return None


def bundles(count: int) -> list[Bundle]:
    log = "==== test session starts ====\n[gw0] [ 50%] PASSED a.py::p \n[gw0] [100%] FAILED a.py::v \n==== 1 failed, 1 passed in {}s ====\n"
    return [Bundle(f"run-{number}", (Paper("console.log", log.format(number + 1).encode()),)) for number in range(count)]


def spent(seconds: float, budget: float = 100.0) -> Dossier:
    """A dossier that was begun some seconds ago."""
    dossier = Dossier(budget)
    dossier.started -= seconds
    dossier.deadline -= seconds
    return dossier


def failing(test: str) -> Execution:
    return ran(test, Outcome.FAILED, failures=(Failure(phase="call", exception=f"Error{test}", message="no"),))


def test_reading_stops_at_half_of_the_budget_and_says_how_many_runs_it_left_out() -> None:
    dossier = read(bundles(4), (), spent(60))
    assert (dossier.status, [each.spec.id for each in dossier.records]) == ("budget-exhausted", ["run-0"])
    assert [gap.text for gap in dossier.gaps] == ["the budget of 100 s left no time to read 3 of 4 runs"]


def test_with_time_enough_all_is_read() -> None:
    dossier = read(bundles(4), (), spent(10))
    assert (dossier.status, len(dossier.records), dossier.gaps) == ("complete", 4, [])


def test_what_was_read_before_an_interrupt_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> bytes:
        raise KeyboardInterrupt

    told = bundles(3)
    told[2] = Bundle("run-2", (Paper("journal-main.jsonl", interrupted, 10),))
    dossier = read(told, (), Dossier())
    assert (dossier.status, len(dossier.records)) == ("interrupted", 2)
    result = analyze(dossier, Settings(), nothing)
    assert (result.status, [each.test for each in result.findings]) == ("interrupted", ["a.py::v"])


def test_the_search_for_suspects_stops_in_time_and_goes_first_to_tests_that_also_passed() -> None:
    dossier = spent(95)
    dossier.records = [record(ran("a"), failing("b"), failing("c")), record(ran("a"), failing("b"), ran("c"), run="r2")]
    examine(dossier, nothing)
    assert {symptom.test: bool(suspects) for symptom, suspects in dossier.symptoms} == {"b": False, "c": True}
    assert (dossier.status, [gap.text for gap in dossier.gaps]) == (
        "budget-exhausted",
        ["the budget left no time to look for suspects of 1 failing tests"],
    )


def test_a_little_of_the_budget_is_kept_for_the_end() -> None:
    assert 95.0 < Dossier(100.0).seconds_left <= 96.0
    assert 3539.0 < Dossier(3600.0).seconds_left <= 3540.0


def test_nothing_to_read_is_the_same_mistake_whatever_the_budget() -> None:
    with pytest.raises(SettingsError):
        analyze(spent(200), Settings(), nothing)


def leaver(number: int, key: str) -> LatentPolluter:
    return LatentPolluter(test=TestId(f"t{number}"), state=changed(key))


def test_a_few_that_leave_something_are_all_told() -> None:
    few = [leaver(number, "MODE") for number in range(300)]
    assert folded(few) == tuple(few)


def test_of_very_many_the_first_of_each_thing_is_told() -> None:
    many = [leaver(number, f"MODE_{number % 7}") for number in range(301)]
    assert [each.test for each in folded(many)] == ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]
    assert len(folded([leaver(number, f"MODE_{number}") for number in range(1000)])) == 300


def test_far_down_in_a_long_list_only_the_best_suspects_are_kept() -> None:
    suspects = tuple(Suspect(test=TestId(f"p{number}"), score=0.1, evidence=(Evidence("order", "x"),)) for number in range(20))
    told = Finding(test=TestId("v"), kind="unknown", confidence="suspected", signature=Signature(rule="fallback"), suspects=suspects)
    assert [len(with_few_suspects(told, number).suspects) for number in (0, 99, 100)] == [20, 20, 5]
