"""Files that are collected once: forks of a collector are trials like any other, and what cannot be shared is collected by each."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from flaky_detector.adapters.process import Collector
from flaky_detector.model import RunRecord
from tests.end_to_end.test_forks import Hunt
from tests.end_to_end.test_process import eventually, is_alive

TELLS = """
import os
import state
IMPORTED_IN = os.getpid()
state.SEEN.append("test_a was imported")

def test_tells():
    assert 0, f"imported in {IMPORTED_IN}, run in {os.getpid()}"

def test_leaves():
    state.SEEN.append("left")

def test_finds():
    assert state.SEEN == ["test_a was imported"], state.SEEN
"""
NESTED = """
import os, subprocess, sys

def test_starts_a_pytest():
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "flaky_detector.recorder", "test_a.py::test_leaves"], check=True)
"""
FILES = {
    "conftest.py": "import state\n",
    "state.py": "SEEN = []\n",
    "test_a.py": TELLS,
    "test_b.py": "def test_b(): pass\n",
    "test_c.py": "def test_c(): pass\n",
    "test_d.py": "def test_d(): pass\n",
    "test_nested.py": NESTED,
}


@pytest.fixture
def hunt(tmp_path: Path) -> Iterator[Hunt]:
    hunt = Hunt(tmp_path, FILES)
    with hunt.forks:
        yield hunt


def places(record: RunRecord | None) -> tuple[str, str]:
    """Where the file was imported, and where its test ran."""
    assert record is not None
    words = record.executions[-1].failures[0].message.split("\n")[0].replace(",", "").split()
    return words[-4], words[-1]


def collectors(hunt: Hunt) -> list[Collector]:
    return [ready.process for server in hunt.forks.idle for ready in server.collectors.ready.values()]


def test_files_are_imported_once_in_each_start_and_every_trial_is_a_process_of_its_own(hunt: Hunt) -> None:
    told = [places(hunt.ask("test_a.py::test_tells")) for _ in range(6)]
    imported, ran = ([pair[side] for pair in told] for side in (0, 1))
    assert imported[:2] * 3 == imported
    assert len(set(imported)) == 2
    assert len({*imported, *ran}) == 8


def test_each_trial_begins_with_what_was_collected_and_runs_its_own_order(hunt: Hunt) -> None:
    orders = [("leaves", "finds"), ("finds", "leaves"), ("finds",), ("leaves", "finds")]
    records = [hunt.ask(*(f"test_a.py::test_{name}" for name in order)) for order in orders]
    told = [(record.exit_code, [row.test.rpartition("_")[2] for row in record.executions]) for record in records if record]
    assert told == [(1, ["leaves", "finds"]), (0, ["finds", "leaves"]), (0, ["finds"]), (1, ["leaves", "finds"])]


def test_what_an_import_left_is_told_of_every_trial(hunt: Hunt) -> None:
    records = [hunt.ask("test_a.py::test_finds") for _ in range(3)]
    told = [[(imported.path, [change.key for change in imported.state]) for imported in record.imports] for record in records if record]
    assert told == [[("test_a.py", ["state.SEEN"])]] * 3


def test_a_journal_tells_its_own_process_and_all_that_was_collected(hunt: Hunt) -> None:
    hunt.ask("test_a.py::test_finds")
    record = hunt.ask("test_a.py::test_finds")
    lines = (hunt.scratch / "trials" / "2" / "journal-main.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["ev"] for event in events] == ["start", "import", "collected", "begin", "end", "finish"]
    assert events[2]["tests"] == [f"test_a.py::test_{name}" for name in ("tells", "leaves", "finds")]
    assert (record and record.gaps, record and record.witnesses) == ((), ("journal-main",))
    assert events[0]["pid"] not in {collector.pid for collector in collectors(hunt)}


def test_a_test_that_is_not_there_is_told_to_be_missing(hunt: Hunt) -> None:
    hunt.ask("test_a.py::test_finds")
    record = hunt.ask("test_a.py::test_finds", "test_a.py::test_gone")
    assert record is not None
    assert [gap.text for gap in record.gaps] == ["the forced order names tests that were not collected: test_a.py::test_gone"]


def test_a_pytest_that_a_test_starts_writes_nothing_into_the_record_of_its_trial(hunt: Hunt) -> None:
    records = [hunt.ask("test_nested.py::test_starts_a_pytest") for _ in range(2)]
    assert [[row.test for row in record.executions] for record in records if record] == [["test_nested.py::test_starts_a_pytest"]] * 2


def test_no_more_than_four_wait_in_a_start_and_who_was_not_asked_for_longest_is_ended(hunt: Hunt) -> None:
    hunt.ask("test_a.py::test_finds")
    (first,) = collectors(hunt)
    for name in ("b", "c", "d"):
        hunt.ask(f"test_{name}.py::test_{name}")
    hunt.ask("test_a.py::test_finds", "test_a.py::test_leaves")
    second, _, _, again = collectors(hunt)
    assert again is first
    hunt.ask("test_b.py::test_b", "test_c.py::test_c")
    assert len(collectors(hunt)) == 4
    assert [is_alive(collector.pid) for collector in (first, second)] == [True, False]


def test_none_is_left_at_the_end(tmp_path: Path) -> None:
    hunt = Hunt(tmp_path, FILES)
    with hunt.forks:
        hunt.ask("test_a.py::test_finds")
        (one,) = collectors(hunt)
        assert is_alive(one.pid)
    assert eventually(lambda: not is_alive(one.pid))


UNFIT = {
    "a thread": ("import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()", "threads are running"),
    "a connection": ("import socket\nENDS = socket.socketpair()", "a connection is open"),
    "chance": ("import random\nDRAWN = random.random()", "the module random was used or seeded while its files were collected"),
    "a file in the tree": ("open('made', 'w').close()", "made has been written in the tree"),
    "a temporary file": ("import tempfile\ntempfile.mkdtemp(prefix='kept')", "has been written in the temporary folder"),
    "an exit": ("import os\nif 'COLLECT' in ' '.join(os.environ): os._exit(3)", "pytest did not come to the first test"),
}


@pytest.mark.parametrize("what", UNFIT)
def test_what_cannot_be_shared_is_collected_by_every_trial(tmp_path: Path, what: str) -> None:
    code, why = UNFIT[what]
    hunt = Hunt(tmp_path, {"test_x.py": f"{code}\ndef test_x(): pass\n"})
    with hunt.forks:
        records = [hunt.ask("test_x.py::test_x") for _ in range(3)]
        assert collectors(hunt) == []
    assert [record.exit_code for record in records if record] == [0, 0, 0]
    said = hunt.said.getvalue()
    assert said.count("every trial collects test_x.py by itself") == 2
    assert why in said


def test_a_file_that_cannot_be_collected_is_told_by_each_trial(tmp_path: Path) -> None:
    hunt = Hunt(tmp_path, {"test_x.py": "import no_such_thing\ndef test_x(): pass\n"})
    with hunt.forks:
        records = [hunt.ask("test_x.py::test_x") for _ in range(2)]
    assert [(record.exit_code, len(record.executions)) for record in records if record] == [(2, 0), (2, 0)]
    assert "not everything could be collected" in hunt.said.getvalue()


def test_a_collector_that_was_killed_costs_no_answer(hunt: Hunt) -> None:
    hunt.ask("test_a.py::test_finds")
    for collector in collectors(hunt):
        os.kill(collector.pid, signal.SIGKILL)
    again = [hunt.ask("test_a.py::test_finds") for _ in range(3)]
    assert sorted(str(record and record.exit_code) for record in again) == ["0", "0", "None"]


def test_a_set_is_ordered_alike_on_both_sides_of_a_start(tmp_path: Path) -> None:
    """The hash seed is the start's, whatever the environment of a trial says."""
    text = "NAMES = list({'a', 'b', 'c', 'd', 'e', 'f'})\ndef test_x():\n    assert 0, ''.join(NAMES)\n"
    hunt = Hunt(tmp_path, {"test_x.py": text})
    with hunt.forks:
        records = [hunt.ask("test_x.py::test_x") for _ in range(4)]
    told = [record.executions[0].failures[0].message for record in records if record]
    assert told[:2] * 2 == told


