"""Executions in columns: the same records come out, and the columns tell what the records would."""

import pickle
import tracemalloc

import pytest

from flaky_detector.model import Execution, Executions, Failure, Outcome, RunRecord, RunSpec, StateChange, TestId

FAILED = Failure(phase="call", exception="ValueError", message="no", text="E   ValueError: no\n" * 100, output="said " * 100)
CHANGED = StateChange(kind="environ", key="MODE", after="1")


def row(test: str, position: int, worker: str = "gw0", outcome: Outcome = Outcome.PASSED, **members: object) -> Execution:
    return Execution(test=TestId(test), worker=worker, position=position, outcome=outcome, **members)  # type: ignore[arg-type]


ROWS = (
    row("a", 0, duration_seconds=0.1, started_seconds=10.0, traits=("db",)),
    row("b", 1, outcome=Outcome.FAILED, failures=(FAILED,), attempt=0, started_seconds=10.5, duration_seconds=0.25),
    row("b", 1, attempt=1, started_seconds=11.0),
    row("c", 2, state=(CHANGED,), claims=("port 8000",), started_seconds=12.0),
    row("d", 0, "gw1", Outcome.CRASHED),
    row("e", 1, "gw1", Outcome.SKIPPED, traits=("db", "unittest")),
)
TOLD = Executions(ROWS)


def test_what_was_put_in_comes_out() -> None:
    assert list(TOLD) == list(ROWS)
    assert TOLD == ROWS
    assert ROWS[:-1] != TOLD
    assert (TOLD[1], TOLD[-1], len(TOLD)) == (ROWS[1], ROWS[-1], 6)


def test_a_slice_is_a_part_of_the_same_columns() -> None:
    assert TOLD[1:3] == ROWS[1:3]
    assert TOLD[::-1] == ROWS[::-1]
    assert (TOLD[1:4].tests, TOLD[::-1].tests) == (("b", "b", "c"), ("e", "d", "c", "b", "b", "a"))
    assert list(TOLD[2:5].states()) == [("c", (CHANGED,))]
    assert list(TOLD[4:].states()) == []


def test_columns_tell_what_the_records_would() -> None:
    assert list(TOLD.outcomes) == [each.outcome for each in ROWS]
    assert list(TOLD.durations) == [0.1, 0.25, 0.0, 0.0, 0.0, 0.0]
    assert list(TOLD.positions) == [0, 1, 1, 2, 0, 1]
    assert list(TOLD.traits) == [("db",), (), (), (), (), ("db", "unittest")]
    assert list(TOLD.claims()) == [("c", ("port 8000",))]
    assert TOLD.failed == 2


def test_those_of_an_outcome_of_a_name_or_with_a_change_are_picked() -> None:
    assert TOLD.failing() == (ROWS[1], ROWS[4])
    assert TOLD.that(Outcome.CRASHED).tests == ("d",)
    assert TOLD.that(Outcome.ERROR).tests == ()
    assert TOLD.of({TestId("b"), TestId("e")}) == (ROWS[1], ROWS[2], ROWS[5])
    assert TOLD.leaving(lambda state: state[0].key == "MODE").tests == ("c",)
    assert TOLD.leaving(lambda state: state[0].key == "OTHER").tests == ()


def test_each_worker_has_its_order() -> None:
    workers = TOLD.by_worker()
    assert {name: rows.tests for name, rows in workers.items()} == {"gw0": ("a", "b", "b", "c"), "gw1": ("d", "e")}
    assert workers["gw0"].before(1).tests == ("a",)
    assert workers["gw0"].before(2).tests == ("a", "b", "b")
    assert workers["gw0"].before(99).tests == ("a", "b", "b", "c")


def test_workers_that_take_turns_and_orders_that_are_turned_round_are_sorted_out() -> None:
    mixed = Executions((row("b", 1), row("x", 0, "gw1"), row("a", 0)))
    assert {name: rows.tests for name, rows in mixed.by_worker().items()} == {"gw0": ("a", "b"), "gw1": ("x",)}
    assert {name: rows.tests for name, rows in TOLD[:2].by_worker().items()} == {"gw0": ("a", "b")}


def test_times_pick_who_had_begun_and_who_was_running() -> None:
    assert TOLD[:4].begun_before(11.0).tests == ("a", "b")
    assert TOLD[:4].running(10.05, 10.6).tests == ("a", "b")
    assert TOLD[:4].running(10.2, 10.4).tests == ()


def test_a_name_is_one_string_for_all_runs() -> None:
    one, other = (Executions((row("".join(("tests/", "a.py")), 0),)) for _ in range(2))
    assert one.tests[0] is other.tests[0]


def test_failures_are_kept_small_and_come_out_whole() -> None:
    many = Executions(row(f"t{number}", number, outcome=Outcome.FAILED, failures=(FAILED,)) for number in range(100))
    assert len(pickle.dumps(many)) < 100 * len(FAILED.text) / 4
    assert many[99].failures == (FAILED,)


@pytest.mark.parametrize("text", ["\ud800" * 500, "x" * 500])
def test_a_failure_that_is_no_proper_text_is_kept_all_the_same(text: str) -> None:
    failure = Failure(phase="call", exception="E", message="", text=text)
    assert Executions((row("t", 0, outcome=Outcome.FAILED, failures=(failure,)),))[0].failures[0].text == text


def test_a_position_that_no_machine_can_hold_does_no_harm() -> None:
    assert Executions((row("t", 10**30),))[0].position == 10**30


def test_a_record_takes_a_tuple_as_well() -> None:
    record = RunRecord(spec=RunSpec(id="1", python="3.12"), executions=ROWS)  # type: ignore[arg-type]
    assert isinstance(record.executions, Executions)
    assert (record.failed, list(record.by_worker())) == (2, ["gw0", "gw1"])


def test_one_execution_more_takes_less_than_fifty_bytes() -> None:
    names = [f"tests/test_{number}.py::test" for number in range(20_000)]
    Executions(row(name, position) for position, name in enumerate(names))  # the names stay, as those of an earlier run do
    tracemalloc.start()
    kept = Executions(row(name, position) for position, name in enumerate(names))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(kept) == 20_000
    assert taken / len(kept) < 50
