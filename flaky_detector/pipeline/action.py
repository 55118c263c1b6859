"""What is done around the command line inside the action, in its container or, as the composite twin, in the job itself.

Owns the particulars: in a container the workspace belongs to somebody else, the project may lie in a subfolder, mode and paths come as
inputs. The command line is passed in. Must not know what a mode does.
"""

from __future__ import annotations

import contextlib
import glob
import io
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path

from flaky_detector.adapters import github
from flaky_detector.adapters.actions import command, in_workspace, whereabouts, write_outputs, write_variables
from flaky_detector.adapters.strange_zip import find_member
from flaky_detector.errors import FlakyDetectorError, NothingLeft, SettingsError, SuiteError
from flaky_detector.pipeline.asked import answer_failure, answer_success, consider
from flaky_detector.pipeline.recording import recorded, switch_off, switched_on
from flaky_detector.settings import Settings, from_file

MODES = ("hunt", "plan", "run", "analyze", "report", "request", "record")
OWN_INPUTS = ("mode", "working-directory", "github-token", "artifacts", "plan", "slice", "slices", "config", "commit")
"""Inputs that are no settings."""

OWN_PLAN = "-"
"""Stands for a plan made on the spot: the same inputs make the same plan on every runner, so none has to be carried about."""

OUTPUT = str(Settings().output)
OUR_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

RUNNERS_OWN = ("ACTIONS_RUNTIME_TOKEN",)
"""Secrets that the runner gives to actions and not to `run:` steps."""

NOTHING_INSTALLED = (
    "The container has nothing of what earlier steps installed: give the input 'install', such as pip install -r requirements.txt"
)

CommandLine = Callable[[Sequence[str], Mapping[str, str]], int]


def act(environ: MutableMapping[str, str], command_line: CommandLine, job_python: str = "") -> int:
    """Run the mode that the inputs ask for; the exit code.

    Args:
        environ: the process environment; tokens and inputs are taken out of it.
        command_line: takes arguments and the environment with the inputs, returns the exit code, raises nothing.
        job_python: version of the job's own Python, such as 3.12; empty in a container of ours, which has nothing of the job's.
    """
    workspace = Path(environ.get("GITHUB_WORKSPACE") or ".").resolve()
    mode = _input(environ, "mode")
    try:
        if mode == "request":
            return consider(environ, print)
        os.chdir(project_folder(workspace, _input(environ, "working-directory")))
        choose_python(environ, job_python or OUR_PYTHON)
        if mode == "record":
            return record(environ, job_python)
        take_recorded(environ)
        given = take_away(environ)
        with tempfile.TemporaryDirectory(prefix="flaky-detector-action-") as folder:
            code = _answered(given, mode, lambda: _in_mode(given, arguments_of(given), Path(folder), command_line))
        if code == SuiteError.exit_code and not _input(given, "install") and not job_python:
            sys.stdout.write(command("error", NOTHING_INSTALLED) + "\n")
        return code
    except FlakyDetectorError as trouble:
        sys.stdout.write(command("error", str(trouble)) + "\n")
        return trouble.exit_code
    finally:
        if not job_python:
            hand_back(workspace)


def record(environ: Mapping[str, str], job_python: str) -> int:
    """Switch the recorder on for the steps that follow; only in the job itself, for a container's variables are not the job's."""
    if not job_python:
        raise SettingsError(
            "mode 'record' works in the job's own environment only", "use the composite twin: OWNER/flaky-detector/composite@…"
        )
    variables = switched_on(environ, Path(environ.get("RUNNER_TEMP") or tempfile.gettempdir()).resolve() / "flaky-detector")
    write_variables(environ, variables)
    sys.stdout.write(
        "every pytest of the following steps is recorded:\n" + "".join(f"  {name}={value}\n" for name, value in variables.items())
    )
    return 0


def _answered(environ: Mapping[str, str], mode: str, work: Callable[[], int]) -> int:
    """The exit code of the work; who asked for a hunt in a comment hears how it went, and a run before that left nothing is no trouble."""
    if mode != "report":
        return work()
    try:
        code = work()
    except NothingLeft as nothing:
        if whereabouts(environ).event == "workflow_run":
            sys.stdout.write(command("notice", f"nothing to tell: {nothing.message}") + "\n")
            return 0
        answer_failure(environ, nothing)
        raise
    except FlakyDetectorError as trouble:
        answer_failure(environ, trouble)
        raise
    if code in {0, 1}:
        answer_success(environ)
    else:
        answer_failure(environ, SettingsError("its findings cannot be read"))
    return code


def arguments_of(environ: Mapping[str, str]) -> list[str]:
    """The command line that the inputs stand for; settings are not in it, the command line reads those itself."""
    mode = _input(environ, "mode") or "hunt"
    if mode not in MODES:
        raise SettingsError(f"bad value {mode!r} for the action's input 'mode'", f"allowed: {', '.join(MODES)}")
    config = _input(environ, "config")
    options = ["--config", config] if config else []
    return [mode, *options, *_subject(mode, environ)]


def _subject(mode: str, environ: Mapping[str, str]) -> list[str]:
    paths = [path for pattern in shlex.split(_input(environ, "artifacts")) for path in _matching(pattern)]
    if mode == "plan":
        return ["--format", "matrix"]
    if mode == "run":
        return ["--plan", _input(environ, "plan") or OWN_PLAN, "--slice", _input(environ, "slice") or "1/1"]
    if mode == "analyze":
        _required(environ, mode, "artifacts")
        return [word for path in paths for word in (("--run-id", path) if _is_run(path) else (path,))]
    if mode == "report":
        return paths[:1] or [str(Path(_input(environ, "output") or OUTPUT) / "findings.json")]
    return []


