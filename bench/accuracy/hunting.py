"""Writes a suite to a folder, hunts in it as a user would, and keeps what came of it; a suite with a result is not hunted again.

Owns the folder's layout and the child process:

    DIR/plain-1/truth.json   suite/   report/findings.json   hunt.log   score.json
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bench.accuracy.score import Score, score
from bench.accuracy.suite import Suite
from bench.accuracy.truth import Planted, write

ROOT = Path(__file__).parents[2]
SCORE = "score.json"


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """How hunts are made."""

    options: tuple[str, ...] = ()
    pythons: str = sys.executable
    timeout_seconds: float = 1800.0
    environ: dict[str, str] = {}


def lay_down(suite: Suite, folder: Path) -> Path:
    """Writes the suite anew; its truth beside it. A report on another suite of this name goes."""
    tree = folder / "suite"
    if not _is_there(suite, tree):
        shutil.rmtree(folder / "report", ignore_errors=True)
    shutil.rmtree(tree, ignore_errors=True)
    for name, text in suite.files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write(suite.planted, folder)
    return tree


def _is_there(suite: Suite, tree: Path) -> bool:
    paths = {tree / name: text for name, text in suite.files.items()}
    return all(path.is_file() and path.read_text(encoding="utf-8") == text for path, text in paths.items())


def hunted(folder: Path, planted: Planted, habits: Habits) -> Score:
    """The score of a hunt in this folder's suite: the one it has, or that of a new hunt."""
    told = folder / "report" / "findings.json"
    if not told.exists():
        _hunt(folder, (*planted.options, *habits.options), habits)
    findings = json.loads(told.read_text(encoding="utf-8")) if told.exists() else {}
    result = score(planted, findings)
    (folder / SCORE).write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    return result


def _hunt(folder: Path, options: Sequence[str], habits: Habits) -> None:
    command = [sys.executable, "-m", "flaky_detector", "hunt", "--python", habits.pythons, "--output", str(folder / "report"), *options]
    environ = _clean(os.environ) | {"PYTHONPATH": str(ROOT)} | habits.environ
    with (folder / "hunt.log").open("wb") as log:
        try:
            subprocess.run(command, cwd=folder / "suite", env=environ, stdout=log, stderr=log, check=False, timeout=habits.timeout_seconds)
        except subprocess.TimeoutExpired:
            log.write(b"\nThe hunt took too long and was ended.\n")


def _clean(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(("GITHUB_", "INPUT_", "PYTEST_", "FLAKY_DETECTOR_"))}
