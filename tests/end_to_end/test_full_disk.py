"""A disk that is full in the middle of a hunt: the best answer so far is written, nobody is accused for it, nothing is left behind."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from flaky_detector.adapters.scratch import PREFIX
from tests.support.hunting import flaky_detector, write_suite
from tests.support.small_disk import on_small_disk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FILLER = """
import os
from pathlib import Path

def fill(path):
    with open(path, "ab", 0) as file:
        while True:
            file.write(b"x" * 4096)

def to_be_filled(part):
    '''Whether this process is of the run, or the kind of runs, in which the disk is to be filled.'''
    return part in os.environ.get("FLAKY_DETECTOR_RECORD", "")
"""
SUITE = """
import contextlib
import os
from pathlib import Path
import pytest
from filler import fill, to_be_filled

STATE = []

def test_leaves():
    STATE.append(1)

def perhaps_fill():
    once = os.environ["ONCE"]
    if not to_be_filled(os.environ["FILLED_IN"]) or (once and os.path.exists(once)):
        return
    if once:
        Path(once).touch()
    fill(os.environ["FILLING"])

def test_fills():
    perhaps_fill()

@pytest.mark.parametrize("number", range(20))
def test_writes(number, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100_000)

def test_victim():
    if to_be_filled("/trials/"):
        with contextlib.suppress(OSError):
            perhaps_fill()
    assert STATE == []
"""
VICTIM, POLLUTER = "tests/test_state.py::test_victim", "tests/test_state.py::test_leaves"


class Hunted:
    """A hunt whose scratch folder, report, or both lie on a disk that the suite's own tests fill."""

    def __init__(
        self, folder: Path, filled_in: str, *, report: bool = True, scratch: bool = True, filling: str = "", once: str = ""
    ) -> None:
        suite = write_suite(folder / "suite", {"tests/test_state.py": SUITE, "filler.py": FILLER})
        small, large = folder / "small", folder / "large"
        for part in (large / "tmp", large / "report"):
            part.mkdir(parents=True)
        self.kept = folder / "kept"
        output, temporary = (small if report else large) / "report", (small if scratch else large) / "tmp"
        words = ["hunt", "--runs", "3", "--repeats", "2", "--no-look-further", "--workers", "2", "--output", str(output), "--verbose"]
        script = '"$@"; code=$?; rm -f "$FILLING"; cp -r "$OUTPUT" "$KEPT"; ls "$TMPDIR" > "$KEPT/left"; exit $code'
        command = ["sh", "-c", script, "sh", sys.executable, "-m", "flaky_detector", *words, "--python", sys.executable]
        environ = {
            "TMPDIR": str(temporary),
            "OUTPUT": str(output),
            "KEPT": str(self.kept),
            "FILLED_IN": filled_in,
            "FILLING": filling or str(small / "filling"),
            "ONCE": once,
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
        }
        ended = subprocess.run(on_small_disk(small, *command), cwd=suite, env=environ, capture_output=True, text=True, check=False)
        self.exit_code, self.out, self.err = ended.returncode, ended.stdout, ended.stderr
        assert "Traceback" not in self.err
        self.findings: dict[str, Any] = json.loads((self.kept / "findings.json").read_text())

    @property
    def gaps(self) -> str:
        """All that is missing, a line each."""
        return "\n".join(f"{gap['source']}: {gap['text']}" for gap in self.findings["gaps"])

    @property
    def left(self) -> list[str]:
        """Folders of ours in the temporary folder."""
        return [name for name in (self.kept / "left").read_text().split() if name.startswith(PREFIX)]

    @property
    def tests(self) -> set[str]:
        """Who is told to have failed."""
        return {finding["test"] for finding in self.findings["findings"]}


