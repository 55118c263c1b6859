"""Environments of our own making: one for each Python version asked for, filled by the user's command.

Owns uv, the search for interpreters on this machine, and the install command. Must not install anything into an environment of the user's.
"""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uv
from packaging.version import InvalidVersion, Version

from flaky_detector.errors import SettingsError, SuiteError

LAST_LINES = 15
PIP_TO_UV = {"PIP_INDEX_URL": "UV_DEFAULT_INDEX", "PIP_EXTRA_INDEX_URL": "UV_INDEX", "PIP_FIND_LINKS": "UV_FIND_LINKS"}
"""uv reads none of pip's settings; those that say where packages come from are handed on."""


class Maker:
    """Makes environments in a folder and fills them."""

    def __init__(self, rootdir: Path, folder: Path, install: str, log: Callable[[str], None]) -> None:
        self.rootdir = rootdir
        self.folder = folder
        self.install = install
        self.log = log

    def environment(self, version: str) -> str:
        """The interpreter of a fresh, filled environment.

        Raises:
            SettingsError: no such version on this machine, and none to be had.
            SuiteError: there is no install command, or it failed.
        """
        if not self.install:
            raise SuiteError(
                f"an environment for Python {version} would be empty: it needs a command that installs the suite's dependencies",
                f"say --install {install_guess(self.rootdir)!r}, or give --python the path of an interpreter that has them",
            )
        folder = self.folder / version
        self.log(f"making an environment for Python {version}")
        found = installed()
        make = ("venv", "--no-project", "--clear", "--quiet", "--python", _best(found, version) or version, str(folder))
        if run_uv(*make, "--seed").returncode:  # no such Python, or no network for pip
            ended = run_uv(*make)
            if ended.returncode:
                raise _not_found(version, found, ended.stderr)
            subprocess.run((folder / "bin/python", "-m", "ensurepip"), stdin=subprocess.DEVNULL, capture_output=True, check=False)
        self._fill(folder, version)
        return str(folder / "bin/python")

    def _fill(self, folder: Path, version: str) -> None:
        self.log(f"Python {version}: {self.install}")
        path = folder.with_name(f"install-{version}.log")
        with path.open("wb") as output:
            exit_code = _run_shell(self.install, self.rootdir, self._environment(folder), output.fileno())
        if exit_code:
            lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise SuiteError(
                f"the install command failed for Python {version} with exit code {exit_code}: {self.install}",
                "\n".join([f"the end of its output, all of which is in {path}:", *lines[-LAST_LINES:]]),
            )

    def _environment(self, folder: Path) -> dict[str, str]:
        """As if the environment were active; uv is found last, for `uv pip install` and `uv sync`.

        UV_PYTHON: without it `uv sync` makes the environment anew with the Python that the project's `.python-version` names.
        UV_COMPILE_BYTECODE: pip compiles what it installs, uv leaves it to the first run; where no run may write bytecode, every
        start of pytest would compile it all again.
        """
        tools = self.folder / "tools"
        tools.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(tools / "uv"):
            (tools / "uv").symlink_to(uv.find_uv_bin())
        path = os.pathsep.join([str(folder / "bin"), os.environ.get("PATH", os.defpath), str(tools)])
        python = str(folder / "bin" / "python")
        own = {"VIRTUAL_ENV": str(folder), "UV_PROJECT_ENVIRONMENT": str(folder), "UV_PYTHON": python, "PATH": path}
        if os.environ.get("PYTHONDONTWRITEBYTECODE"):
            own["UV_COMPILE_BYTECODE"] = "1"
        return {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PIP_USER", "CONDA_PREFIX")} | own


def _run_shell(command: str, rootdir: Path, env: dict[str, str], output: int) -> int:
    """The command's exit code; it and all that it started are ended when we are interrupted."""
    shell = shutil.which("bash") or "/bin/sh"
    process = subprocess.Popen(
        (shell, "-e", "-c", command),
        cwd=rootdir,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def run_uv(*arguments: str, cwd: Path | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run uv to its end; pyenv's shims, which only work for the version that pyenv has chosen, are out of its way."""
    env = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"} | {"PATH": _path_without_shims(), "NO_COLOR": "1"}
    for pips, uvs in PIP_TO_UV.items():
        if pips in env:
            env.setdefault(uvs, env[pips])
    return subprocess.run((uv.find_uv_bin(), *arguments), cwd=cwd, env=env, input=given, capture_output=True, text=True, check=False)


def compile_bytecode(executable: str, *folders: str | Path) -> None:
    """Where no run may write bytecode, each would compile anew what these folders hold; so it is done once, for this interpreter."""
    if os.environ.get("PYTHONDONTWRITEBYTECODE"):
        command = (executable, "-m", "compileall", "-q", *map(str, folders))
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)


def installed() -> tuple[tuple[Version, str], ...]:
    """Versions and paths of the CPythons on this machine, newest first."""
    ended = run_uv("python", "list", "--only-installed", "--no-python-downloads", "--output-format", "json")
    try:
        rows = json.loads(ended.stdout)
    except json.JSONDecodeError:
        return ()
    found = [
        (_version(row["version"]), row["path"])
        for row in rows
        if row.get("implementation") == "cpython" and row.get("variant", "default") == "default" and row.get("path")
    ]
    return tuple(sorted(((version, path) for version, path in found if version), key=lambda pair: pair[0], reverse=True))


def install_guess(rootdir: Path) -> str:
    """The command that most probably installs the suite's dependencies."""
    for name in ("requirements-dev.txt", "requirements_dev.txt", "dev-requirements.txt", "requirements/dev.txt", "requirements-test.txt"):
        if (rootdir / name).exists():
            return f"pip install -r {name}"
    if (rootdir / "uv.lock").exists():
        return "uv sync"
    if (rootdir / "poetry.lock").exists():
        return "pip install poetry && poetry install"
    if (rootdir / "requirements.txt").exists():
        return "pip install -r requirements.txt pytest"
    return "pip install -e . pytest"


def _best(found: Sequence[tuple[Version, str]], version: str) -> str | None:
    """The newest interpreter whose version starts as asked for; a release before a pre-release."""
    if not re.fullmatch(r"\d+(\.\d+)*", version):
        return None
    wanted = tuple(map(int, version.split(".")))
    fitting = [(here, path) for here, path in found if here.release[: len(wanted)] == wanted]
    return next((path for here, path in fitting if not here.is_prerelease), fitting[0][1] if fitting else None)


def _not_found(version: str, found: Sequence[tuple[Version, str]], reason: str) -> SettingsError:
    here = sorted({here.release[:2] for here, _path in found})
    names = ", ".join(".".join(map(str, release)) for release in here) or "none"
    lines = [line.strip() for line in reason.splitlines() if line.strip().startswith("cause:")]
    why = f" (and it could not be downloaded: {lines[-1].removeprefix('cause:').strip()})" if lines else ""
    return SettingsError(f"Python {version} was not found; found here: {names}{why}", "give one of these to --python, or a path")


def _path_without_shims() -> str:
    root = Path(os.environ.get("PYENV_ROOT") or Path("~/.pyenv").expanduser())
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    kept = [entry for entry in entries if Path(entry) != root / "shims"]
    return os.pathsep.join([*kept, *_pyenv_versions(root)])


def _pyenv_versions(root: Path) -> Iterator[str]:
    yield from (str(folder) for folder in sorted(root.glob("versions/3*/bin"), reverse=True))


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
