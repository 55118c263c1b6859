"""What a folder's pytest configuration says, for the person who reads the draft.

Owns the files in pytest's own precedence (docs.pytest.org, "Configuration file formats"). Must not import pytest.
"""

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from flaky_detector.stages.init.ini import sections
from flaky_detector.stages.init.unfolding import Ground

NAMES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
OWN = NAMES[:4]
TOLD = ("testpaths", "addopts", "DJANGO_SETTINGS_MODULE", "django_find_project", "python_files")


class PytestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The file, and those of its settings that matter for a hunt."""

    file: str = ""
    values: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str:
        """One value, "" where it is not set."""
        return dict(self.values).get(name, "")


def pytest_settings(ground: Ground) -> PytestSettings | None:
    """Those of the first file in the folder that is pytest's; None where there is none."""
    for name in NAMES:
        text = ground.file(name)
        table = None if text is None else _toml(text, name) if name.endswith(".toml") else _ini(text, name)
        if table is not None:
            values = tuple((key, _text(table[key])) for key in TOLD if table.get(key))
            return PytestSettings(file="/".join(filter(None, (ground.folder, name))), values=values)
    return None


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split())


def _toml(text: str, name: str) -> Mapping[str, Any] | None:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
    table = content.get("pytest") if name in OWN else content.get("tool", {}).get("pytest")
    if isinstance(table, dict) and name == "pyproject.toml":
        table = table.get("ini_options", table)
    return table if isinstance(table, dict) else None


def _ini(text: str, name: str) -> Mapping[str, Any] | None:
    return sections(text).get("tool:pytest" if name == "setup.cfg" else "pytest", {} if name in OWN else None)
