"""Several witnesses of one run: whom is believed, and what is said where they disagree."""

from pathlib import Path

from flaky_detector.model import Arrangement, Outcome, RunRecord
from flaky_detector.stages.ingest import Bundle, Paper, ingest

FOREIGN = Path(__file__).parents[1] / "samples/foreign"


def papers(*names: str) -> tuple[Paper, ...]:
    return tuple(Paper(name, (FOREIGN / name).read_bytes()) for name in names)


def cases(*inner: str) -> Paper:
    return Paper("junit.xml", f"<testsuites><testsuite>{''.join(inner)}</testsuite></testsuites>".encode())


def log(*lines: str) -> Paper:
    return Paper("console.log", "\n".join(lines).encode())


def read(*given: Paper) -> RunRecord:
    return ingest(Bundle("run", given))


def told(record: RunRecord) -> list[str]:
    return [gap.text for gap in record.gaps]


def test_the_log_gives_the_order_and_junit_the_failures_and_times() -> None:
    record = read(*papers("junit.xml", "console.log"))
    assert record.witnesses == ("console", "junit")
    assert [(row.worker, row.position, row.duration_seconds) for row in record.executions] == [
        ("gw0", 0, 0.01),
        ("gw0", 1, 0.03),
        ("gw0", 2, 1.5),
        ("gw1", 0, 0.02),
        ("gw1", 1, 0.0),
        ("gw1", 2, 0.1),
    ]
    assert [failure.phase for failure in record.executions[2].failures] == ["call", "teardown"]
    assert "printed" in record.executions[2].failures[0].output


def test_a_foreign_run_is_described_by_what_the_log_says_of_it() -> None:
    spec = read(*papers("junit.xml", "console.log")).spec
    assert (spec.id, spec.python, spec.arrangement, spec.seed, spec.distribution, spec.workers) == (
        "run",
        "3.12",
        Arrangement.SHUFFLED,
        7,
        "loadgroup",
        2,
    )


def test_junit_alone_knows_no_order_and_says_so() -> None:
    record = read(*papers("junit.xml"))
    assert not record.has_order
    assert told(record)[-1].startswith("no witness tells which worker ran which test in which order")


def test_a_test_that_only_junit_knows_has_no_place() -> None:
    record = read(
        log("[gw0] [ 50%] PASSED a.py::t ", "= 1 passed in 0.1s ="),
        cases("<testcase classname='a' name='t'/><testcase classname='a' name='u'/>"),
    )
    assert [(row.test, row.worker, row.position) for row in record.executions] == [("a.py::u", "", -1), ("a.py::t", "gw0", 0)]
    assert told(record)[-1] == "only junit knows of a.py::u: their place in the order is unknown"
    assert record.has_order


def test_a_failure_that_only_one_of_them_tells_did_happen() -> None:
    failing = "<testcase classname='a' name='t'><failure message='ValueError: x'>E   ValueError: x</failure></testcase>"
    record = read(log("[gw0] [ 50%] PASSED a.py::t ", "= 1 passed in 0.1s ="), cases(failing))
    assert [(row.outcome, row.failures[0].exception) for row in record.executions] == [(Outcome.FAILED, "ValueError")]
    assert told(record)[-1] == "junit tells another outcome than the better witness of a.py::t"


def test_a_journal_is_believed_before_everything() -> None:
    journal = Paper(
        "journal-main.jsonl",
        b'{"ev": "start", "worker": "main"}\n{"ev": "end", "id": "a.py::t", "pos": 4, "outcome": "passed", "dur": 1.0}\n{"ev": "finish"}\n',
    )
    record = read(log("[gw0] [ 50%] PASSED a.py::t "), journal, cases("<testcase classname='a' name='t' time='9'/>"))
    assert [(row.worker, row.position, row.duration_seconds) for row in record.executions] == [("main", 4, 1.0)]
    assert record.witnesses == ("journal-main", "junit")


def test_nothing_at_all_is_an_empty_record() -> None:
    record = read()
    assert (record.executions, record.gaps) == ((), ())


def test_a_crash_that_only_junit_knows_of_is_no_mere_failure() -> None:
    crashed = "<testcase classname='a' name='t'><failure message=\"worker 'gw0' crashed while running 'a.py::t'\"/></testcase>"
    record = read(log("[gw0] [ 50%] FAILED a.py::t ", "= 1 failed in 0.1s ="), cases(crashed))
    assert [row.outcome for row in record.executions] == [Outcome.CRASHED]
