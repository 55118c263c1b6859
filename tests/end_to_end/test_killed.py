"""kill -9 in the middle of a hunt: of a worker, of a run, of a trial, of the fork server. The polluter is proven, and nobody is accused."""

from pathlib import Path

import pytest

from flaky_detector.adapters.scratch import PREFIX
from tests.support.hunting import Outcome, flaky_detector, write_suite

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SUITE = """
import os, signal, time
import pytest

STATE = []

def perhaps_kill(where, victim):
    if where not in os.environ.get("FLAKY_DETECTOR_RECORD", "") or os.path.exists(os.environ["ONCE"]):
        return
    open(os.environ["ONCE"], "w").close()
    os.kill(victim, signal.SIGKILL)
    time.sleep(0.5)

def test_leaves():
    STATE.append(1)

@pytest.mark.parametrize("number", range(12))
def test_many(number):
    where = os.environ["KILLED_IN"]
    if number == 5 and (where != "workers" or "PYTEST_XDIST_WORKER" in os.environ) and where != "server":
        perhaps_kill("" if where == "workers" else where, os.getpid())

def test_victim():
    if os.environ["KILLED_IN"] in ("/trials/", "server"):
        perhaps_kill("/trials/", os.getppid() if os.environ["KILLED_IN"] == "server" else os.getpid())
    assert STATE == []
"""
WRITES_TO_THE_DEAD = """
import os, time

if "PYTEST_XDIST_WORKER" not in os.environ:
    from xdist.dsession import DSession
    plain = DSession.worker_errordown

    def worker_errordown(self, node, error):
        for _ in range(50):  # the pipe to it may close a moment later than the one from it
            node.send_steal([0])
            time.sleep(0.1)
        plain(self, node, error)

    DSession.worker_errordown = worker_errordown
"""
"""xdist's controller asks a worker for tests before it hears that this has died, as happens now and then: it ends with an OSError."""
LIGHT = ("--", "-p", "no:hypothesispytest")
"""Without a plugin of this project's own environment that takes longer to import than most trials to run."""
VICTIM, POLLUTER, KILLED = (f"tests/test_state.py::test_{name}" for name in ("victim", "leaves", "many[5]"))


def hunted(folder: Path, killed_in: str) -> Outcome:
    """Something is killed once; afterwards neither process nor folder is left, and the true polluter is proven."""
    conftest = WRITES_TO_THE_DEAD if killed_in == "workers, when asked" else ""
    suite = write_suite(folder / "suite", {"tests/test_state.py": SUITE, "conftest.py": conftest})
    (folder / "tmp").mkdir()
    environ = {"KILLED_IN": killed_in.partition(",")[0], "ONCE": str(folder / "once"), "TMPDIR": str(folder / "tmp")}
    words = ("--runs", "3", "--workers", "2", "--repeats", "2", "--no-look-further", "--verbose")
    told = flaky_detector("hunt", *words, *LIGHT, cwd=suite, environ=environ)
    assert (told.exit_code, told.findings["status"]) == (1, "complete")
    assert (folder / "once").exists()
    assert told.finding(VICTIM)["polluters"] == [[POLLUTER]]
    assert told.finding(VICTIM)["confidence"] == "proven"
    assert list((folder / "tmp").glob(f"{PREFIX}*")) == []
    assert not [path for path in Path("/proc").glob("[0-9]*") if works_in(path, folder)]
    return told


def works_in(process: Path, folder: Path) -> bool:
    try:
        return bytes(folder) in (process / "environ").read_bytes()
    except OSError:
        return False


def gaps(told: Outcome) -> str:
    return "\n".join(gap["text"] for gap in told.findings["gaps"])


WENT_DOWN = "went down: Not properly terminated"
WAS_WRITTEN_TO = "pytest-xdist wrote to a worker that had just died"
TOLD = {
    "workers": {WENT_DOWN, WAS_WRITTEN_TO},
    "workers, when asked": {WAS_WRITTEN_TO},
    "/02-": {"its process was killed (kill -9, or by the system for want of memory)"},
}


@pytest.mark.parametrize("killed_in", TOLD)
def test_who_ran_in_a_killed_worker_or_run_has_a_crash_that_nobody_is_accused_of(tmp_path: Path, killed_in: str) -> None:
    told = hunted(tmp_path, killed_in)
    found = told.finding(KILLED)
    assert (found["confidence"], found["polluters"]) == ("suspected", [])
    assert "crash" in found["signature"]["exception"]
    assert {finding["test"] for finding in told.findings["findings"]} == {VICTIM, KILLED}
    assert [words for words in TOLD[killed_in] if words in gaps(told)] != []


@pytest.mark.parametrize("killed_in", ["/trials/", "server"])
def test_a_trial_that_is_killed_or_whose_fork_server_is_is_made_anew(tmp_path: Path, killed_in: str) -> None:
    told = hunted(tmp_path, killed_in)
    assert "once more, for its process was killed" in told.err
    assert {finding["test"] for finding in told.findings["findings"]} == {VICTIM}
    assert told.finding(VICTIM)["trials"]["alone"].startswith("0/")
