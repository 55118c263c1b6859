"""Which runs are made, and in which sequence."""

import msgspec
import pytest

from flaky_detector.model import Arrangement, Execution, Outcome, RunRecord, RunSpec, StateChange, Step
from flaky_detector.model import TestId as Id
from flaky_detector.settings import Settings
from flaky_detector.stages.plan import plan
from tests.support.records import changed, ran, record

OWN = RunSpec(id="01-3.12-own", python="3.12")


def first_run(*rows: Execution) -> RunRecord:
    return record(*rows, spec=OWN, collected=tuple(row.test for row in rows))


def ids_of(*names: str) -> tuple[Id, ...]:
    return tuple(map(Id, names))


def ids(specs: tuple[RunSpec, ...]) -> list[str]:
    return [spec.id for spec in specs]


def test_a_first_wave_goes_from_the_own_order_to_what_is_least_like_it() -> None:
    assert ids(plan(Settings(), ["3.12"])) == [
        "01-3.12-own",
        "02-3.12-shuffled-seed1-worksteal-2",
        "03-3.12-reversed",
        "04-3.12-shuffled-seed2-load-2",
        "05-3.12-shuffled-seed3-worksteal-2",
        "06-3.12-shuffled-seed1-load-2",
        "07-3.12-shuffled-seed2-worksteal-2",
        "08-3.12-shuffled-seed3-load-2",
    ]


def test_every_python_runs_the_own_order_and_then_a_shuffled_one() -> None:
    assert ids(plan(Settings(), ["3.11", "3.12"])) == [
        "01-3.11-own",
        "02-3.12-own-worksteal-2",
        "03-3.11-shuffled-seed1-worksteal-2",
        "04-3.12-shuffled-seed2-load-2",
        "05-3.12-reversed",
        "06-3.11-shuffled-seed3-worksteal-2",
        "07-3.12-shuffled-seed1-load-2",
        "08-3.11-shuffled-seed2-worksteal-2",
    ]


def test_without_distribution_every_run_is_one_process() -> None:
    specs = plan(Settings(dist=("no",), workers=(2, 4), seeds=(5,)), ["3.11", "3.12"])
    assert [(spec.id, spec.workers) for spec in specs] == [
        ("01-3.11-own", 0),
        ("02-3.12-own", 0),
        ("03-3.11-shuffled-seed5", 0),
        ("04-3.12-shuffled-seed5", 0),
        ("05-3.12-reversed", 0),
    ]


def test_an_interpreter_given_by_its_path_does_not_put_the_path_into_a_name() -> None:
    assert ids(plan(Settings(runs=2), ["/opt/py/bin/python"])) == ["01-python-own", "02-python-shuffled-seed1-worksteal-2"]
    assert ids(plan(Settings(runs=1), [""])) == ["01-own"]


def test_every_spec_says_what_it_is_for_and_carries_the_wish_about_sorts() -> None:
    specs = plan(Settings(runs=3, keep_sort=False), ["3.12"])
    assert [spec.why for spec in specs] == [
        "the project's own order in one process",
        "shuffled with seed 1, 2 workers, --dist worksteal",
        "the own order backwards, in one process",
    ]
    assert [spec.keep_sort for spec in specs] == [False, False, False]


def test_runs_that_were_made_are_not_planned_again_and_numbers_go_on() -> None:
    made = [first_run(ran("a"), ran("b"))]
    assert ids(plan(Settings(runs=3), ["3.12"], made)) == ["02-3.12-shuffled-seed1-worksteal-2", "03-3.12-reversed"]


def test_when_all_runs_have_been_made_nothing_is_left() -> None:
    assert plan(Settings(runs=1), ["3.12"], [first_run(ran("a"))]) == ()
    assert plan(Settings(runs=1), ["3.12"], [first_run(ran("a")), record(ran("a"))]) == ()


def test_tests_that_left_state_behind_go_first_next_time_after_a_warm_up() -> None:
    made = first_run(ran("a"), ran("w", traits=("db",)), ran("leaves", state=changed("TZ")), ran("z"))
    front = plan(Settings(), ["3.12"], [made])[0]
    assert (front.id, front.arrangement) == ("02-3.12-front-loaded", Arrangement.FRONT_LOADED)
    assert front.order == tuple(Step(0, Id(test)) for test in ["w", "leaves", "a", "z"])
    assert front.why == "the test that left state behind first, then the own order"


