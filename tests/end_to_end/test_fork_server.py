"""Real fork servers: a pytest process that has a child for every trial, and when it will not."""

import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from flaky_detector.adapters.process import ForkServer, LostError, execute
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Ended, Invocation
from tests.end_to_end.test_process import eventually, is_alive

SUITE = {
    "pytest.ini": "[pytest]\n",
    "conftest.py": "import os\nSTARTED = os.getpid()\n",
    "state.py": "USED = []\n",
    "test_a.py": """
import os
import conftest, state

def test_leaves_something():
    state.USED.append(1)

def test_finds_nothing():
    print("started in", conftest.STARTED, "runs in", os.getpid())
    assert state.USED == []
""",
    "test_b.py": "import os\ndef test_dies(): os.kill(os.getpid(), 9)\ndef test_exits(): os._exit(5)\n",
    "test_c.py": "import time\ndef test_sleeps(): time.sleep(60)\n",
    "test_d.py": "import subprocess\ndef test_leaves_a_process(): subprocess.Popen(['sleep', '300'])\n",
    "test_e.py": "import os\ndef test_sees_its_environment(): assert os.environ['TRIAL'] == 'one' and 'GONE' not in os.environ\n",
    "test_f.py": """
import atexit, random, sys, threading

def test_speaks():
    atexit.register(print, "the last word", random.random())
    print("said in the test", file=sys.__stdout__)

def test_waits_for_its_thread():
    import time
    threading.Thread(target=lambda: (time.sleep(0.5), print("from the thread"))).start()
""",
}


