"""Forced orders and shuffles in one process."""

import itertools
import subprocess
import sys

import pytest

from tests.recorder.inner import environment

SUITE = """
import pytest
class TestB:
    def test_1(self): pass
    def test_2(self): pass
def test_a(): pass
@pytest.mark.parametrize("p", ["x", "a b", "c::d", "[e]", "f@g", "é", "\\\\n"])
def test_p(p): pass
"""
SORTS = """
import pytest

@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name)

class Late:
    @pytest.hookimpl(hookwrapper=True)
    def pytest_collection_modifyitems(self, items):
        yield
        items.reverse()

def pytest_configure(config):
    config.pluginmanager.register(Late())
"""
A, B, ODD = "test_a.py::test_a", "test_a.py::TestB::test_2", "test_a.py::test_p[f@g]"


def test_a_forced_order_comes_after_the_sorts_of_all_other_plugins(run):
    ran = run(
        {"test_a.py": SUITE, "conftest.py": SORTS, "test_b.py": "def test_z(): pass\n"},
        order=[[0, ODD], [1, "test_b.py::test_z"], [0, A], [0, "test_b.py::gone"], [0, B], [0, ODD]],
    )
    assert [event["id"] for event in ran.events("begin")] == [ODD, "test_b.py::test_z", A, B]
    (collected,) = ran.events("collected")
    assert collected["missing"] == ["test_b.py::gone"]
    assert len(collected["tests"]) == 11
    assert collected["tests"][0] == "test_b.py::test_z"
    assert collected["tests"][-1] == "test_a.py::TestB::test_1"
    assert "7 deselected" in ran.output
    assert ran.notes() == ["1 steps of the order repeat a test and are left out"]
    assert ran.exit_code == 0


def test_every_odd_id_can_be_forced(run):
    first = run({"test_a.py": SUITE})
    backwards = first.events("collected")[0]["tests"][::-1]
    ran = run({"test_a.py": SUITE}, order=[[0, test] for test in backwards])
    assert [event["id"] for event in ran.events("begin")] == backwards


def test_an_order_needs_no_journal(run, guest):
    ran = run({"test_a.py": SUITE})
    (ran.folder / "order.json").write_text('{"v": 1, "steps": [[0, "test_a.py::test_a"]]}')
    command = [sys.executable, "-m", "pytest", "-p", "flaky_detector.recorder", "--flaky-detector-order", "order.json"]
    done = subprocess.run(command, cwd=ran.folder, env=environment(guest, {}), capture_output=True, text=True, check=False)
    assert "1 passed, 9 deselected" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "is not of the form"),
        ('{"v": 1}', "is not of the form"),
        ('{"v": 2, "steps": []}', "is of version 2"),
        (None, "cannot be read"),
    ],
)
def test_an_order_that_cannot_be_read_ends_the_run_before_any_test(run, text, word):
    files = {"test_a.py": "def test_a(): pass\n"} | ({"order.json": text} if text else {})
    ran = run(files, "--flaky-detector-order=order.json")
    assert word in ran.output
    assert ran.exit_code == 4
    assert "main" not in ran.journals


def test_an_order_of_nothing_that_was_collected_runs_nothing(run):
    ran = run({"test_a.py": SUITE}, order=[[0, "test_a.py::gone"]])
    assert ran.exit_code == 5
    assert ran.order() == []
    assert ran.events("collected")[0]["missing"] == ["test_a.py::gone"]


MODULES = {f"test_{letter}.py": SUITE for letter in "abc"}


def test_a_seed_without_randomly_orders_modules_classes_and_tests(run):
    one = run(MODULES, env={"FLAKY_DETECTOR_SHUFFLE": "seed:1"})
    again = run(MODULES, env={"FLAKY_DETECTOR_SHUFFLE": "seed:1"})
    other = run(MODULES, env={"FLAKY_DETECTOR_SHUFFLE": "seed:2"})
    ids = [event["id"] for event in one.events("begin")]
    assert ids == [event["id"] for event in again.events("begin")]
    assert ids != [event["id"] for event in other.events("begin")]
    modules = [test.split("::")[0] for test in ids]
    assert len(set(modules)) == 3
    assert sum(a != b for a, b in itertools.pairwise(modules)) == 2
    assert sorted(ids) == sorted(event["id"] for event in other.events("begin"))


def test_a_seed_with_randomly_gives_the_order_of_randomly_itself(run):
    theirs = run(MODULES, "-p", "randomly", "--randomly-seed=7")
    ours = run(MODULES, "-p", "randomly", "--randomly-dont-reorganize", env={"FLAKY_DETECTOR_SHUFFLE": "seed:7"})
    own = run(MODULES, env={"FLAKY_DETECTOR_SHUFFLE": "seed:7"})
    ids = [event["id"] for event in theirs.events("begin")]
    assert [event["id"] for event in ours.events("begin")] == ids
    assert [event["id"] for event in own.events("begin")] == ids
    assert theirs.journals["main"][0]["seed"] == 7


def test_a_shuffle_comes_before_the_sorts_of_other_plugins_or_after_them_on_demand(run):
    sorts = "def pytest_collection_modifyitems(items):\n    items.sort(key=lambda item: 'late' in item.name)\n"
    files = {"conftest.py": sorts, "test_a.py": "".join(f"def test_{name}(): pass\n" for name in ("late_1", "1", "late_2", "2"))}
    before = run(files, env={"FLAKY_DETECTOR_SHUFFLE": "reversed"})
    assert before.order() == ["test_2", "test_1", "test_late_2", "test_late_1"]
    after = run(files, env={"FLAKY_DETECTOR_SHUFFLE": "reversed", "FLAKY_DETECTOR_SHUFFLE_LAST": "1"})
    assert after.order() == ["test_late_2", "test_late_1", "test_2", "test_1"]
    assert after.events("collected")[0]["tests"] == [f"test_a.py::test_{name}" for name in ("1", "2", "late_1", "late_2")]


def test_a_shuffle_that_is_none_is_noted_and_the_suite_runs_as_it_is(run):
    ran = run({"test_a.py": SUITE}, env={"FLAKY_DETECTOR_SHUFFLE": "seed:x"})
    assert ran.notes() == ["the tests were not shuffled: a shuffle is 'seed:N' or 'reversed', not 'seed:x'"]
    assert ran.exit_code == 0
