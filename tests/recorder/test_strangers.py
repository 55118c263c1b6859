"""What suites of strangers taught the recorder: things that runs would meet over, secrets, whole modules skipped."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from flaky_detector.adapters.artefacts import gather
from flaky_detector.stages.ingest import ingest

SUITE = """
import os, pathlib, socket, tempfile

def test_port():
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 48173))

def test_files(tmp_path):
    (tmp_path / "mine").write_text("private")
    pathlib.Path("inside.txt").write_text("in the tree")
    pathlib.Path(os.environ["OUTSIDE"]).write_text("outside")

def test_secret():
    print("the key is", os.environ["SHOP_API_KEY"])
    assert os.environ["SHOP_API_KEY"] == "other"
"""


def recorded(tmp_path: Path) -> list[dict[str, Any]]:
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_a.py").write_text(SUITE)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    environ = {
        **os.environ,
        "FLAKY_DETECTOR_RECORD": str(tmp_path / "record"),
        "TMPDIR": str(scratch),
        "OUTSIDE": str(tmp_path / "outside.txt"),
        "SHOP_API_KEY": "sk_live_0123456789",
    }
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "flaky_detector.recorder", "-p", "no:randomly", "-p", "no:cacheprovider"]
    subprocess.run(argv, cwd=project, env=environ, capture_output=True, check=False)
    return [json.loads(line) for line in (tmp_path / "record" / "journal-main.jsonl").read_text().splitlines()]


def test_ports_asked_for_by_number_and_files_outside_are_told_and_nothing_else(tmp_path: Path) -> None:
    finish = recorded(tmp_path)[-1]
    assert finish["shared"] == ["port 48173", f"file {tmp_path}/outside.txt"]


def test_a_secret_of_the_environment_is_masked_wherever_a_failure_shows_it(tmp_path: Path) -> None:
    lines = recorded(tmp_path)
    failure = next(line for line in lines if line["ev"] == "end" and "failures" in line)["failures"][0]
    assert failure["message"].startswith("assert '***' == 'other'")
    assert "the key is ***" in failure["output"]
    assert "sk_live_0123456789" not in json.dumps(lines)


def test_classes_and_modules_that_are_skipped_as_a_whole_are_no_trouble(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "test_a.py").write_text(
        "import pytest\n\n@pytest.mark.skip(reason='not here')\nclass TestA:\n    def test_x(self): pass\n\ndef test_y(): pass\n"
    )
    (project / "test_b.py").write_text("import pytest\npytest.skip('nothing to do', allow_module_level=True)\n")
    record = tmp_path / "record"
    environ = {**os.environ, "FLAKY_DETECTOR_RECORD": str(record)}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "flaky_detector.recorder", "-p", "no:randomly", f"--junitxml={record}/junit.xml"]
    subprocess.run(argv, cwd=project, env=environ, capture_output=True, check=False)
    bundles, gaps = gather([record])
    told = ingest(bundles[0])
    assert [(row.test, row.outcome.value) for row in told.executions] == [
        ("test_a.py::TestA::test_x", "skipped"),
        ("test_a.py::test_y", "passed"),
    ]
    assert (told.gaps, gaps) == ((), ())
