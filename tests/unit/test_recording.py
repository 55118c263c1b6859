"""The recorder switched on for a job's own pytest runs, and off again for ours."""

import os
from pathlib import Path

import pytest

from flaky_detector.pipeline.action import act
from flaky_detector.pipeline.recording import recorded, switch_off, switched_on


def test_every_pytest_that_follows_gets_a_folder_of_its_own_and_finds_the_recorder(tmp_path: Path) -> None:
    on = switched_on({"PYTHONPATH": "/mine", "PYTEST_PLUGINS": "theirs"}, tmp_path)
    assert on == {
        "FLAKY_DETECTOR_RECORD": f"{tmp_path}/recorded/run-{{pid}}",
        "PYTHONPATH": f"{tmp_path}/recorder{os.pathsep}/mine",
        "PYTEST_PLUGINS": "flaky_detector.recorder,theirs",
    }
    assert sorted(path.name for path in (tmp_path / "recorder" / "flaky_detector").iterdir()) == ["__init__.py", "recorder"]
    assert recorded(on) == tmp_path / "recorded"


def test_switched_on_twice_it_is_on_once(tmp_path: Path) -> None:
    once = switched_on({}, tmp_path)
    assert switched_on(once, tmp_path) == once


def test_switched_off_nothing_of_it_is_left(tmp_path: Path) -> None:
    environ = {"HOME": "/h", **switched_on({"PYTHONPATH": "/mine"}, tmp_path)}
    switch_off(environ)
    assert environ == {"HOME": "/h", "PYTHONPATH": "/mine"}


def test_what_somebody_else_records_stays(tmp_path: Path) -> None:
    environ = {"FLAKY_DETECTOR_RECORD": "bundle", "PYTHONPATH": "/mine"}
    switch_off(environ)
    assert environ == {"FLAKY_DETECTOR_RECORD": "bundle", "PYTHONPATH": "/mine"}
    assert recorded(environ) is None


@pytest.fixture
def _there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_there")
def test_mode_record_sets_variables_for_the_steps_that_follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variables = tmp_path / "env"
    environ = {"INPUT_MODE": "record", "RUNNER_TEMP": str(tmp_path / "temp"), "GITHUB_ENV": str(variables)}
    assert act(environ, lambda _arguments, _environ: 9, "3.12") == 0
    lines = variables.read_text().splitlines()
    assert (lines[0].partition("<<")[0], lines[1]) == ("FLAKY_DETECTOR_RECORD", f"{tmp_path}/temp/flaky-detector/recorded/run-{{pid}}")
    assert [line.partition("<<")[0] for line in lines if "<<" in line] == ["FLAKY_DETECTOR_RECORD", "PYTHONPATH", "PYTEST_PLUGINS"]
    assert capsys.readouterr().out.startswith("every pytest of the following steps is recorded:\n  FLAKY_DETECTOR_RECORD=")


@pytest.mark.usefixtures("_there")
def test_a_container_cannot_record_the_jobs_runs_and_says_who_can(capsys: pytest.CaptureFixture[str]) -> None:
    assert act({"INPUT_MODE": "record"}, lambda _arguments, _environ: 9) == 2
    assert capsys.readouterr().out.startswith("::error::mode 'record' works in the job's own environment only")


@pytest.mark.usefixtures("_there")
def test_analyze_reads_what_was_recorded_where_nothing_else_is_said(tmp_path: Path) -> None:
    calls: list[list[str]] = []

    def line(arguments: object, environ: object) -> int:
        calls.append(list(arguments))  # type: ignore[call-overload]
        return 0

    environ = {"INPUT_MODE": "analyze", **switched_on({}, tmp_path / "my temp")}
    act(environ, line, "3.12")
    act({"INPUT_MODE": "analyze", "INPUT_ARTIFACTS": "junit.xml", **switched_on({}, tmp_path)}, line, "3.12")
    assert calls == [["analyze", str(tmp_path / "my temp" / "recorded")], ["analyze", "junit.xml"]]
    assert "PYTEST_PLUGINS" not in environ
