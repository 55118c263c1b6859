"""The recorder's journals, read back: also cut, damaged, and of processes that died."""

import json
from collections.abc import Sequence

import pytest

from flaky_detector.model import Failure, Outcome, Raised, RunRecord, StateChange
from flaky_detector.stages.ingest import Bundle, Paper, distinct, ingest


def start(worker: str) -> dict[str, object]:
    return {"ev": "start", "v": 1, "worker": worker, "python": "3.11.7"}


def begin(test: str, pos: int, time: float = 5.0) -> dict[str, object]:
    return {"ev": "begin", "id": test, "pos": pos, "time": time}


def end(test: str, pos: int, outcome: str = "passed", **rest: object) -> dict[str, object]:
    return {"ev": "end", "id": test, "pos": pos, "outcome": outcome, "dur": 0.25, **rest}


FINISH: dict[str, object] = {"ev": "finish", "time": 9.0, "exit": 0, "originals": ["/home/me/shop/models.py"]}


def journal(*events: dict[str, object], worker: str = "main", tail: str = "") -> Paper:
    text = "".join(json.dumps(event) + "\n" for event in events) + tail
    return Paper(f"journal-{worker}.jsonl", text.encode())


def read(*papers: Paper) -> RunRecord:
    return ingest(Bundle("night/01", papers))


def told(record: RunRecord) -> list[str]:
    return [gap.text for gap in record.gaps]


def test_an_execution_with_everything_that_a_journal_can_say() -> None:
    failing = end(
        "a.py::test_a@group",
        0,
        "failed",
        failures=[
            {
                "phase": "call",
                "type": "ValueError",
                "message": "no",
                "chain": [["KeyError", "'x'"]],
                "raised_at": "lib/a.py:f",
                "test_frame": "a.py:test_a",
                "line": 3,
                "text": "long",
                "output": "printed",
            }
        ],
        state=[{"kind": "file", "key": "x.txt", "after": "d"}],
        traits=["db"],
        attempt=1,
    )
    record = read(journal(start("main"), begin("a.py::test_a@group", 0), failing, FINISH))
    (row,) = record.executions
    assert (row.test, row.worker, row.position, row.attempt, row.outcome) == ("a.py::test_a", "main", 0, 1, Outcome.FAILED)
    assert (row.started_seconds, row.duration_seconds, row.traits) == (5.0, 0.25, ("db",))
    assert row.state == (StateChange(kind="file", key="x.txt", after="d"),)
    assert row.failures == (
        Failure(
            phase="call",
            exception="ValueError",
            message="no",
            chain=(Raised("KeyError", "'x'"),),
            raised_at="lib/a.py:f",
            test_frame="a.py:test_a",
            line=3,
            text="long",
            output="printed",
        ),
    )
    assert (record.python, record.imported_originals, record.gaps) == ("3.11.7", ("/home/me/shop/models.py",), ())


def test_each_worker_keeps_its_own_order() -> None:
    first = journal(start("gw0"), begin("a.py::a", 0), end("a.py::a", 0), begin("a.py::b", 1), end("a.py::b", 1), FINISH, worker="gw0")
    second = journal(start("gw1"), begin("a.py::c", 0), end("a.py::c", 0), FINISH, worker="gw1")
    record = read(second, first)
    assert [(row.worker, row.position, row.test) for row in record.executions] == [
        ("gw0", 0, "a.py::a"),
        ("gw0", 1, "a.py::b"),
        ("gw1", 0, "a.py::c"),
    ]


def test_a_cut_last_line_costs_that_line_only() -> None:
    record = read(journal(start("main"), begin("a.py::a", 0), end("a.py::a", 0), tail='{"ev": "beg'))
    assert [row.test for row in record.executions] == ["a.py::a"]
    assert told(record)[0] == "its last line is cut: the process was killed while it wrote"


def test_a_damaged_line_in_the_middle_costs_that_line_only() -> None:
    paper = journal(start("main"), tail="{nonsense}\n" + json.dumps(end("a.py::a", 0)) + "\n" + json.dumps(FINISH) + "\n")
    record = read(paper)
    assert [row.test for row in record.executions] == ["a.py::a"]
    assert told(record) == ["line 2 is damaged and was left out"]


def test_a_name_or_a_message_that_was_not_utf8_costs_nothing() -> None:
    odd = end("a.py::a", 0) | {"claims": ["file <tmp>/\udcff"]}
    failed = end("a.py::b", 1, "failed") | {"failures": [{"phase": "call", "type": "OSError", "message": "no \udcff", "text": "E  \udcff"}]}
    record = read(journal(start("main"), begin("a.py::a", 0), odd, begin("a.py::b", 1), failed, FINISH))
    assert told(record) == []
    assert [(row.test, row.outcome, row.claims) for row in record.executions] == [
        ("a.py::a", "passed", ("file <tmp>/\\udcff",)),
        ("a.py::b", "failed", ()),
    ]
    assert record.executions[1].failures[0].message == "no \\udcff"