@pytest.mark.parametrize(("others", "first"), [(("v",), "v"), ((), "leaves")])
def test_what_warmed_up_one_order_stands_after_the_leavers_in_the_next(others: tuple[str, ...], first: str) -> None:
    tests = [ran("w", traits=("db",)), *(ran(test, traits=("db",), duration_seconds=1.0) for test in others)]
    rows = [ran("a"), *tests, ran("leaves", state=changed("TZ")), ran("z")]
    made = [first_run(*rows)]
    for number in range(8):
        spec = plan(Settings(runs=12), ["3.12"], made)[0]
        if spec.arrangement is Arrangement.FRONT_LOADED_BACKWARDS:
            break
        order = spec.order or tuple(Step(0, row.test) for row in rows)
        by_name = {row.test: row for row in rows}
        made.append(record(*(by_name[step.test] for step in order), spec=msgspec.structs.replace(spec, id=str(number))))
    assert spec.order[0].test == first


def test_a_second_front_loaded_run_is_not_made_when_more_leavers_turn_up() -> None:
    front = record(ran("leaves"), ran("a", state=changed("X")), spec=RunSpec(id="2", python="3.12", arrangement=Arrangement.FRONT_LOADED))
    made = [first_run(ran("a"), ran("leaves", state=changed("TZ"))), front]
    assert plan(Settings(), ["3.12"], made)[0].id == "03-3.12-shuffled-seed1-worksteal-2"


def written(*rows: Execution) -> RunSpec:
    """The run across workers that follows from this first run."""
    return next(spec for spec in plan(Settings(), ["3.12"], [first_run(*rows)]) if spec.arrangement is Arrangement.ACROSS_WORKERS)


def test_after_a_change_of_the_tree_everything_else_runs_on_another_worker() -> None:
    spec = written(
        ran("w1", traits=("db",), duration_seconds=0.1),
        ran("w2", traits=("db",), duration_seconds=0.2),
        ran("leaves", state=changed("TZ")),
        ran("writes", state=changed("app/x.py", kind="file")),
        ran("late", state=changed("X")),
        ran("z"),
    )
    assert (spec.workers, spec.distribution) == (2, "load")
    assert [(step.worker, step.test) for step in spec.order] == [
        (0, "w1"),
        (1, "w2"),
        (0, "leaves"),
        (0, "writes"),
        (1, "late"),
        (1, "z"),
    ]


def test_no_test_stands_in_an_order_twice_where_there_is_one_warm_up_only() -> None:
    spec = written(ran("w", traits=("db",)), ran("writes", state=changed("x", kind="file")), ran("z"))
    assert [(step.worker, step.test) for step in spec.order] == [(0, "w"), (0, "writes"), (1, "z")]


def test_a_file_that_was_removed_is_no_reason_for_a_run_across_workers() -> None:
    removed = msgspec.structs.replace(changed("x", kind="file")[0], before="1", after=None)
    specs = plan(Settings(), ["3.12"], [first_run(ran("a", state=(removed,)), ran("z"))])
    assert [spec.arrangement.value for spec in specs[:2]] == ["front-loaded", "shuffled"]


def crashed(test: str) -> Execution:
    return ran(test, outcome=Outcome.CRASHED)


def test_after_a_death_the_own_order_runs_once_more_without_that_test() -> None:
    made = [record(ran("a"), crashed("b"), spec=OWN, collected=ids_of("a", "b", "c"))]
    again = plan(Settings(), ["3.12"], made)[0]
    assert (again.arrangement, again.without, again.workers) == (Arrangement.OWN, ("b",), 0)
    assert again.why == "the own order without b, in which the run before it was ended"


def test_a_test_in_which_runs_die_is_left_to_runs_with_workers_that_can_be_replaced() -> None:
    made = [record(ran("a", state=changed("X")), crashed("b"), spec=OWN, collected=ids_of("a", "b", "c"))]
    specs = {spec.arrangement: spec for spec in plan(Settings(), ["3.12"], made)}
    assert [step.test for step in specs[Arrangement.FRONT_LOADED].order] == ["a", "c"]
    assert specs[Arrangement.REVERSED].without == ("b",)
    assert specs[Arrangement.SHUFFLED].without == ()


def test_no_later_run_waits_for_a_test_that_hung() -> None:
    made = [record(ran("a"), crashed("b"), spec=OWN, collected=ids_of("a", "b", "c"), timed_out=True)]
    assert {spec.without for spec in plan(Settings(), ["3.12"], made)} == {("b",)}


def test_a_test_that_only_puts_back_what_another_changed_is_no_leaver() -> None:
    set_it, put_back = StateChange(kind="environ", key="TZ", after="1"), StateChange(kind="environ", key="TZ", before="1")
    made = first_run(ran("sets", state=(set_it,)), ran("puts_back", state=(put_back,)), ran("z"))
    assert [step.test for step in plan(Settings(), ["3.12"], [made])[0].order] == ["sets", "puts_back", "z"]
    assert plan(Settings(), ["3.12"], [made])[0].why == "the test that left state behind first, then the own order"


