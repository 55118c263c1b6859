"""Runs the program as a user does, and reads what it left."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """How a command ended: exit code, what it printed, and its findings.json where it left one."""

    exit_code: int
    out: str
    err: str
    findings: dict[str, Any]

    def finding(self, test: str) -> dict[str, Any]:
        """The one finding of a test."""
        (found,) = [finding for finding in self.findings["findings"] if finding["test"] == test]
        return found


def flaky_detector(*argv: object, cwd: Path, environ: Mapping[str, str] | None = None, output: str = "report") -> Outcome:
    """`python -m flaky_detector ARGV` in `cwd`, with this environment's Python as the suite's.

    The report goes to the folder `output` beside `cwd`.
    """
    folder = cwd.parent / output
    words = [str(word) for word in argv]
    options = ["--output", str(folder)] + (["--python", sys.executable] if words[0] not in ("report", "plan") else [])
    at = words.index("--") if "--" in words else len(words)
    command = [sys.executable, "-m", "flaky_detector", *words[:at], *options, *words[at:]]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "PYTEST_"))}
    ended = subprocess.run(command, cwd=cwd, env=inherited | dict(environ or {}), capture_output=True, text=True, check=False, timeout=1700)
    file = folder / "findings.json"
    findings = json.loads(file.read_text()) if file.is_file() else {}
    return Outcome(ended.returncode, ended.stdout, ended.stderr, findings)


def write_suite(folder: Path, files: Mapping[str, str]) -> Path:
    """A project of these files; pytest finds its modules and its tests."""
    folder.mkdir(parents=True)
    settings = '[tool.pytest.ini_options]\npythonpath = ["."]\ntestpaths = ["tests"]\n'
    for name, text in {"pyproject.toml": settings, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
