"""Console logs: who ran what in which order, whatever CI and terminals put around it."""

import time
from pathlib import Path

import pytest

from flaky_detector.rules import signatures_of
from flaky_detector.stages.ingest import Paper, testimony
from flaky_detector.stages.ingest.console_lines import cut_id, plain, serial_report, worker_reports
from flaky_detector.stages.ingest.xdist_log import read_log

SAMPLE = (Path(__file__).parents[1] / "samples/foreign/console.log").read_bytes()


def read(text: str | bytes) -> testimony.Testimony:
    return read_log(Paper("console.log", text.encode() if isinstance(text, str) else text), "run")


def order(told: testimony.Testimony) -> list[tuple[str, int, str, str]]:
    return [(row.worker, row.position, row.outcome.value, row.test) for row in told.executions]


SAMPLE_ORDER = [
    ("gw0", 0, "passed", "tests/test_cart.py::test_total[a FAILED b]"),
    ("gw0", 1, "passed", "tests/test_router.py::test_reads[shop-x]"),
    ("gw0", 2, "failed", "tests/test_migrations.py::test_forwards"),
    ("gw1", 0, "passed", "tests/test_cart.py::TestCart::test_empty"),
    ("gw1", 1, "skipped", "tests/test_items.py::test_skips"),
    ("gw1", 2, "failed", "tests/test_items.py::test_fails_twice"),
]


def test_each_worker_ran_its_reports_in_their_sequence() -> None:
    told = read(SAMPLE)
    assert order(told) == SAMPLE_ORDER
    assert (told.python, told.seed, told.distribution, told.workers, told.seconds) == ("3.12.1", 7, "loadgroup", 2, 12.5)


def test_a_test_in_flight_is_a_gap() -> None:
    assert [gap.text for gap in read(SAMPLE).gaps] == ["tests that began and are not reported: tests/test_items.py::test_in_flight"]


def test_the_sections_below_give_the_texts_of_failures() -> None:
    failing = [row for row in read(SAMPLE).executions if row.outcome.is_failure]
    assert [[(failure.phase, failure.exception, failure.message) for failure in row.failures] for row in failing] == [
        [
            ("call", "django.db.utils.ProgrammingError", 'relation "shop_phantom" already exists'),
            ("teardown", "django.db.utils.ProgrammingError", 'relation "shop_phantom" already exists'),
        ],
        [("call", "AssertionError", "assert 'sale' is None"), ("teardown", "OSError", "no space")],
    ]
    assert [signature.rule for signature in signatures_of(failing[0])] == ["duplicate-table"]
    assert failing[0].failures[0].output.endswith("=== a line that a test printed ===\n_______ and another _______")


@pytest.mark.parametrize(
    "prefix", [b"2026-01-02T03:04:05.1234567Z ", b"build\tRun tests\t2026-01-02T03:04:05.1234567Z ", b"[2026-01-02 03:04:05] "]
)
def test_time_stamps_of_ci_do_not_matter(prefix: bytes) -> None:
    assert order(read(b"\n".join(prefix + line for line in SAMPLE.split(b"\n")))) == SAMPLE_ORDER


def test_colours_and_carriage_returns_do_not_matter() -> None:
    coloured = SAMPLE.replace(b"PASSED", b"\x1b[32mPASSED\x1b[0m").replace(b"[gw0] [ ", b"[gw0]\x1b[36m [ \x1b[0m").replace(b"\n", b"\r\n")
    assert order(read(coloured)) == SAMPLE_ORDER


@pytest.mark.parametrize(
    ("line", "reports"),
    [
        ("[gw0] [ 12%] PASSED a.py::test_a ", [("gw0", "PASSED", "a.py::test_a")]),
        ("[gw0] [ 338/3166] PASSED a.py::test_a ", [("gw0", "PASSED", "a.py::test_a")]),
        ("[gw0] PASSED a.py::test_a ", [("gw0", "PASSED", "a.py::test_a")]),
        ("[gw0] 1.174ms PASSED a.py::test_a ", [("gw0", "PASSED", "a.py::test_a")]),
        ("[gw12] [ 12%] FAILED a.py::TestA::test_a[x FAILED y] ", [("gw12", "FAILED", "a.py::TestA::test_a[x FAILED y]")]),
        ("[gw0] [ 12%] PASSED a.py::test_a[p@q]@group ", [("gw0", "PASSED", "a.py::test_a[p@q]")]),
        ("[gw0] [ 12%] PASSED a.py::test_a <- base.py ", [("gw0", "PASSED", "a.py::test_a")]),
        ("[gw0] [ 12%] SUBFAILED(i='1') a.py::test_a ", [("gw0", "SUBFAILED", "a.py::test_a")]),
        ("stderr[gw0] [ 1%] PASSED a.py::a more[gw1] [ 2%] FAILED a.py::b ", [("gw0", "PASSED", "a.py::a"), ("gw1", "FAILED", "a.py::b")]),
        ("[gw0] node down: Not properly terminated", []),
        ("[gw0] linux -- Python 3.11.7 /opt/venv/bin/python", []),
    ],
)
def test_a_line_of_a_worker(line: str, reports: list[tuple[str, str, str]]) -> None:
    assert [(one.worker, one.word, one.test) for one in worker_reports(line, lambda _: False)] == reports