def test_what_a_test_file_sets_in_the_environment_is_there_when_its_tests_run(tmp_path: Path) -> None:
    text = "import os\nos.environ['PYTHONPATH'] = 'mine'\ndef test_x():\n    assert os.environ['PYTHONPATH'] == 'mine'\n"
    hunt = Hunt(tmp_path, {"test_x.py": text})
    with hunt.forks:
        assert [record.exit_code for record in [hunt.ask("test_x.py::test_x") for _ in range(2)] if record] == [0, 0]


def test_the_folder_that_hypothesis_makes_at_collection_keeps_no_file_from_being_collected_once(tmp_path: Path) -> None:
    """Examples that a trial saved are gone before the next one."""
    text = """
import os, pathlib
from hypothesis import given, strategies
IMPORTED_IN = os.getpid()
SAVED = pathlib.Path(".hypothesis/examples").exists()

@given(strategies.text())
def test_x(text):
    assert len(text) < 3 and not SAVED and 0, f"imported in {IMPORTED_IN}, run in {os.getpid()}"
"""
    hunt = Hunt(tmp_path, {"conftest.py": "", "test_x.py": text})
    with hunt.forks:
        told = [places(hunt.ask("test_x.py::test_x")) for _ in range(4)]
        assert len({imported for imported, _ in told}) == 2
        assert all(not (server.loan.copy.rootdir / ".hypothesis" / "examples").exists() for server in hunt.forks.idle)
