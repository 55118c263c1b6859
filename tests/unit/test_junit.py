"""JUnit files: good, bad and hostile."""

from pathlib import Path

import pytest

from flaky_detector.model import Execution, Outcome, StateChange, TestId
from flaky_detector.stages.ingest import Bundle, Paper, ingest, testimony
from flaky_detector.stages.ingest.addresses import address_of, directory, guessed_id
from flaky_detector.stages.ingest.junit import read_junit

FOREIGN = Path(__file__).parents[1] / "samples/foreign"
SAMPLE = (FOREIGN / "junit.xml").read_bytes()


def read(data: bytes | str) -> testimony.Testimony:
    return read_junit(Paper("junit.xml", data.encode() if isinstance(data, str) else data), "run", {})


def suite(*cases: str) -> str:
    return f"<testsuites><testsuite name='pytest'>{''.join(cases)}</testsuite></testsuites>"


def gap(data: bytes | str) -> str:
    told = read(data)
    assert told.executions == ()
    assert told.gaps[0].source == "run/junit.xml"
    return told.gaps[0].text


def test_a_test_that_fails_in_call_and_in_teardown_is_one_execution() -> None:
    told = read(SAMPLE)
    assert [(row.outcome.value, [failure.phase for failure in row.failures]) for row in told.executions] == [
        ("passed", []),
        ("passed", []),
        ("passed", []),
        ("skipped", []),
        ("failed", ["call", "teardown"]),
        ("failed", ["call", "teardown"]),
    ]
    assert told.seconds == 12.5


def test_the_chain_of_exceptions_is_read_from_the_text() -> None:
    failure = read(SAMPLE).executions[4].failures[0]
    assert (failure.exception, failure.message) == ("django.db.utils.ProgrammingError", 'relation "shop_phantom" already exists')
    assert [one.type for one in failure.chain] == ["psycopg2.errors.DuplicateTable"]
    assert (failure.raised_at, failure.test_frame, failure.line) == (
        "django/db/backends/utils.py:",
        "tests/test_migrations.py:test_forwards",
        12,
    )


def test_without_another_witness_node_ids_are_put_together_and_that_is_said() -> None:
    told = read(SAMPLE)
    assert [row.test for row in told.executions][:2] == [
        "tests/test_cart.py::test_total[a FAILED b]",
        "tests/test_cart.py::TestCart::test_empty",
    ]
    assert told.gaps[0].text.startswith("8 testcases are named by class only: their node ids were put together from that and may be wrong.")


def test_our_properties_give_worker_position_and_state() -> None:
    case = """<testcase classname="a" name="test_a" time="0.1"><properties>
      <property name="flaky-detector.nodeid" value="x/a.py::test_a@group" /><property name="flaky-detector.worker" value="gw1" />
      <property name="flaky-detector.position" value="3" />
      <property name="flaky-detector.state" value='[{"kind": "environ", "key": "MODE", "before": null, "after": "d"}]' />
    </properties></testcase>"""
    (row,) = read(suite(case)).executions
    assert (row.test, row.worker, row.position) == ("x/a.py::test_a", "gw1", 3)
    assert row.state == (StateChange(kind="environ", key="MODE", after="d"),)


def test_the_file_attribute_of_xunit1_tells_the_path() -> None:
    (row,) = read(suite("<testcase classname='pkg.test_a.TestB' name='test_c[x.y]' file='pkg/test_a.py' />")).executions
    assert row.test == "pkg/test_a.py::TestB::test_c[x.y]"


@pytest.mark.parametrize(
    ("inner", "outcome"),
    [
        ("", Outcome.PASSED),
        ("<skipped type='pytest.skip' message='x'/>", Outcome.SKIPPED),
        ("<skipped type='pytest.xfail' message='x'/>", Outcome.XFAILED),
        ("<failure message='ValueError: x'>E   ValueError: x</failure>", Outcome.FAILED),
        ("<error message='failed on setup with \"ValueError: x\"'>E   ValueError: x</error>", Outcome.ERROR),
        ("<failure message=\"worker 'gw0' crashed while running 'a.py::t'\" />", Outcome.CRASHED),
    ],
)
def test_outcomes(inner: str, outcome: Outcome) -> None:
    (row,) = read(suite(f"<testcase classname='a' name='t'>{inner}</testcase>")).executions
    assert row.outcome is outcome


@pytest.mark.parametrize("tag", ["flakyFailure", "rerunFailure"])
def test_a_failed_attempt_that_a_report_keeps_is_a_failing_execution(tag: str) -> None:
    told = read(suite(f"<testcase classname='a' name='t'><{tag} message='ValueError: x'>E   ValueError: x</{tag}></testcase>"))
    assert [(row.attempt, row.outcome.value) for row in told.executions] == [(0, "failed"), (1, "passed")]


