"""Symptoms: a test, one signature, where it failed with it and where it passed."""

from flaky_detector.model import Execution, Failure, Outcome, RunRecord, RunSpec, Sighting, TestId
from flaky_detector.stages.classify import classify

T = TestId("a.py::t")


def failed(message: str = "x", *, exception: str = "ValueError", phase: str = "call", output: str = "", text: str = "") -> Failure:
    return Failure(phase=phase, exception=exception, message=message, output=output, text=text)  # type: ignore[arg-type]


def ran(outcome: str, *failures: Failure, position: int = 0, attempt: int = 0) -> Execution:
    return Execution(test=T, worker="main", position=position, outcome=Outcome(outcome), failures=failures, attempt=attempt)


def record(run: str, *executions: Execution, python: str = "3.11.7") -> RunRecord:
    return RunRecord(spec=RunSpec(id=run, python=python), python=python, executions=executions)


def test_mixed_fortunes_of_one_test_are_one_symptom() -> None:
    (symptom,) = classify([record("1", ran("failed", failed())), record("2", ran("passed"), python="3.12.1")])
    assert (symptom.failing, symptom.passing) == ((Sighting("1", "main", 0),), (Sighting("2", "main", 0),))
    assert (symptom.pythons, symptom.passing_pythons, symptom.phases) == (("3.11",), ("3.12",), ("call",))
    assert symptom.example == failed()
    assert not symptom.always_fails


def test_a_test_that_never_failed_is_no_symptom() -> None:
    assert classify([record("1", ran("passed")), record("2", ran("skipped"))]) == ()


def test_a_skip_is_neither_failing_nor_passing() -> None:
    (symptom,) = classify([record("1", ran("failed", failed())), record("2", ran("skipped"))])
    assert (len(symptom.failing), symptom.passing) == (1, ())


def test_two_ways_of_failing_are_two_symptoms() -> None:
    found = classify([record("1", ran("failed", failed("x"))), record("2", ran("failed", failed("y"))), record("3", ran("passed"))])
    assert [(symptom.signature.exception, len(symptom.failing), len(symptom.passing)) for symptom in found] == [
        ("ValueError: x", 1, 1),
        ("ValueError: y", 1, 1),
    ]


def test_call_and_teardown_with_one_signature_are_one_sighting_of_two_phases() -> None:
    (symptom,) = classify([record("1", ran("failed", failed(), failed(phase="teardown")))])
    assert (len(symptom.failing), symptom.phases) == (1, ("call", "teardown"))


def test_a_rerun_that_passed_is_a_failing_and_a_passing_sighting() -> None:
    (symptom,) = classify([record("1", ran("failed", failed()), ran("passed", position=1, attempt=1))])
    assert (symptom.failing, symptom.passing) == ((Sighting("1", "main", 0),), (Sighting("1", "main", 1),))


def test_one_drift_that_names_other_models_in_other_runs_is_one_symptom() -> None:
    def drift(*models: str) -> Failure:
        lines = "".join(f"    + Create model {model}\n" for model in models)
        return failed(
            "1",
            exception="SystemExit",
            text="> call_command('makemigrations')",
            output=f"Migrations for 'shop':\n{lines}" if models else "",
        )

    runs = [record("1", ran("failed", drift("A", "B"))), record("2", ran("failed", drift("B", "C"))), record("3", ran("failed", drift()))]
    (symptom,) = classify(runs)
    assert symptom.signature.resources == ("shop.A", "shop.B", "shop.C")
    assert [sighting.run for sighting in symptom.failing] == ["1", "2", "3"]


def test_a_crash_is_a_symptom() -> None:
    (symptom,) = classify([record("1", ran("crashed"))])
    assert (symptom.signature.exception, symptom.phases) == ("crash: the process died while it ran this test", ())


def at(message: str, exception: str = "ValueError") -> Failure:
    return Failure(phase="call", exception=exception, message=message, raised_at="app/x.py:f", test_frame="app/x.py:f")


def test_a_failure_whose_text_differs_from_run_to_run_is_one_symptom() -> None:
    (symptom,) = classify([record("1", ran("failed", at("zebra found"))), record("2", ran("failed", at("lion found", "KeyError")))])
    assert (symptom.signature.exception, [also.exception for also in symptom.also]) == ("ValueError: zebra found", ["KeyError"])
    assert [sighting.run for sighting in symptom.failing] == ["1", "2"]


def test_failures_raised_in_two_files_are_two_symptoms() -> None:
    other = Failure(phase="call", exception="ValueError", message="zebra found", raised_at="app/y.py:f", test_frame="app/y.py:f")
    assert len(classify([record("1", ran("failed", at("zebra found"))), record("2", ran("failed", other))])) == 2
