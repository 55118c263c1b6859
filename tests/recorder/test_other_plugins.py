"""Next to plugins that run tests otherwise."""

import re
import textwrap

import pytest


def test_each_attempt_of_a_rerun_is_an_execution_of_its_own(run):
    source = """
    import pytest
    seen = []
    def test_before(): pass
    @pytest.mark.flaky(reruns=2)
    def test_flaky():
        seen.append(1)
        assert len(seen) == 3
    def test_after(): pass
    """
    ran = run({"test_a.py": textwrap.dedent(source)}, "-p", "rerunfailures")
    assert ran.order() == ["test_before", "test_flaky", "test_flaky", "test_flaky", "test_after"]
    attempts = [(end.get("attempt", 0), end["pos"], end["outcome"]) for end in ran.events("end") if "flaky" in end["id"]]
    assert attempts == [(0, 1, "failed"), (1, 1, "failed"), (2, 1, "passed")]
    assert [begin.get("attempt", 0) for begin in ran.events("begin")] == [0, 0, 1, 2, 0]
    assert ran.events("end")[-1]["pos"] == 2
    entries = re.findall(r'<testcase [^>]*name="test_flaky".*?</testcase>', ran.junit(), re.DOTALL)
    assert [entry.count('"flaky-detector.nodeid"') for entry in entries] == [1] * len(entries)
    assert ran.exit_code == 0
    assert ran.notes() == []


def test_a_failing_subtest_of_the_fixture_makes_its_test_fail(run):
    source = """
    def test_subs(subtests):
        for number in range(4):
            with subtests.test(number=number):
                assert number % 2 == 0
    def test_fine(subtests):
        with subtests.test("one"): pass
    """
    ran = run({"test_a.py": textwrap.dedent(source)})
    assert ran.outcomes() == {"test_subs": "failed", "test_fine": "passed"}
    assert [failure["message"] for failure in ran.end("test_subs")["failures"]] == ["assert (1 % 2) == 0", "assert (3 % 2) == 0"]


def test_doctests_and_items_of_other_kinds_are_recorded_as_well(run):
    conftest = """
    import pytest
    class Check(pytest.Item):
        def runtest(self): assert False, "checked"
    class File(pytest.File):
        def collect(self): yield Check.from_parent(self, name="check of " + self.path.name)
    def pytest_collect_file(file_path, parent):
        if file_path.suffix == ".check": return File.from_parent(parent, path=file_path)
    """
    module = 'def double(n):\n    """\n    >>> double(1)\n    3\n    """\n    return 2 * n\n'
    ran = run({"conftest.py": textwrap.dedent(conftest), "a.check": "", "module.py": module}, "--doctest-modules")
    assert ran.outcomes() == {"check of a.check": "failed", "module.double": "failed"}
    assert ran.end("check of a.check")["failures"][0]["message"] == "checked\nassert False"
    assert ran.notes() == []


def test_an_item_that_is_run_without_its_protocol_is_recorded(run):
    conftest = """
    from _pytest.runner import runtestprotocol
    def pytest_runtestloop(session):
        for item in session.items:
            runtestprotocol(item, nextitem=None)
        return True
    """
    ran = run({"conftest.py": textwrap.dedent(conftest), "test_a.py": "def test_1(): pass\ndef test_2(): pass\n"})
    assert [(event["id"], event["pos"]) for event in ran.events("end")] == [("test_a.py::test_1", 0), ("test_a.py::test_2", 1)]


def test_a_timeout_that_ends_a_test_is_a_failure_of_that_test(run):
    ran = run({"test_a.py": "import time\ndef test_slow(): time.sleep(9)\ndef test_next(): pass\n"}, "-p", "timeout", "--timeout=0.2")
    assert ran.outcomes() == {"test_slow": "failed", "test_next": "passed"}
    assert ran.notes() == []


def test_an_exit_in_the_middle_is_noted(run):
    ran = run({"test_a.py": "import pytest\ndef test_1(): pass\ndef test_2(): pytest.exit('enough')\ndef test_3(): pass\n"})
    assert ran.order() == ["test_1", "test_2"]
    assert ran.notes() == ["the test test_a.py::test_2 did not come to its end"]
    assert ran.events("finish")[0]["exit"] == 2


def test_a_file_that_cannot_be_collected_is_noted(run):
    ran = run({"test_a.py": "import nonsense\n", "test_b.py": "def test_b(): pass\n"})
    assert len(ran.notes()) == 1
    assert ran.notes()[0].startswith("test_a.py was not collected: ")
    assert "No module named 'nonsense'" in ran.notes()[0]
    assert ran.exit_code == 2


TELLS = "import sys\ndef pytest_unconfigure(): print('hypothesis', 'hypothesis' in sys.modules)\n"
USES = """
from hypothesis import given, strategies
@given(strategies.integers(0, 1))
def test_uses(number): pass
"""


@pytest.mark.parametrize(("order", "told"), [(None, "True"), ([[0, "test_a.py::test_a"]], "False")])
def test_what_the_plugin_of_hypothesis_would_import_for_nothing_is_left_out_where_there_is_an_order(run, order, told):
    files = {"conftest.py": TELLS, "test_a.py": "def test_a(): pass\n"}
    ran = run(files, "-p", "_hypothesis_pytestplugin", order=order)
    assert f"hypothesis {told}" in ran.output
    assert (ran.exit_code, ran.outcomes()) == (0, {"test_a": "passed"})


def test_where_a_test_has_imported_hypothesis_its_plugin_has_the_last_word(run):
    files = {"conftest.py": TELLS, "test_a.py": USES}
    ran = run(files, "-p", "_hypothesis_pytestplugin", "--hypothesis-show-statistics", order=[[0, "test_a.py::test_uses"]])
    assert "Hypothesis Statistics" in ran.output
    assert ran.exit_code == 0


def test_a_worker_and_its_controller_leave_it_out_as_well(run):
    files = {"conftest.py": TELLS, "test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"}
    order = [[0, "test_a.py::test_a"], [1, "test_b.py::test_b"]]
    ran = run(files, "-p", "_hypothesis_pytestplugin", "-p", "xdist", "-n", "2", order=order)
    assert "hypothesis False" in ran.output
    assert "hypothesis True" not in ran.output