def test_an_attempt_that_is_written_as_passed_before_the_last_is_not_believed() -> None:
    told = read(
        suite("<testcase classname='a' name='t'/>", "<testcase classname='a' name='t'><failure message='ValueError: x'/></testcase>")
    )
    assert [row.outcome.value for row in told.executions] == ["failed"]
    assert told.gaps[0].text == "1 testcases stand before another of the same name: most likely reruns, whose failures JUnit does not tell"


def test_nested_testsuites_are_read() -> None:
    nested = "<testsuites><testsuite><testsuite><testcase classname='a' name='t'/></testsuite></testsuite></testsuites>"
    assert [row.test for row in read(nested).executions] == ["a.py::t"]


def test_a_lone_testsuite_is_read() -> None:
    assert len(read("<testsuite><testcase classname='a' name='t'/></testsuite>").executions) == 1


def test_captured_output_is_kept() -> None:
    case = "<testcase classname='a' name='t'><failure message='SystemExit: 1'/><system-out>Migrations for 'shop':</system-out></testcase>"
    assert read(suite(case)).executions[0].failures[0].output == "Migrations for 'shop':"


def test_a_file_that_is_cut_gives_the_tests_before_the_cut() -> None:
    told = read(SAMPLE[: SAMPLE.index(b"assert os.environ")])
    assert [row.test for row in told.executions][-1] == "tests/test_migrations.py::test_forwards"
    assert told.gaps[0].text.startswith("is cut off (")
    assert "only the tests before the cut were read" in told.gaps[0].text


def test_the_test_at_the_cut_is_not_taken_for_one_that_passed() -> None:
    told = read("<testsuites><testsuite><testcase classname='a' name='t'/><testcase classname='a' name='u'>")
    assert [row.test for row in told.executions] == ["a.py::t"]


def test_an_empty_file() -> None:
    assert gap(b"") == gap(b"\n \n") == "is empty: the run was ended before pytest wrote it"


def test_a_file_that_is_no_xml() -> None:
    assert gap(b"\x89PNG\r\n").startswith("cannot be read as XML (")


def test_xml_that_is_not_junit() -> None:
    assert gap("<coverage/>") == "is XML, but not JUnit (its root is <coverage>): left out; give the file that `pytest --junitxml` wrote"


def test_junit_without_tests() -> None:
    assert gap("<testsuites/>") == "holds no tests: none were collected, or the run was ended before the first"


HEAD = '<?xml version="1.0"?>'
BOMB = f'{HEAD}<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><testsuites><testsuite><testcase name="&b;"/></testsuite></testsuites>'
OUTSIDE = f'{HEAD}\n<!-- c --><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuites><testsuite>&a;</testsuite></testsuites>'
REFUSED = "declares a document type, which JUnit files do not have and which can hide an entity bomb: refused"


@pytest.mark.parametrize(
    "data", [BOMB.encode(), OUTSIDE.encode(), BOMB.encode("utf-16"), b"\xef\xbb\xbf" + BOMB.encode(), BOMB[:60].encode()]
)
def test_an_entity_bomb_or_an_external_entity_is_refused(data: bytes) -> None:
    assert gap(data) == REFUSED


def test_testsuites_nested_beyond_reason_are_refused() -> None:
    assert read("<testsuites>" + "<testsuite>" * 5000).executions == ()


def test_a_module_that_does_not_collect_is_a_gap_and_not_a_test() -> None:
    told = read(suite("<testcase classname='' name='tests.test_a'><error message='collection failure'/></testcase>"))
    assert told.executions == ()
    assert told.gaps[0].text == "tests.test_a could not be collected: none of its tests ran"


INTERNAL = "<testcase classname='pytest' name='internal'><error message='internal error'>{}</error></testcase>"


def test_an_internal_error_of_pytest_is_a_gap_and_not_a_test() -> None:
    told = read(suite("<testcase classname='a' name='test_b'/>", INTERNAL.format("Traceback:\n  here\nKeyError: 'gw1'\n")))
    assert [row.test for row in told.executions] == ["a.py::test_b"]
    assert told.gaps[0].text == "pytest ended with an internal error (KeyError: 'gw1'); what it had not run by then is missing"


def test_where_xdist_wrote_to_a_worker_that_had_died_that_is_said() -> None:
    told = read(suite(INTERNAL.format("  here\nOSError: cannot send (already closed?)")))
    assert told.gaps[0].text == (
        "pytest ended with an internal error (OSError: cannot send (already closed?)): pytest-xdist wrote to a worker that had just died;"
        " what it had not run by then is missing"
    )


def test_a_test_of_the_users_that_is_called_internal_is_a_test() -> None:
    case = "<testcase classname='pytest' name='internal'><error message='failed on setup'>E  KeyError: 1</error></testcase>"
    assert [row.outcome for row in read(suite(case)).executions] == [Outcome.ERROR]


@pytest.mark.parametrize(
    ("test", "address"),
    [
        ("a/b/test_c.py::test_d", ("a.b.test_c", "test_d")),
        ("a/test_c.py::TestD::TestE::test_f[x::y/z.py]", ("a.test_c.TestD.TestE", "test_f[x::y/z.py]")),
        ("a.py::test_x[\x1b]", ("a", "test_x[#x1B]")),
    ],
)
def test_how_pytest_calls_a_test(test: str, address: tuple[str, str]) -> None:
    assert address_of(TestId(test)) == address


