"""A system without process groups, fcntl and most signals, as Windows is one: recording and analysis work, and what does not is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hunting import write_suite

LACKING = """
import os, signal, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in ("fcntl", "grp", "pwd", "resource", "termios"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
for place, names in ((os, ("fork", "getpgid", "killpg", "setsid", "waitid")), (signal, ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1"))):
    for name in names:
        delattr(place, name)
"""
SUITE = {
    "state.py": "LIMIT = 10\n",
    "tests/test_a.py": "import state\n\n\ndef test_raises_the_limit():\n    state.LIMIT = 99\n",
    "tests/test_c.py": "import state\n\n\ndef test_the_limit():\n    assert state.LIMIT == 10\n",
}


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A project, and beside it what takes things away from every Python."""
    (tmp_path / "lacking").mkdir()
    (tmp_path / "lacking" / "sitecustomize.py").write_text(LACKING)
    return write_suite(tmp_path / "suite", SUITE)


def there(suite: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "PYTEST_"))}
    environ = inherited | {"PYTHONPATH": str(suite.parent / "lacking")}
    return subprocess.run([sys.executable, "-m", *arguments], cwd=suite, env=environ, capture_output=True, text=True, check=False)


def test_what_was_recorded_is_analysed_and_nobody_says_that_it_was_proven(suite: Path) -> None:
    assert (
        there(suite, "pytest", "-q", "-p", "no:randomly", "-p", "flaky_detector.recorder", "--flaky-detector-record=bundle").returncode == 1
    )
    told = there(suite, "flaky_detector", "analyze", "bundle", "--confirm")
    assert told.returncode == 0, told.stderr
    assert "tests/test_a.py::test_raises_the_limit" in told.stdout
    assert "on Windows no suite is run yet: who is suspected was not re-run" in " ".join(told.stdout.split())


def test_a_plan_is_made_there(suite: Path) -> None:
    assert there(suite, "flaky_detector", "plan", "--runs", "1", "--format", "matrix").stdout.startswith('{"include": [{"slice": "1/1"')


def test_a_hunt_is_refused_with_what_to_do(suite: Path) -> None:
    told = there(suite, "flaky_detector", "hunt")
    assert (told.returncode, told.stderr.splitlines()) == (
        2,
        ["flaky-detector: on Windows no suite is run yet", "  run it on Linux, macOS or in WSL; analyze reads here what was recorded here"],
    )
