"""The options that the project gives pytest by itself.

Owns the search for pytest's configuration file, in pytest's own precedence (docs.pytest.org, "Configuration", "Initialization: determining
rootdir and configfile"). Must not import pytest.
"""

import configparser
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

NAMES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")
"""These count even where they say nothing."""
NO_AUTOLOAD = "--disable-plugin-autoload"


def addopts(rootdir: Path, pytest_args: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The configuration file's `addopts`, then PYTEST_ADDOPTS, split as pytest splits them. What does not parse counts as empty.

    PYTEST_DISABLE_PLUGIN_AUTOLOAD is told as the option of the same meaning that pytest has since 8.4.

    Args:
        rootdir: where pytest runs.
        pytest_args: the user's arguments, which may name a configuration file or the folders to start the search from.
        environ: the process environment.
    """
    given = _given_file(pytest_args)
    if given:
        options = _options(rootdir / given) or ()
    else:
        options = next((found for path in _places(rootdir, pytest_args) if (found := _options(path)) is not None), ())
    switch = (NO_AUTOLOAD,) if environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD") else ()
    return (*options, *_split(environ.get("PYTEST_ADDOPTS", "")), *switch)


def _given_file(pytest_args: Sequence[str]) -> str:
    for index, argument in enumerate(pytest_args):
        if argument in ("-c", "--config-file") and index + 1 < len(pytest_args):
            return pytest_args[index + 1]
        if argument.startswith("--config-file="):
            return argument.partition("=")[2]
        if argument.startswith("-c") and not argument.startswith("--") and len(argument) > 2:
            return argument[2:]
    return ""


def _places(rootdir: Path, pytest_args: Sequence[str]) -> Iterator[Path]:
    """Upwards from the folder that holds all paths among the arguments, or from the rootdir where there are none."""
    paths = [rootdir / argument.split("::", 1)[0] for argument in pytest_args if not argument.startswith("-")]
    paths = [path.resolve() for path in paths if path.exists()]
    base = _common(paths) if paths else rootdir
    for folder in (base, *base.parents):
        yield from (folder / name for name in NAMES)


def _common(paths: Sequence[Path]) -> Path:
    folders = [path if path.is_dir() else path.parent for path in paths]
    shared = folders[0]
    while not all(folder.is_relative_to(shared) for folder in folders):
        shared = shared.parent
    return shared


def _options(path: Path) -> tuple[str, ...] | None:
    """The file's addopts; None where it is not there or is not pytest's."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    table = _toml(text, path.name) if path.suffix == ".toml" else _ini(text, path.name)
    if table is None:
        return () if path.name in ALWAYS else None
    value = table.get("addopts", "")
    return tuple(map(str, value)) if isinstance(value, list) else _split(str(value))


def _toml(text: str, name: str) -> Mapping[str, Any] | None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    table = content.get("pytest") if name in ALWAYS else content.get("tool", {}).get("pytest")
    if isinstance(table, dict) and name == "pyproject.toml":
        table = table.get("ini_options", table)
    return table if isinstance(table, dict) else None


def _ini(text: str, name: str) -> Mapping[str, Any] | None:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    section = "tool:pytest" if name == "setup.cfg" else "pytest"
    return {key: value or "" for key, value in parser.items(section)} if parser.has_section(section) else None


def _split(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return tuple(text.split())
