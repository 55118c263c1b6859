"""A file of settings, as names and values.

Owns how such a file is read, and what is told where it cannot be. Must not know which settings there are.
"""

import tomllib
from pathlib import Path
from typing import Any

import yaml

from flaky_detector.errors import SettingsError


def table(path: Path) -> dict[Any, Any]:
    """What a YAML or TOML file says, or `[tool.flaky-detector]` of a pyproject.toml.

    Raises:
        SettingsError: it cannot be read, does not parse, or holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".toml":
            found = tomllib.loads(text)
            found = found.get("tool", {}).get("flaky-detector", {}) if path.name == "pyproject.toml" else found
        else:
            found = yaml.safe_load(text) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the configuration {path}: {error}", "give an existing YAML or TOML file to --config") from None
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"the configuration {path} does not parse: {reason}", "mend the file") from None
    if not isinstance(found, dict):
        raise SettingsError(f"the configuration {path} holds no table of settings", "write lines such as `runs: 6`")
    return found
