"""From `--python` to suites.

Owns the order in which interpreters are looked for, and what is told where none will do. Must not know how an environment is filled.
"""

import os
import re
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from packaging.version import InvalidVersion, Version

from flaky_detector.adapters.interpreters.addopts import addopts
from flaky_detector.adapters.interpreters.environments import Maker, compile_bytecode
from flaky_detector.adapters.interpreters.luggage import pack_guest, provide
from flaky_detector.adapters.interpreters.question import Facts, ask
from flaky_detector.errors import SettingsError, SuiteError
from flaky_detector.model import Suite
from flaky_detector.settings import Settings

Log = Callable[[str], None]

NEEDED = ("pytest-xdist", "pytest-randomly")
OLDEST_PYTHON = Version("3.8")
OLDEST_PYTEST = Version("6.2")
VERSION = re.compile(r"\d+(\.\d+)*[a-z0-9]*|(cpython|pypy|graalpy)[-@]?\d.*")
GIVE_PYTHON = "give --python the path of one that runs the suite, or versions together with --install"


def find_suites(settings: Settings, folder: Path, log: Log, need: Collection[str] = NEEDED) -> tuple[Suite, ...]:
    """One suite for each Python asked for, in that order.

    Args:
        settings: `rootdir`, `python`, `install` and `pytest_args` are read.
        folder: ours, outside the user's tree: environments, recorder and provided plugins go there and must stay while suites are run.
        log: told what is found and made, a line at a time.
        need: plugins to bring along where an environment lacks them.

    Raises:
        SettingsError: a version or a path that is not there.
        SuiteError: no Python that can run the suite, or an install command that failed.
    """
    rootdir = settings.rootdir.resolve()
    folder = folder.resolve()
    guest = pack_guest(folder / "guest")
    suites = []
    for name in dict.fromkeys(settings.python) or ("",):
        facts = _facts(name, settings, folder, log)
        key = name or ".".join(facts.version.split(".")[:2])
        _check(facts, key, settings)
        log(f"Python {facts.version} with pytest {facts.pytest_version}: {facts.executable}")
        provided = provide(facts, [name for name in need if not facts.has(name)], folder / "provided", log)
        compile_bytecode(facts.executable, guest, *(plugin.folder for plugin in provided))
        suites.append(
            Suite(
                python=key,
                executable=facts.executable,
                version=facts.version,
                pytest_version=facts.pytest_version,
                rootdir=str(rootdir),
                sys_path=facts.sys_path,
                plugins=facts.plugins,
                addopts=addopts(rootdir, settings.pytest_args, os.environ),
                guest=str(guest),
                provided=provided,
            )
        )
    return tuple(suites)


def _facts(name: str, settings: Settings, folder: Path, log: Log) -> Facts:
    rootdir = settings.rootdir.resolve()
    if not name:
        return _default(rootdir)
    path = _path_of(name, rootdir)
    if path is not None:
        return ask(path, rootdir)
    if not VERSION.fullmatch(name):
        raise SettingsError(f"no Python is at {name!r}", "give --python a version such as 3.12, or the path of an interpreter")
    return ask(Maker(rootdir, folder / "environments", settings.install, log).environment(name), rootdir)


def _path_of(name: str, rootdir: Path) -> str | None:
    """The interpreter that a path, an environment's folder or a command's name stands for; None for a version."""
    for base in (Path(), rootdir):
        path = Path(os.path.abspath(base / Path(name).expanduser()))  # noqa: PTH100 -- resolving would leave the environment
        if path.is_dir() and (path / "bin/python").exists():
            return str(path / "bin/python")
        if path.is_file():
            return str(path)
    return shutil.which(name) if os.sep not in name and not VERSION.fullmatch(name) else None


def _default(rootdir: Path) -> Facts:
    """The active environment's Python, else the first on PATH that has pytest, else our own."""
    tried = []
    for path in dict.fromkeys(_candidates()):
        facts = ask(path, rootdir)
        if facts.pytest_version:
            return facts
        tried.append(f"{path}: {facts.trouble}")
    found = [str(folder) for folder in (rootdir / ".venv", rootdir / "venv") if (folder / "bin/python").exists()]
    hint = f"activate {found[0]}, or give it to --python" if found else f"activate the suite's virtual environment; or {GIVE_PYTHON}"
    raise SuiteError(f"no Python was found that can import pytest ({'; '.join(tried)})", hint)


def _candidates() -> Iterator[str]:
    active = os.environ.get("VIRTUAL_ENV")
    if active and Path(active, "bin/python").exists():
        yield str(Path(active, "bin/python"))
    for command in ("python", "python3"):
        path = shutil.which(command)
        if path:
            yield path
    yield sys.executable


def _check(facts: Facts, key: str, settings: Settings) -> None:
    if facts.version and _version(facts.version) < OLDEST_PYTHON:
        raise SuiteError(f"Python {facts.version} ({key}) is too old: the recorder needs 3.8 or later", "leave it out of --python")
    if not facts.pytest_version:
        hint = f"let --install ({settings.install!r}) install it too" if settings.install else "install pytest and the suite's dependencies"
        raise SuiteError(f"the Python {key} cannot run the suite: {facts.trouble}", hint)
    if _version(facts.pytest_version) < OLDEST_PYTEST:
        raise SuiteError(f"pytest {facts.pytest_version} ({key}) is too old: the recorder needs 6.2 or later", "upgrade pytest")


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("9999")