def test_two_tests_of_one_address_keep_the_first() -> None:
    found = directory([TestId("a/TestB.py::test_c"), TestId("a.py::TestB::test_c")])
    assert found == {("a.TestB", "test_c"): "a/TestB.py::test_c"}


def test_the_console_log_beside_it_tells_the_node_ids() -> None:
    log = Paper("console.log", b"[gw0] [ 50%] PASSED a/Odd.py::test_c \n[gw1] [100%] PASSED a/odd.py::Big::test_d \n= 2 passed in 0.1s =\n")
    report = Paper(
        "junit.xml", suite("<testcase classname='a.Odd' name='test_c'/><testcase classname='pre.a.odd.Big' name='test_d'/>").encode()
    )
    record = ingest(Bundle("run", (report, log)))
    assert [(row.test, row.worker) for row in record.executions] == [("a/Odd.py::test_c", "gw0"), ("a/odd.py::Big::test_d", "gw1")]
    assert record.gaps == ()


def test_a_guess_takes_capitalised_parts_for_classes() -> None:
    assert guessed_id("tests.unit.test_a.TestB.Inner", "test_c", None) == "tests/unit/test_a.py::TestB::Inner::test_c"


def first(xml: str) -> Execution:
    (execution,) = read_junit(Paper("junit.xml", xml.encode()), "ci", {}).executions
    return execution


@pytest.mark.parametrize(
    ("attributes", "test"),
    [
        ('name="tests/test_a.py::TestB::test_c[x.y]"', "tests/test_a.py::TestB::test_c[x.y]"),
        ('name="test_c" file="tests/test_a.py" line="3"', "tests/test_a.py::test_c"),
        ('name="test_c"', "test_c"),
        ('classname="" name="test_c@group"', "test_c"),
        ('classname="tests.test_a.TestB" name="test_c" file="tests/test_a.py"', "tests/test_a.py::TestB::test_c"),
        ('classname="TestB" name="test_c" file="tests/test_a.py"', "tests/test_a.py::test_c"),
        ('classname="Login form" name="shows an error" file="src/login.test.js"', "src/login.test.js::shows an error"),
        ('classname="Login form" name="shows an error"', "Login form::shows an error"),
        ('classname="github.com/acme/shop" name="TestTotal/no_items"', "github.com/acme/shop::TestTotal/no_items"),
    ],
)
def test_how_other_tools_name_a_test(attributes: str, test: str) -> None:
    assert first(f"<testsuite><testcase {attributes}/></testsuite>").test == test


@pytest.mark.parametrize(
    ("time", "seconds"),
    [
        ("1.5", 1.5),
        ("1,234.5", 1234.5),
        ("0,5", 0.5),
        ("12,3456", 12.3456),
        ("1,234", 1234.0),
        ("", 0.0),
        ("nan", 0.0),
        ("-1", 0.0),
        ("PT1S", 0.0),
        ("1326453690.921822", 0.0),
    ],
)
def test_times_as_any_tool_writes_them(time: str, seconds: float) -> None:
    assert first(f'<testsuite><testcase classname="a" name="t" time="{time}"/></testsuite>').duration_seconds == seconds


@pytest.mark.parametrize(
    ("attribute", "outcome"),
    [
        ('status="disabled"', Outcome.SKIPPED),
        ('result="Failed"', Outcome.FAILED),
        ('status="run"', Outcome.PASSED),
        ('status="error"', Outcome.ERROR),
    ],
)
def test_an_outcome_that_only_an_attribute_tells(attribute: str, outcome: Outcome) -> None:
    assert first(f'<testsuite><testcase classname="a" name="t" {attribute}/></testsuite>').outcome is outcome


def test_surefire_s_attempts_with_their_traces_and_types() -> None:
    told = read_junit(
        Paper(
            "junit.xml",
            b'<testsuite><testcase classname="a.B" name="t"><flakyFailure message="no" type="java.lang.AssertionError">'
            b"<stackTrace>at a.B</stackTrace><system-out>x</system-out></flakyFailure><flakyError type='IOException'/>"
            b"</testcase></testsuite>",
        ),
        "ci",
        {},
    )
    assert [(row.outcome, row.attempt) for row in told.executions] == [(Outcome.FAILED, 0), (Outcome.FAILED, 1), (Outcome.PASSED, 2)]
    assert [(row.failures[0].exception, row.failures[0].message) for row in told.executions[:2]] == [
        ("java.lang.AssertionError", "no"),
        ("IOException", ""),
    ]
    assert told.executions[0].failures[0].text == "at a.B"


def test_elements_in_a_namespace_are_read() -> None:
    assert (
        first('<testsuite xmlns="https://example.org/junit"><testcase classname="a.test_b" name="t"/></testsuite>').test == "a/test_b.py::t"
    )
