"""Tests that patch, close or break what a recorder stands on. None of it may reach the recorder, nor the recorder them."""

import textwrap

SUITE = """
import builtins, json, os, sys, time
from unittest import mock
import pytest

def test_clock_with_three_values(monkeypatch):
    values = iter([1.0, 2.0, 3.0])
    for name in ("time", "perf_counter", "monotonic"):
        monkeypatch.setattr(time, name, lambda: next(values))
    assert time.time() == 1.0

def test_clock_is_swapped_in_every_module():
    real = time.time
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is real:
                setattr(module, name, mock.Mock(side_effect=RuntimeError))
    assert time.time is not real
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if isinstance(value, mock.Mock):
                setattr(module, name, real)

@pytest.fixture
def broken(monkeypatch):
    def no(*args, **kwargs): raise RuntimeError("patched")
    for target, name in ((os, "write"), (os, "getcwd"), (os, "lstat"), (os, "fstat"), (json, "dumps"), (builtins, "open"), (os, "open")):
        monkeypatch.setattr(target, name, no)

def test_functions_are_broken(broken): pass

def test_environ_is_replaced():
    os.environ = {"ONLY": "1"}

def test_environ_is_put_back():
    os.environ = pytest.saved

def test_closes_all_files():
    os.closerange(30, 200)
    for number in range(30, 60):
        os.dup2(1, number)

def test_json_is_reloaded():
    import importlib
    importlib.reload(json)

def test_deletes_the_directory_under_its_feet(tmp_path):
    old = os.getcwd()
    (tmp_path / "x").mkdir(); os.chdir(tmp_path / "x"); os.rmdir(tmp_path / "x")
    pytest.old = old

def test_works_without_a_directory(): os.chdir(pytest.old)

def test_modules_without_attributes():
    class Odd:
        def __getattr__(self, name): raise RuntimeError(name)
    sys.modules["odd"] = Odd()

def test_writes_a_file_of_an_odd_name():
    open(b"odd\\xff.txt", "w").close()

def test_last(): pass
"""
CONFTEST = """
import os
import pytest
pytest.saved = os.environ
def pytest_configure(config):
    # so that the journal's descriptor is one that the suite closes
    for number in range(3, 40):
        try: os.fstat(number)
        except OSError: os.dup2(1, number)
"""


def test_nothing_that_a_test_does_stops_the_recorder_or_changes_an_outcome(run):
    ran = run({"test_a.py": SUITE, "conftest.py": CONFTEST}, "-s", env={"FLAKY_DETECTOR_ORIGINAL": "/nowhere"})
    assert set(ran.outcomes().values()) == {"passed"}, ran.output
    assert len(ran.outcomes()) == len(ran.order()) == 12
    assert ran.order()[-1] == "test_last"
    assert ran.exit_code == 0
    assert ran.notes() == []
    assert ("cwd", "cwd", "went") in ran.state("test_deletes_the_directory_under_its_feet")
    assert ran.state("test_writes_a_file_of_an_odd_name") == [("file", "odd\udcff.txt", "came")]
    assert '{"ev"' not in ran.output


def test_a_probe_that_breaks_is_dropped_and_noted(run):
    conftest = """
    import sys
    class Models(dict):
        def __eq__(self, other): raise RuntimeError("no comparison")
        __hash__ = None
    class Apps:
        all_models = Models({"app": {}})
        app_configs = {}
    class Module:
        apps = Apps()
    sys.modules["django.apps"] = Module()
    """
    ran = run(
        {"conftest.py": textwrap.dedent(conftest), "test_a.py": "import os\ndef test_a(): os.environ['A'] = '1'\ndef test_b(): pass\n"}
    )
    assert ran.notes() == ["the probe django-apps failed and is not used any more: RuntimeError('no comparison')"]
    assert ran.state("test_a") == [("environ", "A", "came")]
    assert ran.exit_code == 0


def test_a_record_folder_that_cannot_be_made_leaves_the_suite_alone(run):
    ran = run({"test_a.py": "def test_a(): pass\n", "file": ""}, env={"FLAKY_DETECTOR_RECORD": "file/below"})
    assert "the recorder did not start" in ran.output
    assert "1 passed" in ran.output
    assert ran.exit_code == 0


def test_a_clock_that_stands_in_another_year_makes_no_test_take_years(run):
    frozen = """
import _pytest.timing
KEPT = _pytest.timing.perf_counter

def test_goes_to_another_year(): _pytest.timing.perf_counter = lambda: 9e9
def test_stays_there(): pass
def test_comes_back(): _pytest.timing.perf_counter = KEPT
"""
    ran = run({"test_a.py": frozen})
    durations = [event["dur"] for event in ran.events("end")]
    assert len(durations) == 3
    assert all(0 <= seconds < 60 for seconds in durations)