@pytest.mark.parametrize(
    ("line", "word", "test"),
    [
        ("a.py::test_a PASSED                  [ 12%]", "PASSED", "a.py::test_a"),
        ("a.py::test_a[x FAILED y] PASSED [ 1/15]", "PASSED", "a.py::test_a[x FAILED y]"),
        ("a.py::test_a SKIPPED (not (now) PASSED) [ 5%]", "SKIPPED", "a.py::test_a"),
        ("a.py::test_a[x y] printed text PASSED", "PASSED", "a.py::test_a[x y]"),
        ("a.py::test_a ERROR", "ERROR", "a.py::test_a"),
    ],
)
def test_a_line_of_a_run_without_xdist(line: str, word: str, test: str) -> None:
    report = serial_report(line)
    assert report is not None
    assert (report.worker, report.word, report.test) == ("", word, test)


def test_a_line_that_is_no_report() -> None:
    assert serial_report("E   AssertionError: a.py::test_a") is None


def test_an_announced_id_ends_where_it_was_announced_to_end() -> None:
    known = {"a.py::t[x] [gw0] y]"}
    assert cut_id("a.py::t[x] [gw0] y] glued ]", known.__contains__) == "a.py::t[x] [gw0] y]"
    assert cut_id("a.py::t glued", known.__contains__) == "a.py::t"


def test_a_stamp_inside_a_line_stays() -> None:
    assert plain("a 2026-01-02T03:04:05Z b") == "a 2026-01-02T03:04:05Z b"


def test_a_serial_run_has_one_worker() -> None:
    told = read("a.py::a PASSED [ 50%]\na.py::b printed\nPASSED [100%]\na.py::b ERROR [100%]\n=== 2 passed, 1 error in 0.10s ===\n")
    assert order(told) == [("main", 0, "passed", "a.py::a"), ("main", 1, "error", "a.py::b")]
    assert (told.workers, told.gaps) == (0, ())


def test_a_test_that_printed_between_its_name_and_its_outcome_is_read() -> None:
    told = read("a.py::a \nsome output\nof several lines FAILED [ 50%]\na.py::b PASSED [100%]\n= 1 failed, 1 passed in 0.10s =\n")
    assert order(told) == [("main", 0, "failed", "a.py::a"), ("main", 1, "passed", "a.py::b")]


def test_a_rerun_is_a_failing_attempt_and_a_passing_one() -> None:
    told = read("a.py::a \n[gw0] [ 50%] RERUN a.py::a \na.py::a \n[gw0] [ 50%] PASSED a.py::a \n= 1 passed, 1 rerun in 1.00s =\n")
    assert [(row.position, row.attempt, row.outcome.value) for row in told.executions] == [(0, 0, "failed"), (1, 1, "passed")]


def test_two_tests_of_one_name_get_the_texts_in_the_order_in_which_they_failed() -> None:
    lines = [
        "[gw0] [ 50%] FAILED a.py::test_x ",
        "[gw0] [100%] FAILED b.py::test_x ",
        "=================================== FAILURES ===================================",
        "____________________________________ test_x ____________________________________",
        "E   ValueError: first",
        "____________________________________ test_x ____________________________________",
        "E   ValueError: second",
        "============================== 2 failed in 0.10s ===============================",
    ]
    assert [(row.test, row.failures[0].message) for row in read("\n".join(lines)).executions] == [
        ("a.py::test_x", "first"),
        ("b.py::test_x", "second"),
    ]


def test_a_log_that_is_not_verbose_says_what_to_do() -> None:
    told = read("============================= test session starts ==============================\n....F\n= 1 failed in 0.10s =\n")
    assert [gap.text for gap in told.gaps] == [
        "no test is reported in it: run pytest with `-v`, so that the log tells which worker ran what"
    ]


def test_a_log_that_is_cut_says_so() -> None:
    assert [gap.text for gap in read("a.py::a PASSED [ 50%]\n").gaps] == [
        "it ends before pytest's last line: the run was ended, or the log is cut"
    ]


def test_missing_lines_are_noticed_by_the_sums() -> None:
    told = read("a.py::a PASSED [ 50%]\n= 3 passed in 0.10s =\n")
    assert [gap.text for gap in told.gaps] == ["its last line counts 3 tests, its lines report 1: some lines are missing or unreadable"]


