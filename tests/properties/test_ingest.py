"""What holds for every input of ingest: it never raises, and loses nothing that a witness plainly said."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from flaky_detector.model import TestId as Id
from flaky_detector.model import bare_test_id
from flaky_detector.rules import signatures_of
from flaky_detector.stages.ingest import Bundle, Paper, ingest
from flaky_detector.stages.ingest.addresses import address_of, directory, known_id

FOREIGN = Path(__file__).parents[1] / "samples/foreign"
JUNIT = (FOREIGN / "junit.xml").read_bytes()
LOG = (FOREIGN / "console.log").read_bytes()

params = st.text(st.characters(codec="ascii", exclude_characters="\n\r\t", exclude_categories=("Cc",)), max_size=30)
functions = st.sampled_from(["test_a", "TestB::test_c", "TestB::TestD::test_e"])


@st.composite
def node_ids(draw: st.DrawFn) -> Id:
    """Node ids as pytest makes them, with anything printable in their parameters."""
    name = f"tests/test_{draw(st.sampled_from('xyz'))}.py::{draw(functions)}"
    return Id(f"{name}[{draw(params)}]" if draw(st.booleans()) else name)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["junit.xml", "console.log", "journal-gw0.jsonl", "run.json"]))
def test_no_bytes_make_it_raise(data: bytes, name: str) -> None:
    record = ingest(Bundle("run", (Paper(name, data),)))
    assert record.bundle == "run"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(JUNIT)), st.integers(0, len(LOG)))
def test_papers_cut_anywhere_are_read_as_far_as_they_go(of_junit: int, of_log: int) -> None:
    record = ingest(Bundle("run", (Paper("junit.xml", JUNIT[:of_junit]), Paper("console.log", LOG[:of_log]))))
    assert all(signatures_of(row) for row in record.executions if row.outcome.is_failure)
    assert record.gaps or (of_junit >= len(JUNIT) - 2 and of_log >= len(LOG) - 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(node_ids(), st.sampled_from(["gw0", "gw1"])), unique_by=lambda ran: ran[0], max_size=12))
def test_a_console_log_gives_every_worker_its_order(ran: list[tuple[Id, str]]) -> None:
    lines = [line for number, (test, worker) in enumerate(ran) for line in (f"{test} ", f"[{worker}] [{number:>4}/12] PASSED {test} ")]
    record = ingest(Bundle("run", (Paper("console.log", "\n".join(lines).encode()),)))
    for worker in ("gw0", "gw1"):
        expected = [bare_test_id(test) for test, on in ran if on == worker]
        assert [row.test for row in record.executions if row.worker == worker] == expected


@given(node_ids())
def test_a_junit_address_leads_back_to_the_test(test: Id) -> None:
    assert known_id(*address_of(test), directory([test])) == test


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(node_ids(), st.booleans()), unique_by=lambda ran: ran[0], max_size=8), st.integers(0, 200))
def test_a_journal_that_is_cut_loses_at_most_the_line_that_was_being_written(ran: list[tuple[Id, bool]], cut: int) -> None:
    events = [
        event
        for pos, (test, passed) in enumerate(ran)
        for event in (
            {"ev": "begin", "id": test, "pos": pos, "time": 1.0},
            {"ev": "end", "id": test, "pos": pos, "outcome": "passed" if passed else "failed"},
        )
    ]
    data = "".join(json.dumps(event) + "\n" for event in events).encode()
    kept = data[: max(len(data) - cut, 0)]
    whole = [json.loads(line) for line in kept.split(b"\n")[:-1]]
    record = ingest(Bundle("run", (Paper("journal-main.jsonl", kept),)))
    begun = {bare_test_id(event["id"]) for event in whole}
    assert {row.test for row in record.executions} >= begun
