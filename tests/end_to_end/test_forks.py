"""Trials from fork servers: whose start each attempt has, when a trial is a process of its own, and what is left at the end."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from flaky_detector.adapters import interpreters
from flaky_detector.adapters.scratch import end_processes_of
from flaky_detector.adapters.voice import Voice
from flaky_detector.model import Arrangement, RunRecord, RunSpec, TestId, on_one_worker
from flaky_detector.pipeline.forks import MOST_STARTS, Forks, kind_of, places_of
from flaky_detector.pipeline.launch import Launcher, Wish
from flaky_detector.settings import Settings
from tests.support.hunting import flaky_detector, write_suite

CONFTEST = "import os\nSTART = os.getpid()\n"
TELLS = "import os\nimport conftest\n\ndef test_tells():\n    assert 0, 'start %d' % conftest.START\n\ndef test_other():\n    pass\n"
DIRTY = """
import os, tempfile
def test_is_clean():
    assert os.listdir(tempfile.gettempdir()) == [] and not os.path.exists("left")

def test_leaves_files():
    open("left", "w").close()
    open(os.path.join(tempfile.gettempdir(), "left"), "w").close()
"""


class Hunt:
    """A launcher in a project of its own, and the forks of it."""

    def __init__(self, folder: Path, files: dict[str, str]) -> None:
        self.rootdir = folder / "project"
        for name, text in {"pytest.ini": "[pytest]\n", "conftest.py": CONFTEST, **files}.items():
            (self.rootdir / name).parent.mkdir(parents=True, exist_ok=True)
            (self.rootdir / name).write_text(text, encoding="utf-8")
        settings = Settings(rootdir=self.rootdir, output=folder / "report", python=(sys.executable,))
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.said = io.StringIO()
        suites = interpreters.find_suites(settings, self.scratch, lambda text: None)
        self.launcher = Launcher(settings, suites, self.scratch, {}, Voice(verbose=True, stream=self.said))
        self.forks = Forks(self.launcher)
        self.count = 0

    def spec(self, tests: Sequence[str]) -> RunSpec:
        self.count += 1
        order = on_one_worker(tuple(map(TestId, tests)))
        select = tuple(dict.fromkeys(test.partition("::")[0] for test in tests))
        python = self.launcher.suites[0].python
        return RunSpec(
            id=f"trial-{self.count}", python=python, arrangement=Arrangement.FORCED, order=order, distribution="no", select=select
        )

    def ask(self, *tests: str, **members: object) -> RunRecord | None:
        wish = Wish(self.spec(tests), self.scratch / "trials" / str(self.count), 60.0, trial=True)
        forked = self.forks.run(wish._replace(**members))
        return forked and forked[0]


@pytest.fixture
def hunt(tmp_path: Path) -> Iterator[Hunt]:
    files = {"test_a.py": TELLS, "test_dirty.py": DIRTY, "sub/conftest.py": "", "sub/test_b.py": "def test_b(): pass\n"}
    hunt = Hunt(tmp_path, files)
    with hunt.forks:
        yield hunt


def starts(records: Sequence[RunRecord | None]) -> list[str]:
    return [record.executions[-1].failures[0].message for record in records if record]


def test_the_attempts_of_a_proof_come_from_two_starts_in_turn(hunt: Hunt) -> None:
    told = starts([hunt.ask("test_a.py::test_tells") for _ in range(6)])
    assert len(set(told)) == 2
    assert told[:2] * 3 == told


def test_a_question_in_doubt_gets_starts_of_its_own_and_then_processes(hunt: Hunt) -> None:
    records = [hunt.ask("test_a.py::test_tells") for _ in range(11)]
    told = starts(records)
    assert (len(told), len(set(told))) == (9, MOST_STARTS)
    assert [told.count(start) for start in dict.fromkeys(told)] == [3, 3, 1, 1, 1]
    assert records[9:] == [None, None]


def test_no_two_forks_of_a_start_have_their_objects_at_the_same_addresses(hunt: Hunt) -> None:
    tells = "def test_tells():\n    kept = [object() for _ in range(100)]\n    assert 0, 'at %d' % sum(map(id, kept))\n"
    (hunt.rootdir / "test_addresses.py").write_text(tells, encoding="utf-8")
    told = starts([hunt.ask("test_addresses.py::test_tells") for _ in range(5)])
    assert len(set(told)) > 3


def test_a_server_that_is_older_than_a_run_takes_is_ended(hunt: Hunt, monkeypatch: pytest.MonkeyPatch) -> None:
    first = starts([hunt.ask("test_a.py::test_tells")])
    (room,) = hunt.scratch.glob("f*")
    later = hunt.forks.most_age_seconds + 1
    monkeypatch.setattr("flaky_detector.pipeline.forks.time.monotonic", lambda now=time.monotonic: now() + later)
    second = starts([hunt.ask("test_a.py::test_other", "test_a.py::test_tells")])
    assert first != second
    assert not room.exists()


def test_other_questions_use_the_same_starts(hunt: Hunt) -> None:
    first = starts([hunt.ask("test_a.py::test_tells") for _ in range(2)])
    second = starts([hunt.ask("test_a.py::test_other", "test_a.py::test_tells") for _ in range(3)])
    assert set(first) == set(second)
    assert len(set(second)) == 2


def test_the_tree_and_the_temporary_folder_are_as_they_were_in_each_trial(hunt: Hunt) -> None:
    for _ in range(2):
        record = hunt.ask("test_dirty.py::test_is_clean", "test_dirty.py::test_leaves_files")
        assert record is not None
        assert [row.outcome for row in record.executions] == ["passed", "passed"]


def test_a_trial_is_told_like_that_of_a_process_of_its_own(hunt: Hunt) -> None:
    wish = Wish(hunt.spec(["test_a.py::test_other", "test_a.py::test_tells"]), hunt.scratch / "trials" / "own", 60.0, trial=True)
    own = hunt.launcher.run(wish)
    forked = hunt.ask("test_a.py::test_other", "test_a.py::test_tells")
    assert forked is not None
    assert (own.exit_code, own.gaps, own.collected, own.witnesses[:1]) == (1, (), forked.collected, ("journal-main",))
    assert (forked.exit_code, forked.gaps, forked.witnesses) == (1, (), ("journal-main",))
    told = [[(row.test, row.outcome, row.state) for row in record.executions] for record in (own, forked)]
    assert told[0] == told[1]


def patch_of(name: str, old: str, new: str) -> str:
    return f"--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-{old}\n+{new}\n"


def test_a_patch_of_a_test_module_holds_for_its_own_trial_only(hunt: Hunt) -> None:
    patch = patch_of("sub/test_b.py", "def test_b(): pass", "def test_b(): fail")
    outcomes = []
    for asked in ("", patch, patch, "", patch, ""):
        record = hunt.ask("sub/test_b.py::test_b", patch=asked)
        assert record is not None
        outcomes.append(str(record.executions[0].outcome))
    assert outcomes == ["passed", "failed", "failed", "passed", "failed", "passed"]
    assert (hunt.rootdir / "sub/test_b.py").read_text(encoding="utf-8") == "def test_b(): pass\n"


@pytest.mark.parametrize(
    ("patch", "asked"),
    [
        (patch_of("conftest.py", "import os", "import sys"), "test_a.py::test_other"),
        (patch_of("sub/test_b.py", "def test_c(): pass", "def test_b(): fail"), "sub/test_b.py::test_b"),
        (patch_of("test_loaded.py", "def test_d(): pass", "def test_d(): fail"), "loads/test_c.py::test_c"),
    ],
    ids=["of a conftest", "does not fit", "of what the start has imported"],
)
def test_what_a_fork_would_not_read_is_patched_for_a_process_of_its_own(hunt: Hunt, patch: str, asked: str) -> None:
    files = {
        "loads/conftest.py": "import test_loaded\n",
        "loads/test_c.py": "def test_c(): pass\n",
        "test_loaded.py": "def test_d(): pass\n",
    }
    (hunt.rootdir / "loads").mkdir()
    for name, text in files.items():
        (hunt.rootdir / name).write_text(text, encoding="utf-8")
    assert hunt.ask(asked, patch=patch) is None
    unpatched = hunt.ask(asked)
    assert unpatched is not None
    assert unpatched.exit_code == 0


def test_what_needs_workers_is_a_process_of_its_own(hunt: Hunt) -> None:
    wish = Wish(hunt.spec(["test_a.py::test_other"]), hunt.scratch / "trials" / "x", 60.0, trial=True)
    spec = RunSpec(id="w", python=wish.spec.python, order=wish.spec.order, workers=2, distribution="load", select=wish.spec.select)
    assert hunt.forks.run(wish._replace(spec=spec)) is None


def test_at_the_end_nothing_of_a_server_is_left(tmp_path: Path) -> None:
    hunt = Hunt(tmp_path, {"test_a.py": TELLS})
    with hunt.forks:
        hunt.ask("test_a.py::test_other")
        assert len(list(hunt.scratch.glob("f*"))) == 1
    assert list(hunt.scratch.glob("f*")) == []


@pytest.mark.parametrize(
    ("conftest", "why"),
    [
        ("open('written', 'w').close()", "before the first test is collected, written has been written in the tree"),
        ("import tempfile; tempfile.mkdtemp(prefix='x')", "before the first test is collected, x"),
        ("import random; random.seed(1)", "the module random was used or seeded before the first test is collected"),
    ],
)
def test_a_start_that_leaves_something_is_declined_once_and_it_is_said_why(tmp_path: Path, conftest: str, why: str) -> None:
    hunt = Hunt(tmp_path, {"test_a.py": TELLS, "conftest.py": conftest})
    with hunt.forks:
        assert hunt.ask("test_a.py::test_other") is None
        assert hunt.ask("test_a.py::test_other") is None
    assert hunt.said.getvalue().count(f"trials are processes of their own: {why}") == 1


def test_questions_are_of_one_kind_where_pytest_loads_the_same_conftests_and_settings(hunt: Hunt) -> None:
    def kind(*files: str) -> object:
        return kind_of(hunt.spec([f"{file}::test" for file in files]), hunt.rootdir)

    assert kind("test_a.py") == kind("test_dirty.py") == kind("test_a.py", "test_dirty.py")
    assert kind("sub/test_b.py") != kind("test_a.py")
    assert kind("sub/test_b.py") == kind("test_a.py", "sub/test_b.py")
    (hunt.rootdir / "sub" / "pytest.ini").touch()
    assert kind("sub/test_b.py") != kind("test_a.py", "sub/test_b.py")


def test_many_files_are_looked_for_in_their_folders() -> None:
    files = [f"tests/a/test_{number}.py" for number in range(9)]
    assert places_of(files[:8]) == tuple(files[:8])
    assert places_of(files) == ("tests/a",)
    assert places_of([*files, "tests/b/c/test_c.py", "tests/b/test_b.py"]) == ("tests/a", "tests/b")
    assert places_of([*files, "test_top.py"]) == (".",)


POLLUTED = {
    "state.py": "USED = []\n",
    "test_p.py": "import state\n\ndef test_n():\n    pass\n\ndef test_p():\n    state.USED.append(1)\n",
    "test_v.py": "import state\n\ndef test_v():\n    assert state.USED == []\n",
}


@pytest.mark.slow
def test_forked_trials_and_processes_of_their_own_give_one_verdict(tmp_path: Path) -> None:
    write_suite(tmp_path / "suite", POLLUTED)
    told = []
    for option in ("--fork", "--no-fork"):
        order = ("confirm", "test_v.py::test_v", "--suspect", "test_p.py::test_n", "--suspect", "test_p.py::test_p", option, "--verbose")
        outcome = flaky_detector(*order, cwd=tmp_path / "suite", output=option)
        finding = outcome.finding("test_v.py::test_v")
        told.append({name: finding[name] for name in ("kind", "confidence", "polluters", "trials", "minimal_order", "reproduce")})
    assert told[0] == told[1]
    assert told[0]["polluters"] == [["test_p.py::test_p"]]
    assert told[0]["trials"]["after_polluter"] == "3/3"


VICTIMS = "import state\n\n" + "\n".join(f"def test_v{number}():\n    assert state.USED == []\n" for number in range(30))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_hunt_that_is_ended_while_it_proves_leaves_its_answer_and_nothing_else(tmp_path: Path, number: signal.Signals) -> None:
    suite = write_suite(tmp_path / "suite", POLLUTED | {"test_v.py": VICTIMS})
    (tmp_path / "tmp").mkdir()
    command = [sys.executable, "-m", "flaky_detector", "hunt", "--runs", "2", "--python", sys.executable]
    command += ["--output", str(tmp_path / "report")]
    hunt = subprocess.Popen(
        command, cwd=suite, env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert hunt.stdout is not None
    for line in hunt.stdout:
        if line.startswith("[2/30]"):
            break
    hunt.send_signal(number)
    hunt.communicate(timeout=60)
    assert hunt.returncode == 130
    told = json.loads((tmp_path / "report" / "findings.json").read_text(encoding="utf-8"))
    assert told["status"] == "interrupted"
    proven = [finding for finding in told["findings"] if finding["confidence"] == "proven"]
    assert 2 <= len(proven) < 30
    assert {tuple(map(tuple, finding["polluters"])) for finding in proven} == {(("test_p.py::test_p",),)}
    assert list((tmp_path / "tmp").iterdir()) == []
    assert end_processes_of(tmp_path / "tmp") == 0