@pytest.mark.parametrize(
    "line",
    [
        "a.py::t " + "PASSED ( " * 20_000,
        "a.py::" * 30_000,
        "[gw0] [ 1%] PASSED a.py::t[" + "] " * 60_000,
        "[gw0] " * 30_000,
        "= FAILURES =\n_ x " + "_ " * 50_000 + "z",
        "= 1 a " + "in 1s " * 30_000 + "=",
    ],
    ids=["words", "paths", "brackets", "workers", "lines over failures", "sums"],
)
def test_a_hostile_line_costs_no_time(line: str) -> None:
    began = time.monotonic()
    read(f"[gw0] [ 1%] FAILED a.py::t \n{line}\n")
    assert time.monotonic() - began < 2


HEADER = "============================= test session starts ==============================\nplatform linux -- Python 3.12.1, pytest-8.3.0\n"
TWO = f"{HEADER}created: 2/2 workers\n2 workers [2 items]\n\nscheduling tests via LoadScheduling\n\na.py::test_x \n"
TWO += "[gw0] [ 50%] PASSED a.py::test_x \n"
TWO += "b.py::test_y \n[gw1] [100%] FAILED b.py::test_y \n============ 1 failed, 1 passed in 1.50s ============\n"
TWO_ORDER = [("gw0", 0, "passed", "a.py::test_x"), ("gw1", 0, "failed", "b.py::test_y")]


@pytest.mark.parametrize(
    "prefix",
    [
        "py312: ",
        "test-1  | ",
        "2026-01-01T00:00:00.123456Z 01O ",
        "\ufeff2026-01-01T00:00:00.1234567Z ",
        "unit (3.12)\tRun\t2026-01-01T00:00:00.1Z ",
    ],
)
def test_what_tox_compose_and_ci_put_before_every_line_does_not_matter(prefix: str) -> None:
    told = read("".join(f"{prefix}{line}\n" for line in TWO.splitlines()))
    assert (order(told), told.gaps, told.python, told.seconds) == (TWO_ORDER, (), "3.12.1", 1.5)


def test_github_s_commands_between_the_lines_do_not_matter() -> None:
    told = read(
        f"##[group]Run pytest\npytest -n 2 -v\n##[endgroup]\n{TWO.replace('b.py::test_y ', '##[warning]x', 1)}##[error]exit code 1.\n"
    )
    assert (order(told), told.gaps) == (TWO_ORDER, ())


def test_text_before_one_line_only_is_no_prefix() -> None:
    assert order(read("noise " + TWO)) == TWO_ORDER


SUMMARY = f"""{HEADER}collected 5 items

a.py .F.E                                                   [100%]

=================================== FAILURES ===================================
_________________________________ TestB.test_y _________________________________

    def test_y():
>       assert 1 == 2
E       assert 1 == 2

a.py:3: AssertionError
=========================== short test summary info ============================
PASSED a.py::test_x[a - b]
XFAIL a.py::test_w - soon
SKIPPED [1] a.py:9: not now
ERROR a.py::test_z - ValueError: no
FAILED a.py::TestB::test_y - assert 1 == 2
==================== 1 failed, 1 passed, 1 error in 0.50s =====================
"""


def test_a_quiet_log_tells_outcomes_by_its_summary_and_no_order() -> None:
    told = read(SUMMARY)
    assert order(told) == [
        ("", -1, "passed", "a.py::test_x[a - b]"),
        ("", -1, "xfailed", "a.py::test_w"),
        ("", -1, "error", "a.py::test_z"),
        ("", -1, "failed", "a.py::TestB::test_y"),
    ]
    assert [(failure.exception, failure.message) for row in told.executions for failure in row.failures] == [
        ("ValueError", "no"),
        ("AssertionError", "assert 1 == 2"),
    ]
    assert [gap.text.split(":")[0] for gap in told.gaps] == ["it has no line for each test"]


def test_a_summary_behind_lines_for_each_test_is_not_counted_again() -> None:
    summary = "=========================== short test summary info ============================\nFAILED b.py::test_y - x\n"
    assert order(read(TWO.replace("============ 1 failed", summary + "============ 1 failed"))) == TWO_ORDER


def test_a_test_that_took_its_worker_down_crashed() -> None:
    section = f"{'= FAILURES ='.center(80, '=')}\n{' b.py '.center(80, '_')}\nworker 'gw1' crashed while running 'b.py::test_y'\n"
    told = read(TWO.replace("============ 1 failed", section + "============ 1 failed"))
    assert order(told)[1] == ("gw1", 0, "crashed", "b.py::test_y")