REVERSED = RunSpec(id="03-3.12-reversed", python="3.12", arrangement=Arrangement.REVERSED)


def test_leavers_also_run_backwards_and_the_own_order_in_blocks() -> None:
    rows = [ran(f"t{number}", state=changed(f"X{number}") if number in (3, 8) else ()) for number in range(12)]
    sorted_again = [row for row in reversed(rows) if row.test != "t1"]
    made = [first_run(*rows), record(*sorted_again, spec=REVERSED)]
    specs = {spec.arrangement: spec for spec in plan(Settings(), ["3.12"], made)}
    backwards = [step.test for step in specs[Arrangement.FRONT_LOADED_BACKWARDS].order]
    assert backwards == ["t8", "t3", "t11", "t10", "t9", "t7", "t6", "t5", "t4", "t2", "t0", "t1"]
    assert [step.test for step in specs[Arrangement.BLOCKS].order][:5] == ["t10", "t11", "t8", "t9", "t6"]


def step(before: str, after: str) -> tuple[StateChange, ...]:
    return (StateChange(kind="module-global", key="shop.ONLY", before=before, after=after),)


def test_who_was_the_first_to_use_something_is_met_after_all_who_changed_it_further() -> None:
    others = [ran(f"n{number}") for number in range(5)]
    rows = [ran("v", state=step("none", "new")), *others, ran("a", state=step("new", "a")), ran("b", state=step("a", "ab"))]
    backwards = [ran("b", state=step("none", "b")), ran("a", state=step("b", "ba")), *reversed(others), ran("v")]
    made = [first_run(*rows), record(*backwards, spec=REVERSED)]
    specs = {spec.arrangement: [str(step.test) for step in spec.order] for spec in plan(Settings(), ["3.12"], made)}
    assert specs[Arrangement.FRONT_LOADED] == ["v", "a", "b", "n0", "n1", "n2", "n3", "n4"]
    assert specs[Arrangement.FRONT_LOADED_BACKWARDS] == ["b", "a", "n4", "n3", "n2", "n1", "n0", "v"]
    assert specs[Arrangement.BLOCKS] == ["a", "b", "n3", "n4", "n1", "n2", "v", "n0"]


def with_runs(count: int, seconds: float) -> list[RunRecord]:
    """So many runs of one suite with three leavers."""
    rows = [*(ran(f"l{number}", state=changed(f"X{number}")) for number in range(3)), *(ran(f"n{number}") for number in range(3))]
    records: list[RunRecord] = []
    while len(records) < count:
        spec = plan(Settings(), ["3.12"], records)[0]
        records.append(record(*rows, spec=spec, seconds=seconds, collected=tuple(row.test for row in rows)))
    return records


def test_a_quick_suite_gets_more_runs_until_they_have_taken_a_twentieth_of_the_budget() -> None:
    assert len(plan(Settings(budget_seconds=1000), ["3.12"], with_runs(8, seconds=6))) == 8
    assert plan(Settings(budget_seconds=1000), ["3.12"], with_runs(8, seconds=6.3)) == ()
    assert plan(Settings(budget_seconds=1000, runs=8), ["3.12"], with_runs(8, seconds=1)) == ()


def test_more_runs_shuffle_the_leavers_and_let_the_others_follow_both_ways() -> None:
    made = with_runs(8, seconds=1)
    turned = [
        msgspec.structs.replace(each, executions=each.executions[::-1]) if each.spec.id == "04-3.12-reversed" else each for each in made
    ]
    specs = plan(Settings(), ["3.12"], turned)
    orders = {spec.id[3:]: [str(step.test) for step in spec.order] for spec in specs}
    assert orders == {
        "3.12-front-loaded-shuffled-seed3": ["l1", "l2", "l0", "n0", "n1", "n2"],
        "3.12-shuffled-seed1-load-2": [],
        "3.12-front-loaded-shuffled-seed4": ["l2", "l1", "l0", "n2", "n1", "n0"],
        "3.12-shuffled-seed2-worksteal-2": [],
        "3.12-front-loaded-shuffled-seed5": ["l0", "l1", "l2", "n0", "n1", "n2"],
        "3.12-shuffled-seed3-load-2": [],
        "3.12-front-loaded-shuffled-seed6": ["l1", "l0", "l2", "n2", "n1", "n0"],
        "3.12-front-loaded-shuffled-seed7": ["l2", "l0", "l1", "n0", "n1", "n2"],
    }
    assert specs[2].why == "the 3 tests that left state behind first, shuffled with seed 4, then the own order backwards"
