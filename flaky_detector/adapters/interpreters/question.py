"""One question to an interpreter, one answer.

Owns the script that runs in the user's Python (3.6 or later, so that even what is too old can say so) and its answer.
"""

import json
import re
import subprocess
from pathlib import Path

import msgspec

from flaky_detector.model import Distribution

SECONDS = 120
BEGIN, END = "<flaky-detector>", "</flaky-detector>"

SCRIPT = r"""
import json, os, platform, re, sys
answer = {
    "executable": sys.executable,
    "version": platform.python_version(),
    "sys_path": [entry for entry in sys.path if entry],
    "pytest_version": "", "trouble": "", "plugins": {}, "distributions": {},
}
try:
    from importlib import metadata
    for distribution in metadata.distributions():
        # Off the folder's name where possible: to parse what is in it takes twenty times as long.
        folder = os.path.basename(str(getattr(distribution, "_path", "")))
        found = re.match(r"([^-]+)-([^-]+)\.dist-info$", folder)
        name, version = found.groups() if found else (distribution.metadata["Name"], distribution.version)
        name = re.sub(r"[-_.]+", "-", str(name)).lower()
        if name in answer["distributions"]:
            continue
        answer["distributions"][name] = str(version)
        if "pytest11" in (distribution.read_text("entry_points.txt") or ""):
            answer["plugins"][name] = str(version)
except Exception as error:
    answer["trouble"] = "its packages could not be listed: " + str(error)
try:
    from importlib.util import find_spec
    answer["pytest_version"] = answer["distributions"].get("pytest", "")
    if not answer["pytest_version"] or not all(map(find_spec, ("pytest", "_pytest", "pluggy", "iniconfig", "packaging"))):
        import pytest # which takes longer than all of this, and says what is amiss
        answer["pytest_version"] = str(getattr(pytest, "__version__", ""))
except BaseException as error:
    answer["trouble"] = type(error).__name__ + ": " + str(error)
print("BEGIN" + json.dumps(answer) + "END")
""".replace("BEGIN", BEGIN).replace("END", END)


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What an interpreter says of itself in the rootdir; `trouble` tells why pytest cannot be imported."""

    executable: str = ""
    version: str = ""
    pytest_version: str = ""
    sys_path: tuple[str, ...] = ()
    plugins: tuple[Distribution, ...] = ()
    distributions: tuple[Distribution, ...] = ()
    trouble: str = ""

    def has(self, name: str) -> bool:
        """Whether a distribution is installed."""
        return any(distribution.name == name for distribution in self.distributions)


def ask(executable: str, rootdir: Path) -> Facts:
    """What the interpreter says; never raises: trouble is in the answer."""
    try:
        ended = subprocess.run(
            (executable, "-c", SCRIPT),
            cwd=rootdir,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return Facts(trouble=f"no answer within {SECONDS} seconds")
    except OSError as error:
        return Facts(trouble=f"it does not start: {error.strerror}")
    if BEGIN not in ended.stdout or END not in ended.stdout:
        return Facts(trouble=f"it does not start: {_last_line(ended.stderr) or f'exit code {ended.returncode}'}")
    raw = json.loads(ended.stdout.split(BEGIN, 1)[1].split(END, 1)[0])
    return Facts(
        executable=raw["executable"] or executable,
        version=raw["version"],
        pytest_version=raw["pytest_version"],
        sys_path=tuple(raw["sys_path"]),
        plugins=_sorted(raw["plugins"]),
        distributions=_sorted(raw["distributions"]),
        trouble=raw["trouble"],
    )


def normal(name: str) -> str:
    """A distribution's name as an index spells it: https://packaging.python.org/en/latest/specifications/name-normalization/"""
    return re.sub(r"[-_.]+", "-", name).lower()


def _sorted(versions: dict[str, str]) -> tuple[Distribution, ...]:
    return tuple(Distribution(name, version) for name, version in sorted(versions.items()))


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else ""
