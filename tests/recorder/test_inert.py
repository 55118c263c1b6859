"""Asleep unless asked; and asleep in a pytest that a recorded test starts."""

import subprocess
import sys
from pathlib import Path

from flaky_detector.recorder import probes
from tests.recorder.inner import environment


def test_without_a_wish_nothing_of_the_recorder_is_even_imported(run):
    source = """
    import sys
    def test_a(request):
        assert sorted(name for name in sys.modules if name.startswith("flaky_detector")) == [
            "flaky_detector", "flaky_detector.recorder", "flaky_detector.recorder.wire"]
        assert request.node.user_properties == []
    """
    ran = run({"test_a.py": source.replace("\n    ", "\n")}, env={"FLAKY_DETECTOR_RECORD": "", "FLAKY_DETECTOR_PROBES": "cwd"})
    assert ran.exit_code == 0, ran.output
    assert ran.journals == {}


def test_the_house_reads_the_wire_without_pytest(guest):
    program = "import sys; import flaky_detector.recorder.wire; print('pytest' in sys.modules, 'json' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], env=environment(guest, {}), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_pytest_that_a_recorded_test_starts_is_not_recorded_into_the_same_journal(run):
    inner = "def test_inner(): pass\ndef test_inner_too(): pass\n"
    outer = """
import subprocess, sys
def test_outer():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "flaky_detector.recorder", "inner.py", "-p", "xdist", "-n1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "2 passed" in done.stdout
pytest_plugins = ["pytester"]
def test_in_process(pytester):
    pytester.makepyfile("def test_x(): pass")
    pytester.inline_run("-p", "flaky_detector.recorder").assertoutcome(passed=1)
def test_after(): pass
"""
    ran = run({"inner.py": inner, "test_outer.py": outer}, order=[[0, f"test_outer.py::{name}"] for name in ("test_outer", "test_in_process", "test_after")])  # fmt: skip # noqa: E501
    assert ran.outcomes() == {"test_outer": "passed", "test_in_process": "passed", "test_after": "passed"}, ran.output
    assert list(ran.journals) == ["main"]
    assert len(ran.events("start")) == 1


def test_two_sessions_of_one_process_are_both_recorded(run, guest):
    ran = run({"test_a.py": "def test_a(): pass\n"})
    program = "import pytest, sys; sys.exit(pytest.main(['-q', '-p', 'flaky_detector.recorder']) or pytest.main(['-q']))"
    wishes = environment(guest, {"FLAKY_DETECTOR_RECORD": str(ran.folder / "twice"), "PYTEST_PLUGINS": "flaky_detector.recorder"})
    subprocess.run([sys.executable, "-c", program], cwd=ran.folder, env=wishes, capture_output=True, text=True, check=True)
    lines = (ran.folder / "twice" / "journal-main.jsonl").read_text().splitlines()
    assert [line.split('"')[3] for line in lines] == ["start", "collected", "begin", "end", "finish"]


def test_originals_are_modules_of_the_users_own_tree_but_not_of_an_environment_in_it(run, tmp_path):
    for name, file in (("lib/own.py", ""), ("env/pyvenv.cfg", ""), ("env/lib/foreign.py", ""), ("site-packages/third.py", "")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(file)
    paths = [str(tmp_path / name) for name in ("lib", "env/lib", "site-packages")]
    source = f"import sys\nsys.path[:0] = {paths}\nimport own, foreign, third\ndef test_a(): pass\n"
    ran = run({"test_a.py": source}, env={"FLAKY_DETECTOR_ORIGINAL": str(tmp_path)})
    assert ran.events("finish")[0]["originals"] == [str(tmp_path / "lib" / "own.py")]
    inside = run({"test_a.py": "def test_a(): pass\n"}, env={"FLAKY_DETECTOR_ORIGINAL": str(ran.folder.parent)})
    assert inside.events("finish")[0]["originals"] == []


def test_every_probe_of_the_folder_is_registered():
    files = {path.stem for path in Path(probes.__file__).parent.glob("*.py")} - {"__init__", "probe"}
    assert {probe.__module__.rsplit(".", 1)[1] for probe in probes.PROBES} == files
    names = [probe.name for probe in probes.PROBES]
    assert names[:4] == ["django-apps", "files", "environ", "cwd"]
    assert len(set(names)) == len(names)
