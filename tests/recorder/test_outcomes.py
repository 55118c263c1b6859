"""One process, one suite with every way in which a test can end; what its journal and its JUnit file say."""

import pytest

SUITE = """
import unittest
import pytest

@pytest.fixture
def fails_at_setup():
    raise RuntimeError("no setup")

@pytest.fixture
def fails_at_teardown():
    yield
    raise RuntimeError("no teardown")

def test_passes(): pass
def test_fails():
    print("said before")
    assert 1 == 2
def test_errs(fails_at_setup): pass
def test_errs_late(fails_at_teardown): pass
def test_fails_twice(fails_at_teardown): assert 0
def test_skips(): pytest.skip("today")

@pytest.mark.xfail
def test_expected(): assert 0
@pytest.mark.xfail
def test_unexpected(): pass
@pytest.mark.xfail(strict=True)
def test_strict(): pass
@pytest.mark.xfail(run=False)
def test_not_run(): pass

def test_chain():
    try:
        try:
            {}["k"]
        except KeyError as error:
            raise OSError("middle") from error
    except OSError:
        raise ValueError("outer")

def test_suppressed():
    try:
        {}["k"]
    except KeyError:
        raise ValueError("alone") from None

class Mute(Exception):
    def __str__(self): raise TypeError

def test_mute(): raise Mute

def test_long(): raise ValueError("x" * 5000)

def test_in_library():
    import json
    json.loads("{")

@pytest.mark.parametrize("p", ["a b", "x::y", "[z]", "q@w", "é/ü", "'\\"<&>"])
def test_odd(p): pass

class TestClass:
    def test_method(self): pass

class TestUnit(unittest.TestCase):
    def test_unit(self): self.assertEqual(1, 2)
    def test_subs(self):
        for number in range(3):
            with self.subTest(number=number):
                assert number != 1
"""


@pytest.fixture(scope="module")
def ran(run):
    return run({"tests/test_a.py": SUITE})


def test_every_outcome_has_its_name(ran):
    outcomes = ran.outcomes()
    assert outcomes["test_passes"] == "passed"
    assert outcomes["test_fails"] == "failed"
    assert outcomes["test_errs"] == "error"
    assert outcomes["test_errs_late"] == "error"
    assert outcomes["test_fails_twice"] == "failed"
    assert outcomes["test_skips"] == "skipped"
    assert outcomes["test_expected"] == "xfailed"
    assert outcomes["test_unexpected"] == "xpassed"
    assert outcomes["test_strict"] == "failed"
    assert outcomes["test_not_run"] == "xfailed"
    assert outcomes["TestUnit::test_unit"] == "failed"
    assert outcomes["TestUnit::test_subs"] == "failed"
    assert ran.exit_code == 1
    assert ran.notes() == []


def test_every_phase_is_told(ran):
    assert [phase[:2] for phase in ran.end("test_errs")["phases"]] == [["setup", "failed"], ["teardown", "passed"]]
    assert [phase[:2] for phase in ran.end("test_fails_twice")["phases"]] == [
        ["setup", "passed"],
        ["call", "failed"],
        ["teardown", "failed"],
    ]
    assert [failure["phase"] for failure in ran.end("test_fails_twice")["failures"]] == ["call", "teardown"]
    assert "failures" not in ran.end("test_skips")


def test_a_failure_tells_type_message_place_and_output(ran):
    (failure,) = ran.end("test_fails")["failures"]
    assert failure["type"] == "AssertionError"
    assert failure["message"] == "assert 1 == 2"
    assert failure["raised_at"] == "tests/test_a.py:test_fails"
    assert failure["test_frame"] == "tests/test_a.py:test_fails"
    assert failure["line"] == 17
    assert failure["chain"] == []
    assert failure["output"] == "--- Captured stdout call ---\nsaid before\n"
    assert "assert 1 == 2" in failure["text"]


def test_a_place_in_a_library_is_named_from_where_it_was_imported(ran):
    (failure,) = ran.end("test_in_library")["failures"]
    assert failure["type"] == "json.decoder.JSONDecodeError"
    assert failure["raised_at"] == "json/decoder.py:raw_decode" or failure["raised_at"].startswith("json/decoder.py:")
    assert failure["test_frame"] == "tests/test_a.py:test_in_library"


def test_the_chain_is_told_nearest_first(ran):
    (failure,) = ran.end("test_chain")["failures"]
    assert (failure["type"], failure["message"]) == ("ValueError", "outer")
    assert failure["chain"] == [["OSError", "middle"], ["KeyError", "'k'"]]
    assert ran.end("test_suppressed")["failures"][0]["chain"] == []


def test_a_strict_xpass_is_a_failure_without_an_exception(ran):
    (failure,) = ran.end("test_strict")["failures"]
    assert failure["type"] == "XPASS(strict)"


def test_texts_are_cut_and_an_exception_that_cannot_be_printed_does_no_harm(ran):
    assert len(ran.end("test_long")["failures"][0]["message"]) == 2000
    (failure,) = ran.end("test_mute")["failures"]
    assert failure["type"] == "test_a.Mute"
    assert failure["message"] == "<unprintable: TypeError>"


def test_a_failing_subtest_makes_its_test_fail_once(ran):
    end = ran.end("TestUnit::test_subs")
    assert [phase[:2] for phase in end["phases"]] == [["setup", "passed"], ["call", "failed"], ["teardown", "passed"]]
    assert [failure["message"].splitlines()[0] for failure in end["failures"]] == ["assert 1 != 1"]
    assert end["traits"] == ["unittest"]


def test_odd_names_are_kept_as_they_are(ran):
    collected = ran.events("collected")[0]["tests"]
    begun = [event["id"] for event in ran.events("begin")]
    assert begun == collected
    for name in ("a b", "x::y", "[z]", "q@w", "\\xe9/\\xfc", "'\"<&>"):
        assert f"tests/test_a.py::test_odd[{name}]" in begun


def test_positions_count_from_zero_in_the_order_of_execution(ran):
    assert [event["pos"] for event in ran.events("begin")] == list(range(len(ran.events("end"))))
    assert [event["id"] for event in ran.events("begin")] == [event["id"] for event in ran.events("end")]


def test_the_journal_begins_and_ends_with_what_the_run_was(ran):
    first, last = ran.journals["main"][0], ran.journals["main"][-1]
    assert (first["ev"], first["v"], first["worker"]) == ("start", 1, "main")
    assert first["rootdir"] == str(ran.folder)
    assert first["pytest"] == pytest.__version__
    assert first["probes"][:4] == ["django-apps", "files", "environ", "cwd"]
    assert (last["ev"], last["exit"], last["originals"]) == ("finish", 1, [])
    assert set(last["cost"]) == set(first["probes"])


def test_junit_carries_the_properties(ran):
    assert ran.properties("test_passes") == {"nodeid": "tests/test_a.py::test_passes", "worker": "main", "position": "0"}
    assert ran.properties("test_odd[x::y]")["nodeid"] == "tests/test_a.py::test_odd[x::y]"
    assert ran.properties("test_method")["nodeid"] == "tests/test_a.py::TestClass::test_method"
