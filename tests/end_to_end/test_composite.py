"""The composite twin as a runner starts it: in the job's own environment, after the job's own pytest run failed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.hunting import write_suite

ROOT = Path(__file__).parents[2]
TWIN = yaml.safe_load((ROOT / "composite" / "action.yml").read_text())

SUITE = {
    "state.py": "LIMIT = 10\n",
    "tests/test_a.py": "import state\n\n\ndef test_raises_the_limit():\n    state.LIMIT = 99\n",
    "tests/test_b.py": "def test_nothing():\n    pass\n",
    "tests/test_c.py": "import state\n\n\ndef test_the_limit():\n    assert state.LIMIT == 10\n",
}

pytestmark = pytest.mark.slow


def step(workspace: Path, temp: Path, **inputs: str) -> tuple[int, str, str]:
    """Exit code, log and outputs of the twin's only step, run as the runner's `shell: python` does."""
    (run,) = TWIN["runs"]["steps"]
    defaults = {name: str(about.get("default", "")) for name, about in TWIN["inputs"].items()}
    given = {**defaults, "github-token": "", **{name.replace("_", "-"): value for name, value in inputs.items()}}
    temp.mkdir(exist_ok=True)
    environ = job(workspace, temp) | {"FLAKY_DETECTOR_INPUTS": json.dumps(given), "GITHUB_ACTION_PATH": str(ROOT / "composite")}
    (temp / "step.py").write_text(run["run"])
    ended = subprocess.run(["python", str(temp / "step.py")], cwd=workspace, env=environ, capture_output=True, text=True, check=False)
    output = temp / "output"
    return ended.returncode, ended.stdout + ended.stderr, output.read_text() if output.exists() else ""


def job(workspace: Path, temp: Path) -> dict[str, str]:
    """The variables of a step: the runner's own, and what earlier steps wrote to GITHUB_ENV."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "PYTEST_", "VIRTUAL_ENV"))}
    environ = inherited | {
        "GITHUB_ACTIONS": "true",
        "GITHUB_ENV": str(temp / "env"),
        "GITHUB_OUTPUT": str(temp / "output"),
        "GITHUB_WORKSPACE": str(workspace),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "RUNNER_TEMP": str(temp),
    }
    lines = (temp / "env").read_text().splitlines() if (temp / "env").exists() else []
    return environ | {line.partition("<<")[0]: lines[number + 1] for number, line in enumerate(lines) if "<<" in line}


def test_after_a_failure_the_same_job_names_the_polluter(tmp_path: Path) -> None:
    shop, temp = write_suite(tmp_path / "shop", SUITE), tmp_path / "temp"
    code, log, _ = step(shop, temp, mode="record")
    assert code == 0, log
    plain = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"]
    both = [subprocess.run([*plain, *more], cwd=shop, env=job(shop, temp), check=False).returncode for more in ([], ["-n2"])]
    assert both[0] == 1
    assert len(list((temp / "flaky-detector" / "recorded").iterdir())) == 2
    code, log, output = step(shop, temp, mode="analyze", confirm="true", repeats="2")
    assert (code, "Traceback" in log) == (0, False), log
    assert '["tests/test_a.py::test_raises_the_limit"]' in output
    told = json.loads((shop / "flaky-detector-report" / "findings.json").read_text())
    assert [(finding["test"], finding["confidence"]) for finding in told["findings"]] == [("tests/test_c.py::test_the_limit", "proven")]
    assert len(told["runs"]) == 2
    again, log, _ = step(shop, temp, mode="report", fail_on="proven")
    assert again == 1, log


def test_from_junit_alone_the_polluter_is_found_too(tmp_path: Path) -> None:
    shop = write_suite(tmp_path / "shop", SUITE)
    plain = ["-p", "no:randomly", "-p", "no:flaky_detector.recorder", "--junitxml=reports/junit.xml"]
    subprocess.run([sys.executable, "-m", "pytest", "-q", *plain], cwd=shop, capture_output=True, check=False)
    code, log, output = step(shop, tmp_path / "temp", mode="analyze", artifacts="reports/junit.xml", confirm="true", repeats="2")
    assert code == 0, log
    assert '["tests/test_a.py::test_raises_the_limit"]' in output


def test_an_environment_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    shop = write_suite(tmp_path / "shop", SUITE)
    blocked = tmp_path / "temp"
    blocked.mkdir()
    (blocked / "flaky-detector").write_text("in the way")
    code, log, _ = step(shop, blocked, mode="plan")
    assert code == 1
    assert log.splitlines()[-1].startswith("::error::flaky-detector could not be installed: ")