def _matching(pattern: str) -> list[str]:
    """The paths that a shell would have put in its place; itself where there are none, so that it is told by name."""
    return sorted(glob.glob(pattern, recursive=True)) or [pattern]  # noqa: PTH207 -- an absolute pattern is one, too


def _input(environ: Mapping[str, str], name: str) -> str:
    return environ.get(f"INPUT_{name.upper()}", "").strip()


def _required(environ: Mapping[str, str], mode: str, name: str) -> str:
    value = _input(environ, name)
    if not value:
        raise SettingsError(f"mode {mode!r} needs the action's input {name!r}", "see action.yml for what it takes")
    return value


def project_folder(workspace: Path, working_directory: str) -> Path:
    """The folder to work in; it must exist, and lie in the workspace, since nothing else is mounted."""
    folder = (workspace / working_directory).resolve()
    if not folder.is_dir() or not folder.is_relative_to(workspace):
        raise SettingsError(
            f"the action's input 'working-directory' is {working_directory!r}, which is no folder of the workspace",
            "give a path relative to the checkout, and check the repository out before",
        )
    return folder


def choose_python(environ: MutableMapping[str, str], version: str) -> None:
    """`install` without a Python fills an environment of this version, the one at hand: there is none that it could have meant instead."""
    if not _input(environ, "install") or _input(environ, "python-versions"):
        return
    config = _input(environ, "config")
    with contextlib.suppress(FlakyDetectorError):  # the command line says what is wrong with the file
        if "python" in from_file(Path(config) if config else None, Path()):
            return
    environ["INPUT_PYTHON-VERSIONS"] = version


def take_recorded(environ: MutableMapping[str, str]) -> None:
    """What earlier steps recorded is what is analysed, where the inputs say nothing else; runs of our own are not recorded like that."""
    folder = recorded(environ)
    if folder and _input(environ, "mode") == "analyze" and not _input(environ, "artifacts"):
        environ["INPUT_ARTIFACTS"] = shlex.quote(str(folder))
    switch_off(environ)


def take_away(environ: MutableMapping[str, str]) -> dict[str, str]:
    """The environment as it was; tokens and inputs are gone from `environ`, which the suite and the install command inherit.

    They see what a plain `run:` step sees: a suite that reads inputs itself is not confused by ours.
    """
    given = dict(environ)
    for name in given:
        if name.startswith("INPUT_") or name in RUNNERS_OWN:
            del environ[name]
    return given


def hand_back(workspace: Path) -> int:
    """Give what root made in the workspace to the workspace's owner, or later steps could not remove it; how many that were."""
    owner = workspace.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        return 0
    given = 0
    for path in _everything_in(workspace):
        with contextlib.suppress(OSError):
            if path.lstat().st_uid == 0:
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
                given += 1
    return given


def _everything_in(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            yield Path(root, name)


def _in_mode(environ: Mapping[str, str], arguments: list[str], folder: Path, command_line: CommandLine) -> int:
    if arguments[0] == "plan":
        return _plan(environ, arguments, folder, command_line)
    if arguments[0] == "report":
        arguments = [_fetched(each, environ, folder, arguments[0]) for each in arguments]
    if OWN_PLAN in arguments:
        config = arguments[1 : arguments.index("--plan")]
        code, printed = _printed(["plan", *config, "--format", "json"], environ, command_line)
        if code:
            return code
        (folder / "plan.json").write_text(printed, encoding="utf-8")
        arguments = [str(folder / "plan.json") if each == OWN_PLAN else each for each in arguments]
    return command_line(arguments, environ)


def _plan(environ: Mapping[str, str], arguments: Sequence[str], folder: Path, command_line: CommandLine) -> int:
    """The matrix as an output, and the plan as a file: what follows from runs cannot be planned again where they are not."""
    file = Path(_input(environ, "output") or OUTPUT) / "plan.json"
    paths = [_fetched(path, environ, folder, "plan") for path in shlex.split(_input(environ, "artifacts"))]
    slices = _input(environ, "slices")
    more = ["--save", str(file), *(["--slices", slices] if slices else []), *(["--after", *paths] if paths else [])]
    code, printed = _printed([*arguments, *more], environ, command_line)
    sys.stdout.write(printed)
    if not code:
        write_outputs(environ, {"matrix": printed.strip(), "plan": in_workspace(environ, file)})
    return code


def _is_run(argument: str) -> bool:
    return argument.isdecimal() and not Path(argument).exists()


def _fetched(argument: str, environ: Mapping[str, str], folder: Path, mode: str) -> str:
    """The argument, or where it is a run's id, the folder with that run's artifacts; for a report the findings.json among them."""
    if not _is_run(argument):
        return argument
    place = whereabouts(environ)
    target = github.Target(api_url=place.api_url, repository=place.repository, token=place.token)
    archives = github.download_artifacts(target, int(argument), folder / argument)
    if mode != "report":
        return str(folder / argument)
    (folder / "findings.json").write_bytes(find_member(archives, "findings.json"))
    return str(folder / "findings.json")


def _printed(arguments: Sequence[str], environ: Mapping[str, str], command_line: CommandLine) -> tuple[int, str]:
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        code = command_line(arguments, environ)
    return code, text.getvalue()
