"""The registry of rules is complete, in order, and never without an answer."""

import importlib
import inspect
import pkgutil

import flaky_detector.rules
from flaky_detector.model import Execution, Failure, Outcome, Raised, TestId
from flaky_detector.rules import RULES, rule_of, signature_of, signatures_of
from tests.rules.samples import failure, wrapped


def test_no_rule_of_the_folder_is_missing_from_the_registry() -> None:
    modules = [
        importlib.import_module(f"flaky_detector.rules.{found.name}") for found in pkgutil.iter_modules(flaky_detector.rules.__path__)
    ]
    written = {
        name
        for module in modules
        for name, member in inspect.getmembers(module, inspect.isclass)
        if hasattr(member, "recognise") and name != "Rule" and member.__module__ == module.__name__
    }
    assert written == {type(rule).__name__ for rule in RULES}


def test_the_fallback_is_last_and_answers_for_names_that_nobody_knows() -> None:
    assert [rule.name for rule in RULES] == ["duplicate-table", "conflicting-models", "migration-drift", "fallback"]
    assert rule_of("of a later version").name == "fallback"


def execution(outcome: Outcome, *failures: Failure) -> Execution:
    return Execution(test=TestId("a.py::test_a"), worker="main", position=0, outcome=outcome, failures=failures)


def test_call_and_teardown_with_one_cause_are_one_signature() -> None:
    twice = wrapped('relation "shop_phantom" already exists')
    assert len(signatures_of(execution(Outcome.FAILED, twice, twice))) == 1


def test_a_teardown_that_fails_otherwise_is_a_second_signature() -> None:
    found = signatures_of(execution(Outcome.FAILED, failure("ValueError", "x"), failure("OSError", "y")))
    assert [signature.exception for signature in found] == ["ValueError: x", "OSError: y"]


def test_what_passed_has_no_signature() -> None:
    assert signatures_of(execution(Outcome.PASSED)) == ()


def test_a_crash_has_a_signature_although_nobody_could_tell_why() -> None:
    assert [signature.exception for signature in signatures_of(execution(Outcome.CRASHED))] == [
        "crash: the process died while it ran this test"
    ]


def test_failed_subtests_tell_why_the_test_failed() -> None:
    told = execution(Outcome.FAILED, failure("ValueError", "x"), failure("Failed", "contains 1 failed subtest"))
    assert [signature.exception for signature in signatures_of(told)] == ["ValueError: x"]


def test_a_duplicate_table_that_makemigrations_printed_around_is_a_duplicate_table() -> None:
    both = Failure(
        phase="call",
        exception="django.db.utils.ProgrammingError",
        message='relation "shop_phantom" already exists',
        chain=(Raised("psycopg2.errors.DuplicateTable", 'relation "shop_phantom" already exists'),),
        output="Migrations for 'shop':\n    + Create model Phantom\n",
    )
    assert signature_of(both).rule == "duplicate-table"
