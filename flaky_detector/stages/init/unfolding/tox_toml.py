"""tox's own TOML (tox 4.21 and later) in the form of its INI file.

Owns `tox.toml` and `[tool.tox]`: lists of words become lines, replacements (`{replace = "posargs"}`) become `{posargs}`.
"""

import shlex
import tomllib
from typing import Any

Sections = dict[str, dict[str, str]]


def sections_of(text: str, name: str) -> tuple[str, Sections]:
    """The INI text within pyproject.toml, "" where there is none, and the sections of tox's own TOML, empty where there is none."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return "", {}
    tox = content if name == "tox.toml" else content.get("tool", {}).get("tox", {})
    if not isinstance(tox, dict) or not tox:
        return "", {}
    if "legacy_tox_ini" in tox:
        return str(tox["legacy_tox_ini"]), {}
    environments = tox.get("env", {})
    found = {"tox": _flat(tox), "testenv": _flat(tox.get("env_run_base", {}))}
    return "", found | {f"testenv:{each}": _flat(values) for each, values in environments.items() if isinstance(values, dict)}


def _flat(values: dict[str, Any]) -> dict[str, str]:
    return {
        key.lower(): _text(key, value) for key, value in values.items() if not (isinstance(value, dict) and key in ("env", "env_run_base"))
    }


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "\n".join(f"{name}={each}" for name, each in value.items() if not isinstance(each, dict))
    if isinstance(value, list) and key in ("commands", "commands_pre", "commands_post"):
        return "\n".join(" ".join(_word(word) for word in line) for line in value if isinstance(line, list))
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _word(word: Any) -> str:
    if isinstance(word, dict):
        default = word.get("default", [])
        given = [str(each) for each in default] if isinstance(default, list) else [str(default)]
        return "{posargs:" + shlex.join(given) + "}" if word.get("replace") == "posargs" else ""
    return str(word) if "{" in str(word) else shlex.quote(str(word))
