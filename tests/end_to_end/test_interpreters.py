"""Real interpreters: the ones at hand, environments made by uv, plugins brought along.

Whatever needs no network is quick; what installs from an index is slow, and skips where there is none.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flaky_detector.adapters.interpreters import find_suites
from flaky_detector.adapters.interpreters.environments import compile_bytecode, install_guess, installed
from flaky_detector.errors import SettingsError, SuiteError
from flaky_detector.model import Suite
from flaky_detector.settings import Settings

HERE = ".".join(map(str, sys.version_info[:2]))
SITE = next(entry for entry in sys.path if entry.endswith("site-packages"))
BORROW = f"echo {SITE} > $(python -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))')/borrowed.pth"
"""An install command that needs no network: the environment sees what we have."""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("VIRTUAL_ENV", "PYTEST_ADDOPTS", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    rootdir = tmp_path / "project"
    rootdir.mkdir()
    (rootdir / "pytest.ini").write_text("[pytest]\naddopts = -ra\n")
    (rootdir / "test_a.py").write_text("def test_a(): pass\ndef test_b(): pass\n")
    return rootdir


def suites(project: Path, *pythons: str, install: str = "", log: list[str] | None = None) -> tuple[Suite, ...]:
    lines: list[str] = [] if log is None else log
    return find_suites(Settings(rootdir=project, python=pythons, install=install), project.parent / "ours", lines.append)


def test_the_active_environment_comes_first(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    (suite,) = suites(project)
    assert (suite.python, suite.executable, suite.rootdir) == (HERE, sys.executable, str(project))
    assert suite.pytest_version == pytest.__version__
    assert suite.has_plugin("pytest-xdist")
    assert suite.addopts == ("-ra",)
    assert suite.provided == ()


def test_without_one_the_first_python_on_the_path_that_has_pytest_is_taken(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (suite,) = suites(project)
    assert suite.version == ".".join(map(str, sys.version_info[:3]))


def test_the_path_of_an_interpreter_is_its_key(project: Path) -> None:
    (suite,) = suites(project, sys.executable)
    assert (suite.python, suite.executable) == (sys.executable, sys.executable)


def test_the_folder_of_an_environment_will_do(project: Path) -> None:
    (suite,) = suites(project, sys.prefix)
    assert (suite.python, suite.executable) == (sys.prefix, sys.executable)


def test_the_guest_sees_the_recorder_and_nothing_else_of_ours(project: Path) -> None:
    (suite,) = suites(project, sys.executable)
    package = Path(suite.guest) / "flaky_detector"
    assert [path.name for path in Path(suite.guest).iterdir()] == ["flaky_detector"]
    assert sorted(path.name for path in package.iterdir() if path.name != "__pycache__") == ["__init__.py", "recorder"]
    code = "import flaky_detector.recorder.wire as wire; print(wire.__file__)"
    env = os.environ | {"PYTHONPATH": suite.guest}
    ended = subprocess.run([sys.executable, "-c", code], cwd=project, env=env, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith(suite.guest)


def test_an_environment_is_made_for_a_version_and_filled_by_the_command(project: Path) -> None:
    log: list[str] = []
    (suite,) = suites(project, HERE, install=BORROW, log=log)
    assert (suite.python, suite.pytest_version) == (HERE, pytest.__version__)
    assert suite.executable.startswith(str(project.parent / "ours"))
    assert log[:2] == [f"making an environment for Python {HERE}", f"Python {HERE}: {BORROW}"]


def test_the_command_runs_in_the_rootdir_as_if_the_environment_were_active(project: Path) -> None:
    tell = "pwd > seen; echo $VIRTUAL_ENV >> seen; command -v python >> seen; command -v pip >> seen; command -v uv >> seen; "
    suites(project, HERE, install=tell + BORROW)
    environment = project.parent / "ours" / "environments" / HERE
    seen = (project / "seen").read_text().splitlines()
    assert seen[:4] == [str(project), str(environment), f"{environment}/bin/python", f"{environment}/bin/pip"]
    assert seen[4].endswith("/uv")


@pytest.mark.parametrize(("forbidden", "told"), [("1", "1\n"), ("", "unset\n")])
def test_uv_is_told_to_compile_where_no_run_may_write_bytecode(
    project: Path, monkeypatch: pytest.MonkeyPatch, forbidden: str, told: str
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", forbidden)
    monkeypatch.delenv("UV_COMPILE_BYTECODE", raising=False)
    suites(project, HERE, install="echo ${UV_COMPILE_BYTECODE:-unset} > seen; " + BORROW)
    assert (project / "seen").read_text() == told


@pytest.mark.parametrize(("forbidden", "compiled"), [("1", True), ("", False)])
def test_what_we_bring_along_is_compiled_once_where_no_run_may_write_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, forbidden: str, compiled: bool
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", forbidden)
    (tmp_path / "module.py").write_text("")
    compile_bytecode(sys.executable, tmp_path)
    assert (tmp_path / "__pycache__" / f"module.{sys.implementation.cache_tag}.pyc").exists() is compiled


def test_uv_sync_fills_the_environment_and_does_not_make_it_anew_for_the_python_that_the_project_names(project: Path) -> None:
    other = next((path for version, path in installed() if f"{version.major}.{version.minor}" != HERE), None)
    if other is None:
        pytest.skip("no second Python here")
    (project / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "0"\nrequires-python = ">=3.8"\n')
    (project / ".python-version").write_text(f"{other}\n")
    (suite,) = suites(project, HERE, install=f"uv sync --offline --quiet; {BORROW}")
    assert suite.version == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.slow
def test_plugins_that_an_environment_lacks_are_brought_along_without_touching_it(project: Path, tmp_path: Path) -> None:
    borrowed = tmp_path / "borrowed"
    borrowed.mkdir()
    for name in ("pytest", "_pytest", "py.py", "pluggy", "iniconfig", "packaging", "pygments"):
        (borrowed / name).symlink_to(Path(SITE) / name)
    for pattern in (
        "pytest-*.dist-info",
        "pluggy-*.dist-info",
        "iniconfig-*.dist-info",
        "packaging-*.dist-info",
        "[pP]ygments-*.dist-info",
    ):
        for folder in Path(SITE).glob(pattern):
            (borrowed / folder.name).symlink_to(folder)
    (suite,) = suites(project, HERE, install=BORROW.replace(SITE, str(borrowed)))
    assert [plugin.name for plugin in suite.plugins] == []
    assert [plugin.name for plugin in suite.provided] == ["pytest-xdist", "pytest-randomly"]
    assert sorted(path.name.split("-")[0] for path in Path(suite.folder_of("pytest-xdist")).iterdir()) == [
        "execnet", "execnet", "pytest_xdist", "xdist",
    ]  # fmt: skip
    assert "2 passed" in run(suite, "-n", "2", "-p", "no:cacheprovider")
    assert "unrecognized arguments: -n" in run(suite, "-n", "2", bare=True)


def run(suite: Suite, *options: str, bare: bool = False) -> str:
    """Pytest with the plugins brought along, or without."""
    env = os.environ | {"PYTHONPATH": "" if bare else os.pathsep.join(plugin.folder for plugin in suite.provided)}
    command = [suite.executable, "-m", "pytest", *options]
    ended = subprocess.run(command, cwd=suite.rootdir, env=env, capture_output=True, text=True, timeout=100, check=False)
    return ended.stdout + ended.stderr


def test_a_command_that_fails_is_told_with_the_end_of_its_output(project: Path) -> None:
    with pytest.raises(SuiteError) as caught:
        suites(project, HERE, install="echo first; echo the reason >&2; exit 7")
    assert caught.value.message == (
        f"the install command failed for Python {HERE} with exit code 7: echo first; echo the reason >&2; exit 7"
    )
    log = project.parent / "ours" / "environments" / f"install-{HERE}.log"
    assert caught.value.hint == f"the end of its output, all of which is in {log}:\nfirst\nthe reason"


def test_a_command_that_fails_early_does_not_go_on(project: Path) -> None:
    with pytest.raises(SuiteError, match="exit code 1"):
        suites(project, HERE, install="false\ntouch went-on")
    assert not (project / "went-on").exists()


def test_a_command_that_installs_no_pytest_is_told(project: Path) -> None:
    with pytest.raises(SuiteError, match=r"cannot run the suite: ModuleNotFoundError: No module named 'pytest' \(let --install \('true'\)"):
        suites(project, HERE, install="true")


def test_a_version_without_a_command_is_refused_with_a_guess(project: Path) -> None:
    (project / "requirements.txt").write_text("")
    with pytest.raises(SuiteError, match=r"say --install 'pip install -r requirements\.txt pytest', or give --python the path"):
        suites(project, HERE)


def test_an_unknown_version_is_told_with_those_at_hand(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(
        SettingsError, match=r"^Python 3\.99 was not found; found here: .*3\.\d+ \(give one of these to --python, or a path\)$"
    ):
        suites(project, "3.99", install="true")


def test_a_path_that_is_not_there_is_refused(project: Path) -> None:
    with pytest.raises(SettingsError, match=r"no Python is at '/nowhere/python' \(give --python a version such as 3\.12, or the path"):
        suites(project, "/nowhere/python")


def test_a_program_that_is_no_python_is_told(project: Path) -> None:
    with pytest.raises(SuiteError, match=r"the Python /bin/false cannot run the suite: it does not start: exit code 1"):
        suites(project, "/bin/false")


def test_no_python_with_pytest_at_all_points_at_the_environment_that_lies_there(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SuiteError, match=rf"no Python was found that can import pytest \(/bin/false: .*\) \(activate {project}/\.venv, or"):
        suites(project)


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("requirements-dev.txt", "pip install -r requirements-dev.txt"),
        ("uv.lock", "uv sync"),
        ("poetry.lock", "pip install poetry && poetry install"),
        ("setup.py", "pip install -e . pytest"),
    ],
)
def test_the_guess_of_an_install_command_follows_the_files_that_are_there(tmp_path: Path, file: str, command: str) -> None:
    (tmp_path / file).write_text("")
    assert install_guess(tmp_path) == command


@pytest.mark.slow
@pytest.mark.parametrize(("python", "requirement"), [("3.8", "pytest==6.2.5"), ("3.9", "pytest<8"), ("3.12", "pytest"), ("3.13", "pytest")])
def test_old_and_new_environments_run_with_plugins_that_fit_them(project: Path, python: str, requirement: str) -> None:
    if not any(".".join(map(str, version.release[:2])) == python for version, _path in installed()):
        pytest.skip(f"no Python {python} here")
    try:
        (suite,) = suites(project, python, install=f"pip install --quiet '{requirement}'")
    except SuiteError as trouble:
        if "onnection" not in trouble.hint:
            raise
        pytest.skip("no package index can be reached from here")
    assert [plugin.name for plugin in suite.provided] == ["pytest-xdist", "pytest-randomly"]
    assert "2 passed" in run(suite, "-n", "2", "-p", "no:cacheprovider", "-p", "randomly")