class Suite:
    """A suite in a folder, and servers of it."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.folder = folder / "suite"
        self.folder.mkdir()
        (folder / "tmp").mkdir()
        self.bundle = folder / "bundle"
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.env: dict[str, str | None] = {"TMPDIR": str(folder / "tmp"), "GONE": "1"}

    def call(self, bundle: str, *options: str, **env: str | None) -> Invocation:
        argv = (sys.executable, "-m", "pytest", "-p", wire.PLUGIN, "-p", "no:randomly", "-p", "no:cacheprovider", "--color=no", *options)
        return Invocation(argv=argv, env=self.env | env, cwd=str(self.folder), bundle=str(self.bundle / bundle), deadline_seconds=60)

    def server(self, *options: str, **env: str | None) -> ForkServer:
        return ForkServer(self.call("server", *options, "test_a.py", **env))

    def trial(self, server: ForkServer, name: str, file: str, *tests: str, deadline_seconds: float = 30, **env: str | None) -> Ended:
        order = json.dumps({"v": 1, "steps": [[0, f"{file}::{test}"] for test in tests]})
        bundle = str(self.bundle / name)
        wishes = {**self.env, wire.RECORD: bundle, wire.ORDER: f"{bundle}/order.json", **env}
        call = Invocation(argv=(), env=wishes, cwd="", bundle=bundle, order_json=order, deadline_seconds=deadline_seconds)
        return execute(call, begin=lambda call, mark: server.begin((file,), call, mark))

    def log(self, name: str) -> str:
        return (self.bundle / name / "console.log").read_text(encoding="utf-8")

    def ran(self, name: str) -> list[str]:
        lines = (self.bundle / name / "journal-main.jsonl").read_text(encoding="utf-8").splitlines()
        return [event["id"] for event in map(json.loads, lines) if event["ev"] == "end"]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return Suite(tmp_path, SUITE)


def test_every_trial_starts_where_the_first_one_did_and_runs_what_it_was_asked_for(suite: Suite) -> None:
    with suite.server() as server:
        assert server.why_not(60) == ""
        assert suite.trial(server, "1", "test_a.py", "test_leaves_something", "test_finds_nothing").exit_code == 1
        assert suite.trial(server, "2", "test_a.py", "test_finds_nothing").exit_code == 0
        assert suite.trial(server, "3", "test_a.py", "test_finds_nothing", "test_leaves_something").exit_code == 0
    assert suite.ran("1") == ["test_a.py::test_leaves_something", "test_a.py::test_finds_nothing"]
    assert suite.ran("3") == ["test_a.py::test_finds_nothing", "test_a.py::test_leaves_something"]


def test_the_start_is_made_once_and_each_trial_is_a_process_of_its_own(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        said = []
        for name in ("1", "2"):
            suite.trial(server, name, "test_a.py", "test_finds_nothing", PYTEST_ADDOPTS=None)
            pid = json.loads((suite.bundle / name / "journal-main.jsonl").read_text().splitlines()[0])["pid"]
            said.append(pid)
        assert len({*said, os.getpid()}) == 3


def test_a_child_that_dies_is_told_by_its_signal_and_the_next_one_runs(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        assert suite.trial(server, "1", "test_b.py", "test_dies").exit_code == -9
        assert suite.trial(server, "2", "test_b.py", "test_exits").exit_code == 5
        assert suite.trial(server, "3", "test_a.py", "test_finds_nothing").exit_code == 0


def test_a_child_that_hangs_is_ended_at_its_deadline_and_the_next_one_runs(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        ended = suite.trial(server, "1", "test_c.py", "test_sleeps", deadline_seconds=2)
        assert ended.timed_out
        assert ended.seconds < 12
        assert suite.trial(server, "2", "test_a.py", "test_finds_nothing").exit_code == 0


def test_what_a_child_started_ends_with_it(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        assert suite.trial(server, "1", "test_d.py", "test_leaves_a_process").exit_code == 0
    assert not any(_command(path) == "sleep\x00300\x00" for path in Path("/proc").iterdir() if path.name.isdigit())


def _command(process: Path) -> str:
    try:
        return (process / "cmdline").read_text()
    except OSError:
        return ""


def test_a_trial_has_the_environment_that_it_was_given(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        assert suite.trial(server, "1", "test_e.py", "test_sees_its_environment", TRIAL="one", GONE=None).exit_code == 0


def test_each_trial_has_a_log_of_its_own_with_its_last_words_and_chance_of_its_own(suite: Suite) -> None:
    with suite.server("-s") as server:
        server.why_not(60)
        for name in ("1", "2"):
            suite.trial(server, name, "test_f.py", "test_speaks")
        suite.trial(server, "3", "test_f.py", "test_waits_for_its_thread")
    for name in ("1", "2"):
        assert suite.log(name).count("said in the test") == 1
        assert suite.log(name).count("1 passed") == 1
        assert suite.log(name).count("the last word") == 1
    assert suite.log("1").splitlines()[-1] != suite.log("2").splitlines()[-1]
    assert "from the thread\n" in suite.log("3")
    assert "said in the test" not in suite.log("server")


def test_at_the_end_no_server_is_left(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        pid = server.pid
        assert is_alive(pid)
    assert not is_alive(pid)


def test_a_server_ends_when_the_house_dies(suite: Suite) -> None:
    code = os.fork()
    if not code:
        server = suite.server()
        server.why_not(60)
        (suite.bundle / "pid").write_text(str(server.pid))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(code, 0)
    pid = int((suite.bundle / "pid").read_text())
    assert eventually(lambda: not is_alive(pid))


def test_a_server_that_was_killed_is_lost_and_says_so(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        os.kill(server.pid, signal.SIGKILL)
        time.sleep(0.2)
        with pytest.raises(LostError):
            suite.trial(server, "1", "test_a.py", "test_finds_nothing")


def test_a_server_that_is_killed_while_its_child_runs_leaves_no_child(suite: Suite) -> None:
    with suite.server() as server:
        server.why_not(60)
        pids: list[int] = []

        def tick(_: float) -> None:
            journal = suite.bundle / "1" / "journal-main.jsonl"
            if journal.exists() and not pids:
                pids.append(json.loads(journal.read_text().splitlines()[0])["pid"])
                os.kill(server.pid, signal.SIGKILL)

        bundle = str(suite.bundle / "1")
        wishes = {**suite.env, wire.RECORD: bundle}
        call = Invocation(argv=(), env=wishes, cwd="", bundle=bundle, deadline_seconds=30)
        ended = execute(call, tick=tick, begin=lambda call, mark: server.begin(("test_c.py",), call, mark))
        assert ended.exit_code == -9
        assert not is_alive(pids[0])


DECLINED = {
    "a thread": ("import threading, time\nthreading.Thread(target=time.sleep, args=(30,), daemon=True, name='beat').start()", "threads"),
    "a child": ("import subprocess\nCHILD = subprocess.Popen(['sleep', '5'])", "child processes"),
    "a connection": ("import socket\nENDS = socket.socketpair()", "a connection is open"),
    "a seed": ("import random\nrandom.seed(4)", "the module random was used or seeded"),
    "an open file": ("import tempfile\nFILE = open(tempfile.gettempdir() + '/log', 'w')", "/log is open"),
    "a loop": ("import selectors\nSELECTOR = selectors.EpollSelector()", "an event loop is open"),
}


@pytest.mark.parametrize("what", DECLINED)
def test_a_start_that_cannot_be_shared_is_declined(tmp_path: Path, what: str) -> None:
    code, why = DECLINED[what]
    with Suite(tmp_path, SUITE | {"conftest.py": code + "\n"}).server() as server:
        assert why in server.why_not(60)


def test_a_start_that_fails_is_declined(tmp_path: Path) -> None:
    with Suite(tmp_path, SUITE | {"conftest.py": "raise ImportError('no such thing')\n"}).server() as server:
        assert server.why_not(60) == "pytest did not come to the session's start"


def test_what_a_conftest_opens_when_the_session_starts_is_no_obstacle(tmp_path: Path) -> None:
    code = """
import random, threading

def pytest_sessionstart(session):
    random.seed(4)
    threading.Thread(target=threading.Event().wait, daemon=True).start()
"""
    suite = Suite(tmp_path, SUITE | {"conftest.py": code + "STARTED = 0\n"})
    with suite.server() as server:
        assert server.why_not(60) == ""
        assert suite.trial(server, "1", "test_a.py", "test_finds_nothing").exit_code == 0
