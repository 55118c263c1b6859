"""A run of ours has journals and JUnit XML: what both tell is taken from the journals, what only one tells is not lost."""

import json

import pytest

from flaky_detector.model import RunRecord
from flaky_detector.stages.ingest import Bundle, Paper, ingest

PROPERTIES = (
    "<properties><property name='flaky-detector.nodeid' value='{0}'/><property name='flaky-detector.worker' value='main'/>"
    "<property name='flaky-detector.position' value='{1}'/></properties>"
)


def journal(*rows: tuple[str, str]) -> Paper:
    lines: list[dict[str, object]] = [{"ev": "start", "v": 1, "worker": "main", "python": "3.12.1"}]
    for position, (test, outcome) in enumerate(rows):
        lines.append({"ev": "begin", "id": test, "pos": position, "time": 5.0})
        lines.append({"ev": "end", "id": test, "pos": position, "outcome": outcome, "dur": 0.25})
    return Paper("journal-main.jsonl", "".join(json.dumps(line) + "\n" for line in (*lines, {"ev": "finish"})).encode())


def broken_journal(*lines: str) -> Paper:
    """Of a.py::a at 0 and a.py::b at 1, where the end of b cannot be read, nor anything after it."""
    begin = ['{"ev": "start", "v": 1, "worker": "main"}', '{"ev": "end", "id": "a.py::a", "pos": 0, "outcome": "passed", "dur": 0.25}']
    return Paper("journal-main.jsonl", "\n".join((*begin, '{"ev": "begin", "id": "a.py::b", "pos": 1, "time": 5.0}', *lines)).encode())


def junit(*cases: tuple[str, int, str]) -> Paper:
    told = "".join(
        f"<testcase classname='a' name='t' time='9'>{PROPERTIES.format(test, at)}{inner}</testcase>" for test, at, inner in cases
    )
    return Paper("junit.xml", f"<testsuites><testsuite time='3'>{told}</testsuite></testsuites>".encode())


def rows(record: RunRecord) -> list[tuple[str, int, str, float]]:
    return [(row.test, row.position, row.outcome.value, row.duration_seconds) for row in record.executions]


def test_what_both_tell_is_told_once() -> None:
    record = ingest(Bundle("1", (journal(("a.py::a", "passed"), ("a.py::b", "passed")), junit(("a.py::a", 0, ""), ("a.py::b", 1, "")))))
    assert rows(record) == [("a.py::a", 0, "passed", 0.25), ("a.py::b", 1, "passed", 0.25)]
    assert (record.gaps, record.witnesses) == ((), ("journal-main", "junit"))


def test_a_failure_that_only_junit_tells_did_happen() -> None:
    failed = "<failure message='ValueError: no'>E  ValueError: no</failure>"
    record = ingest(Bundle("1", (journal(("a.py::a", "passed")), junit(("a.py::a", 0, failed)))))
    assert rows(record) == [("a.py::a", 0, "failed", 0.25)]
    assert [gap.text for gap in record.gaps] == ["junit tells another outcome than the better witness of a.py::a"]


def test_a_failing_and_a_passing_testcase_of_one_test_are_read_together() -> None:
    failed = "<failure message='ValueError: no'>E  ValueError: no</failure>"
    record = ingest(Bundle("1", (journal(("a.py::a", "passed")), junit(("a.py::a", 0, failed), ("a.py::a", 0, "")))))
    assert rows(record) == [("a.py::a", 0, "passed", 0.25)]
    assert record.gaps == ()


def test_a_test_that_only_junit_knows_is_not_lost() -> None:
    record = ingest(Bundle("1", (journal(("a.py::a", "passed")), junit(("a.py::a", 0, ""), ("a.py::z", 1, "")))))
    assert rows(record) == [("a.py::a", 0, "passed", 0.25), ("a.py::z", 1, "passed", 9.0)]
    assert [gap.text for gap in record.gaps] == ["only junit knows of a.py::z: their place in the order is unknown"]


def test_a_module_that_could_not_be_collected_is_told_though_all_else_agrees() -> None:
    broken = "<testcase classname='' name='tests.test_x'><error message='collection failure'>E</error></testcase>"
    paper = Paper("junit.xml", junit(("a.py::a", 0, "")).data.replace(b"</testsuite>", broken.encode() + b"</testsuite>"))
    record = ingest(Bundle("1", (journal(("a.py::a", "passed")), paper)))
    assert [gap.text for gap in record.gaps] == ["tests.test_x could not be collected: none of its tests ran"]


FAILED = "<failure message='ValueError: no'>E  ValueError: no</failure>"


@pytest.mark.parametrize(("inner", "outcome", "exceptions"), [(FAILED, "failed", ["ValueError"]), ("", "passed", [])])
def test_a_test_whose_end_is_in_the_junit_file_did_not_crash_where_the_journal_is_damaged(
    inner: str, outcome: str, exceptions: list[str]
) -> None:
    record = ingest(Bundle("1", (broken_journal('{"ev": "end", "id": "a.', ""), junit(("a.py::a", 0, ""), ("a.py::b", 1, inner)))))
    assert [(row.test, row.outcome.value) for row in record.executions] == [("a.py::a", "passed"), ("a.py::b", outcome)]
    assert [failure.exception for failure in record.executions[1].failures] == exceptions
    assert record.gaps[0].text == "line 4 is damaged and was left out"


@pytest.mark.parametrize("elsewhere", ["<property name='flaky-detector.worker' value='gw1'/>", "<property name='x' value=''/>"])
def test_the_end_of_another_run_of_a_test_does_not_take_its_crash_away(elsewhere: str) -> None:
    """A test that was run again after its worker died; or a file that does not tell which run of it is meant."""
    told = junit(("a.py::a", 0, ""), ("a.py::b", 1, "")).data.decode()
    before, _, after = told.rpartition("<property name='flaky-detector.worker' value='main'/>")
    after = after if "worker" in elsewhere else after.replace("flaky-detector.position", "x")
    record = ingest(Bundle("1", (broken_journal(), Paper("junit.xml", (before + elsewhere + after).encode()))))
    assert [(row.test, row.outcome.value) for row in record.executions] == [("a.py::a", "passed"), ("a.py::b", "crashed")]


@pytest.mark.parametrize("message", ["worker 'main' crashed while running 'a.py::b'", ":-1: running the test CRASHED with signal 11"])
def test_a_crash_that_both_tell_stays_one(message: str) -> None:
    failed = f'<failure message="{message}"/>'
    record = ingest(Bundle("1", (broken_journal(), junit(("a.py::a", 0, ""), ("a.py::b", 1, failed)))))
    assert [(row.test, row.outcome.value) for row in record.executions] == [("a.py::a", "passed"), ("a.py::b", "crashed")]