@pytest.mark.parametrize("rest", [(FINISH,), (begin("a.py::b", 1), end("a.py::b", 1))], ids=["finished", "went on"])
def test_a_test_whose_end_is_missing_while_the_process_went_on_is_no_crash(rest: Sequence[dict[str, object]]) -> None:
    record = read(journal(start("main"), begin("a.py::a", 0), *rest))
    assert "crashed" not in [row.outcome for row in record.executions]
    assert told(record)[0] == "the end of a.py::a is missing: how it ended is not known from here"


def test_a_test_that_was_interrupted_at_the_deadline_did_not_end_although_pytest_did() -> None:
    record = read(journal(start("main"), begin("a.py::a", 0), end("a.py::a", 0), begin("a.py::b", 1), FINISH | {"exit": 2}))
    assert [(row.test, row.outcome) for row in record.executions] == [("a.py::a", "passed"), ("a.py::b", "crashed")]


def test_a_line_of_unknown_outcome_is_left_out() -> None:
    record = read(journal(start("main"), end("a.py::a", 0, "exploded"), end("a.py::b", 1), FINISH))
    assert [row.test for row in record.executions] == ["a.py::b"]
    assert told(record) == ["line 2 is damaged and was left out (ValueError: 'exploded' is not a valid Outcome)"]


def test_a_test_that_began_and_never_ended_was_running_when_the_process_died() -> None:
    record = read(journal(start("gw0"), begin("a.py::a", 0), end("a.py::a", 0), begin("a.py::b", 1), worker="gw0"))
    assert [(row.test, row.outcome) for row in record.executions] == [("a.py::a", "passed"), ("a.py::b", "crashed")]
    assert told(record)[0] == "a.py::b began and did not end: the process died, or was ended, while it ran"


def test_the_controller_tells_of_a_crash_whose_journal_is_lost() -> None:
    own = journal(start("gw0"), begin("a.py::a", 0), end("a.py::a", 0), FINISH, worker="gw0")
    controller = journal({"ev": "crash", "id": "a.py::b", "worker": "gw1"}, worker="controller")
    record = read(own, controller)
    assert [(row.worker, row.test, row.outcome) for row in record.executions] == [
        ("gw0", "a.py::a", "passed"),
        ("gw1", "a.py::b", "crashed"),
    ]
    assert told(record) == ["worker gw1 crashed while it ran a.py::b"]


def test_what_the_recorder_could_not_do_is_a_gap() -> None:
    record = read(journal(start("main"), {"ev": "note", "text": "git is not there"}, end("a.py::a", 0), FINISH))
    assert told(record) == ["git is not there"]


def test_tests_of_a_forced_order_that_were_not_collected_are_named() -> None:
    collected = {"ev": "collected", "tests": ["a.py::a"], "app_labels": ["shop"], "missing": ["a.py::gone"]}
    record = read(journal(start("main"), collected, end("a.py::a", 0), FINISH))
    assert told(record) == ["the forced order names tests that were not collected: a.py::gone"]
    assert (record.collected, record.app_labels) == (("a.py::a",), ("shop",))


def test_run_json_gives_the_specification_and_the_times() -> None:
    spec = {"id": "03-x", "python": "3.12", "seed": 3, "arrangement": "shuffled"}
    run = json.dumps({"v": 1, "spec": spec, "exit_code": 1, "seconds": 2.5, "timed_out": True, "python": "3.12.1"}).encode()
    record = read(Paper("run.json", run), journal(start("main"), end("a.py::a", 0), FINISH))
    assert (record.spec.id, record.spec.seed, record.python, record.exit_code, record.seconds, record.timed_out) == (
        "03-x",
        3,
        "3.12.1",
        1,
        2.5,
        True,
    )


def test_a_run_json_that_is_none_is_a_gap() -> None:
    record = read(Paper("run.json", b'{"spec": 3}'), journal(start("main"), end("a.py::a", 0), FINISH))
    assert record.spec.id == "night/01"
    assert told(record)[0].startswith("is not a run.json of ours (")


def test_records_of_two_nights_get_ids_of_their_own() -> None:
    record = read(journal(start("main"), end("a.py::a", 0), FINISH))
    assert [one.spec.id for one in distinct([record, record])] == ["night/01", "night/01 (2)"]


def test_names_that_were_collected_are_the_strings_of_those_that_ran() -> None:
    collected = {"ev": "collected", "tests": ["tests/a.py::a"], "app_labels": []}
    record = read(journal(start("main"), collected, begin("tests/a.py::a", 0), end("tests/a.py::a", 0), FINISH))
    assert record.collected[0] is record.executions.tests[0]
