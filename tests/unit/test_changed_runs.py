"""Runs of the tests that a pull request changed: first, and last."""

from flaky_detector.model import Arrangement, RunRecord, RunSpec
from flaky_detector.model import TestId as Id
from flaky_detector.settings import Settings
from flaky_detector.stages.plan import Known, plan
from flaky_detector.stages.plan.changed import changed_tests
from tests.support.records import changed, ran, record

OWN = RunSpec(id="01-3.12-own", python="3.12")
TESTS = ("test_a.py::test_1", "test_a.py::test_2", "test_money.py::test_1", "test_z.py::test_1")


def planned(*paths: str, tests: tuple[str, ...] = TESTS, made: tuple[RunRecord, ...] = ()) -> dict[Arrangement, RunSpec]:
    first = record(*map(ran, tests), spec=OWN, collected=tuple(map(Id, tests)))
    specs = plan(Settings(), ["3.12"], [first, *made], Known(changed=paths, since="origin/main"))
    return {spec.arrangement: spec for spec in specs}


def order(spec: RunSpec) -> list[str]:
    return [str(step.test) for step in spec.order]


def test_tests_of_changed_files_run_once_first_and_once_last_both_in_the_own_order() -> None:
    specs = planned("test_z.py", "test_a.py", tests=("test_b.py::test_1", *TESTS))
    assert order(specs[Arrangement.CHANGED_FIRST]) == [
        "test_a.py::test_1",
        "test_a.py::test_2",
        "test_z.py::test_1",
        "test_b.py::test_1",
        "test_money.py::test_1",
    ]
    assert order(specs[Arrangement.CHANGED_LAST]) == [
        "test_b.py::test_1",
        "test_money.py::test_1",
        "test_a.py::test_1",
        "test_a.py::test_2",
        "test_z.py::test_1",
    ]
    first = specs[Arrangement.CHANGED_FIRST]
    assert first.why == "the 3 tests of files that changed since origin/main first, then the others, in the own order"
    assert (first.id, first.workers) == ("02-3.12-changed-first", 0)
    assert specs[Arrangement.CHANGED_LAST].id == "03-3.12-changed-last"


def test_a_changed_module_stands_for_the_tests_that_are_named_after_it() -> None:
    tests = tuple(map(Id, ("a/test_money.py::t", "a/money_test.py::t", "a/test_moneybag.py::t", "a/money.py::t")))
    assert changed_tests(tests, ("shop/money.py",)) == tests[:2]
    assert changed_tests(tests, ("a/money.py",)) == (*tests[:2], tests[3])
    assert changed_tests(tests, ("README.py", "money.txt.py")) == ()


def test_an_order_that_is_the_own_order_anyway_is_not_run_again() -> None:
    assert Arrangement.CHANGED_FIRST not in planned("test_a.py")
    assert order(planned("test_a.py")[Arrangement.CHANGED_LAST])[-1] == "test_a.py::test_2"
    assert Arrangement.CHANGED_LAST not in planned("test_z.py")


def test_where_every_test_changed_or_none_there_is_no_such_run() -> None:
    for paths in ((), ("shop/other.py",), ("test_a.py", "test_money.py", "test_z.py")):
        assert not {Arrangement.CHANGED_FIRST, Arrangement.CHANGED_LAST} & set(planned(*paths))


def test_a_warm_up_makes_the_database_before_a_changed_test_runs() -> None:
    rows = [ran("test_a.py::w", traits=("db",)), ran("test_z.py::new", traits=("db",)), ran("test_b.py::t")]
    made = record(*rows, spec=OWN, collected=tuple(row.test for row in rows))
    specs = plan(Settings(), ["3.12"], [made], Known(changed=("test_z.py",), since="x"))
    assert specs[0].why == "the test of files that changed since x first, then the others, in the own order"
    assert order(specs[0]) == ["test_a.py::w", "test_z.py::new", "test_b.py::t"]


def test_what_left_something_behind_still_runs_first_of_all() -> None:
    rows = [ran("test_a.py::t"), ran("test_b.py::leaves", state=changed("TZ")), ran("test_c.py::t")]
    made = record(*rows, spec=OWN, collected=tuple(row.test for row in rows))
    specs = plan(Settings(), ["3.12"], [made], Known(changed=("test_c.py",), since="x"))
    assert [spec.arrangement.value for spec in specs[:2]] == ["front-loaded", "changed-first"]


def test_each_is_made_once() -> None:
    first = record(*map(ran, TESTS), spec=RunSpec(id="2", python="3.12", arrangement=Arrangement.CHANGED_FIRST))
    assert Arrangement.CHANGED_FIRST not in planned("test_money.py", made=(first,))
    assert Arrangement.CHANGED_LAST in planned("test_money.py", made=(first,))