def test_a_disk_that_is_full_from_the_second_run_on_ends_the_hunt_with_what_the_first_one_showed(tmp_path: Path) -> None:
    hunted = Hunted(tmp_path, "/02-")
    assert (hunted.exit_code, hunted.findings["status"]) == (130, "interrupted")
    assert hunted.tests == {VICTIM}
    assert hunted.findings["runs"][0]["tests"] == 23
    assert f"hunt: no space is left on the disk at {tmp_path}/small, so nothing more could be run" in hunted.gaps
    assert "was full while it ran" in hunted.gaps
    assert "free some space there, or give other folders to --output and to the variable TMPDIR" in hunted.gaps
    assert "suspects only" in (hunted.kept / "comment.md").read_text()
    assert hunted.left == []


def test_a_scratch_disk_that_is_full_from_the_trials_on_proves_and_clears_nobody(tmp_path: Path) -> None:
    hunted = Hunted(tmp_path, "/trials/", report=False)
    assert (hunted.exit_code, hunted.findings["status"]) == (130, "interrupted")
    assert hunted.tests == {VICTIM}
    assert [finding["confidence"] for finding in hunted.findings["findings"]] == ["suspected"]
    assert hunted.findings["findings"][0]["suspects"][0]["test"] == POLLUTER
    assert hunted.left == []


def test_a_disk_of_the_report_that_is_full_still_takes_the_report(tmp_path: Path) -> None:
    hunted = Hunted(tmp_path, "/02-", scratch=False)
    assert (hunted.exit_code, hunted.findings["status"]) == (130, "interrupted")
    assert hunted.tests == {VICTIM}
    assert {path.name for path in hunted.kept.iterdir()} >= {"findings.json", "comment.md", "summary.md", "report.html"}
    assert hunted.left == []


def test_a_run_that_filled_the_disk_and_tidied_up_is_run_again_and_the_polluter_is_proven(tmp_path: Path) -> None:
    filling = "filling"  # in the copy of the tree, which goes back to its first state
    hunted = Hunted(tmp_path, "/02-", filling=filling, once=str(tmp_path / "once"))
    assert (hunted.exit_code, hunted.findings["status"]) == (1, "complete")
    assert "was full while it ran, so it was run again" in hunted.gaps
    assert hunted.tests == {VICTIM}
    assert hunted.findings["findings"][0]["polluters"] == [[POLLUTER]]
    assert hunted.findings["findings"][0]["confidence"] == "proven"
    assert hunted.left == []


def test_a_trial_that_filled_the_disk_is_made_anew(tmp_path: Path) -> None:
    hunted = Hunted(tmp_path, "/trials/", filling="filling", once=str(tmp_path / "once"))
    assert (hunted.exit_code, hunted.findings["status"]) == (1, "complete")
    assert hunted.findings["findings"][0]["polluters"] == [[POLLUTER]]


def test_a_test_that_says_the_disk_is_full_where_it_is_not_is_a_failure_as_any_other(tmp_path: Path) -> None:
    pretending = """
import builtins

def test_pretends():
    def refuse(*_): raise OSError(28, "No space left on device")
    import shop
    shop.save = refuse

def test_victim():
    import shop
    shop.save()
"""
    suite = write_suite(tmp_path / "suite", {"tests/test_pretends.py": pretending, "shop.py": "def save(): pass\n"})
    told = flaky_detector("hunt", "--runs", "2", "--repeats", "2", "--no-look-further", cwd=suite)
    found = told.finding("tests/test_pretends.py::test_victim")
    assert found["confidence"] == "proven"
    assert found["polluters"] == [["tests/test_pretends.py::test_pretends"]]


def test_a_report_that_cannot_be_written_at_all_is_told_in_the_terminal(tmp_path: Path) -> None:
    """The name of the page's draft is a link to a device that is always full, on which no reserve helps."""
    suite = write_suite(
        tmp_path / "suite", {"tests/test_state.py": "STATE = []\ndef test_p(): STATE.append(1)\ndef test_v(): assert not STATE\n"}
    )
    report = tmp_path / "report"
    report.mkdir()
    (report / ".findings.json.part").symlink_to("/dev/full")
    told = flaky_detector("hunt", "--runs", "1", "--no-confirm", cwd=suite)
    assert told.exit_code == 2
    assert "tests/test_state.py::test_v" in told.out
    assert f"cannot write '{report}/findings.json': No space left on device" in told.err
    assert "make room or give another folder to --output" in told.err
