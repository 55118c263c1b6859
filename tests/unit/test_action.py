"""Around the command line in the container: arguments from inputs, folders, owners."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from flaky_detector.errors import SettingsError
from flaky_detector.pipeline.action import OUR_PYTHON, act, arguments_of, choose_python, hand_back, project_folder


class CommandLine:
    """Remembers how it was called; prints what it is told to."""

    def __init__(self, prints: str = "", code: int = 0) -> None:
        self.prints = prints
        self.code = code
        self.calls: list[list[str]] = []
        self.read: list[str] = []
        self.folder = ""
        self.environ: dict[str, str] = {}

    def __call__(self, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
        self.calls.append(list(arguments))
        self.environ = dict(environ)
        self.folder = str(Path.cwd())
        if arguments[0] == "run":
            self.read += [Path(each).read_text() for each in arguments if each.endswith("plan.json")]
        if arguments[0] == "plan":
            print(self.prints)
        return self.code


@pytest.fixture(autouse=True)
def where_we_were(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({}, ["hunt"]),
        ({"INPUT_MODE": "hunt", "INPUT_CONFIG": "flaky.yml"}, ["hunt", "--config", "flaky.yml"]),
        ({"INPUT_MODE": "plan"}, ["plan", "--format", "matrix"]),
        ({"INPUT_MODE": "run", "INPUT_PLAN": "plan.json", "INPUT_SLICE": "2/6"}, ["run", "--plan", "plan.json", "--slice", "2/6"]),
        ({"INPUT_MODE": "analyze", "INPUT_ARTIFACTS": "junit.xml 'my logs'\n"}, ["analyze", "junit.xml", "my logs"]),
        ({"INPUT_MODE": "report"}, ["report", "flaky-detector-report/findings.json"]),
        ({"INPUT_MODE": "report", "INPUT_OUTPUT": "out"}, ["report", "out/findings.json"]),
        ({"INPUT_MODE": "report", "INPUT_ARTIFACTS": "x/findings.json"}, ["report", "x/findings.json"]),
    ],
)
def test_inputs_become_a_command_line(inputs, expected):
    assert arguments_of(inputs) == expected


def test_patterns_of_artifacts_are_what_a_shell_makes_of_them(tmp_path):
    for name in ("b.xml", "a.xml", "a.log"):
        (tmp_path / name).touch()
    arguments = arguments_of({"INPUT_MODE": "analyze", "INPUT_ARTIFACTS": "*.xml missing/*.xml"})
    assert arguments == ["analyze", "a.xml", "b.xml", "missing/*.xml"]


def test_an_unknown_mode_names_those_that_are_known():
    with pytest.raises(SettingsError) as caught:
        arguments_of({"INPUT_MODE": "hnut"})
    assert caught.value.message == "bad value 'hnut' for the action's input 'mode'"
    assert caught.value.hint == "allowed: hunt, plan, run, analyze, report, request, record"


def test_analyze_without_artifacts_says_what_is_missing():
    with pytest.raises(SettingsError, match="mode 'analyze' needs the action's input 'artifacts'"):
        arguments_of({"INPUT_MODE": "analyze"})


def test_the_work_is_done_in_the_projects_folder_and_the_exit_code_comes_back(tmp_path):
    (tmp_path / "api").mkdir()
    line = CommandLine(code=1)
    assert act({"GITHUB_WORKSPACE": str(tmp_path), "INPUT_WORKING-DIRECTORY": "api"}, line) == 1
    assert (line.calls, line.folder) == ([["hunt"]], str(tmp_path / "api"))


def test_a_suite_that_could_not_run_without_an_install_command_is_told_to_give_one(tmp_path, capsys):
    assert act({"GITHUB_WORKSPACE": str(tmp_path)}, CommandLine(code=3)) == 3
    assert capsys.readouterr().out.startswith(
        "::error::The container has nothing of what earlier steps installed: give the input 'install'"
    )
    assert act({"GITHUB_WORKSPACE": str(tmp_path), "INPUT_INSTALL": "pip install x"}, CommandLine(code=3)) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("folder", ["../elsewhere", "/etc", "missing"])
def test_a_folder_outside_of_the_workspace_or_missing_is_refused(tmp_path, folder, capsys):
    line = CommandLine()
    assert act({"GITHUB_WORKSPACE": str(tmp_path), "INPUT_WORKING-DIRECTORY": folder}, line) == 2
    assert line.calls == []
    assert capsys.readouterr().out.startswith(f"::error::the action's input 'working-directory' is '{folder}', which is no folder")


def test_the_workspace_itself_is_a_project_folder(tmp_path):
    assert project_folder(tmp_path.resolve(), ".") == tmp_path.resolve()


def test_a_plan_becomes_the_output_matrix(tmp_path, capsys):
    output = tmp_path / "output"
    line = CommandLine(prints='{"include": []}')
    assert act({"GITHUB_WORKSPACE": str(tmp_path), "INPUT_MODE": "plan", "GITHUB_OUTPUT": str(output)}, line) == 0
    assert capsys.readouterr().out == '{"include": []}\n'
    assert output.read_text().splitlines()[1] == '{"include": []}'


def test_a_plan_is_kept_as_a_file_and_takes_the_first_runs_and_the_number_of_runners(tmp_path):
    output = tmp_path / "output"
    line = CommandLine(prints='{"include": []}')
    inputs = {"INPUT_MODE": "plan", "INPUT_SLICES": "4", "INPUT_ARTIFACTS": "report/runs 'more runs'", "INPUT_OUTPUT": "report"}
    (tmp_path / "api").mkdir()
    environ = {"GITHUB_WORKSPACE": str(tmp_path), "INPUT_WORKING-DIRECTORY": "api", "GITHUB_OUTPUT": str(output), **inputs}
    assert act(environ, line) == 0
    assert line.calls == [
        ["plan", "--format", "matrix", "--save", "report/plan.json", "--slices", "4", "--after", "report/runs", "more runs"]
    ]
    assert output.read_text().splitlines()[4] == "api/report/plan.json"


def test_a_plan_that_could_not_be_made_is_no_output(tmp_path):
    output = tmp_path / "output"
    environ = {"GITHUB_WORKSPACE": str(tmp_path), "INPUT_MODE": "plan", "GITHUB_OUTPUT": str(output)}
    assert act(environ, CommandLine(code=2)) == 2
    assert not output.exists()


def test_a_slice_without_a_plan_makes_the_same_plan_again(tmp_path):
    line = CommandLine(prints='{"v": 1}')
    assert act({"GITHUB_WORKSPACE": str(tmp_path), "INPUT_MODE": "run", "INPUT_SLICE": "2/6", "INPUT_CONFIG": "c.yml"}, line) == 0
    assert line.calls[0] == ["plan", "--config", "c.yml", "--format", "json"]
    assert line.calls[1][:4] == ["run", "--config", "c.yml", "--plan"]
    assert line.calls[1][5:] == ["--slice", "2/6"]
    assert line.read == ['{"v": 1}\n']


def test_an_install_command_without_a_python_fills_the_containers_own(tmp_path):
    environ = {"INPUT_INSTALL": "pip install -r requirements.txt"}
    choose_python(environ, OUR_PYTHON)
    assert environ["INPUT_PYTHON-VERSIONS"] == ".".join(map(str, sys.version_info[:2]))


def test_in_the_job_itself_an_install_command_fills_an_environment_of_the_jobs_version(tmp_path):
    line = CommandLine()
    act({"GITHUB_WORKSPACE": str(tmp_path), "INPUT_INSTALL": "pip install x"}, line, "3.9")
    assert line.environ["INPUT_PYTHON-VERSIONS"] == "3.9"


def test_in_the_job_itself_the_jobs_python_runs_the_suite_and_nobody_speaks_of_a_container(tmp_path, capsys):
    line = CommandLine(code=3)
    assert act({"GITHUB_WORKSPACE": str(tmp_path)}, line, "3.12") == 3
    assert "INPUT_PYTHON-VERSIONS" not in line.environ
    assert capsys.readouterr().out == ""


def test_a_python_that_was_chosen_stays(tmp_path):
    chosen = {"INPUT_INSTALL": "true", "INPUT_PYTHON-VERSIONS": "3.10"}
    choose_python(chosen, OUR_PYTHON)
    assert chosen["INPUT_PYTHON-VERSIONS"] == "3.10"
    (tmp_path / "pyproject.toml").write_text('[tool.flaky-detector]\npython = "3.11"\n')
    in_the_file = {"INPUT_INSTALL": "true"}
    choose_python(in_the_file, OUR_PYTHON)
    assert "INPUT_PYTHON-VERSIONS" not in in_the_file


def test_the_suite_inherits_neither_inputs_nor_tokens_and_the_command_line_still_has_them(tmp_path, monkeypatch):
    environ = {
        "GITHUB_WORKSPACE": str(tmp_path),
        "INPUT_GITHUB-TOKEN": "ghs_x",
        "INPUT_RUNS": "3",
        "ACTIONS_RUNTIME_TOKEN": "t",
        "PGHOST": "db",
    }
    line = CommandLine()
    act(environ, line)
    assert environ == {"GITHUB_WORKSPACE": str(tmp_path), "PGHOST": "db"}
    assert (line.environ["INPUT_GITHUB-TOKEN"], line.environ["INPUT_RUNS"], line.environ["PGHOST"]) == ("ghs_x", "3", "db")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_made_goes_to_the_workspaces_owner_and_links_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("root's")
    workspace = tmp_path / "workspace"
    (workspace / "report").mkdir(parents=True)
    (workspace / "report" / "findings.json").write_text("{}")
    (workspace / "link").symlink_to(outside)
    (workspace / "theirs").write_text("")
    os.chown(workspace / "theirs", 2000, 2000)
    os.chown(workspace, 1001, 1002)
    assert hand_back(workspace) == 3
    assert [(path.lstat().st_uid, path.lstat().st_gid) for path in (workspace / "report" / "findings.json", workspace / "link")] == [
        (1001, 1002),
        (1001, 1002),
    ]
    assert (outside.stat().st_uid, (workspace / "theirs").stat().st_uid) == (0, 2000)
