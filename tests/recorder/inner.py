"""A real pytest process with the guest in it, and what it left."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 120


@dataclass
class Ran:
    """One finished process: exit code, output, and the events of each worker's journal."""

    exit_code: int
    output: str
    folder: Path
    journals: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)

    def events(self, name: str, worker: str = "main") -> list[dict[str, Any]]:
        return [event for event in self.journals[worker] if event["ev"] == name]

    def order(self, worker: str = "main") -> list[str]:
        """Names of the tests that began, without their file."""
        return [event["id"].split("::", 1)[1] for event in self.events("begin", worker)]

    def end(self, name: str, worker: str = "main") -> dict[str, Any]:
        """The one end of a test, by its name without the file."""
        (event,) = [event for event in self.events("end", worker) if event["id"].split("::", 1)[1] == name]
        return event

    def outcomes(self, worker: str = "main") -> dict[str, str]:
        return {event["id"].split("::", 1)[1]: event["outcome"] for event in self.events("end", worker)}

    def state(self, name: str, worker: str = "main") -> list[tuple[str, str, str]]:
        """Kind, key and what happened, with a scope other than the test's own appended."""
        return [(change["kind"], change["key"], _happening(change)) for change in self.end(name, worker).get("state", ())]

    def notes(self) -> list[str]:
        return [event["text"] for events in self.journals.values() for event in events if event["ev"] == "note"]

    def junit(self) -> str:
        return (self.folder / "record" / "junit.xml").read_text("utf-8")

    def properties(self, name: str) -> dict[str, str]:
        """Our properties of a testcase, by its name in JUnit."""
        entry = re.search(rf'<testcase [^>]*name="{re.escape(name)}".*?</testcase>', self.junit(), re.DOTALL)
        assert entry, name
        return dict(re.findall(r'<property name="flaky-detector\.(\w+)" value="([^"]*)"', entry[0]))


def _happening(change: dict[str, Any]) -> str:
    word = "changed" if change["before"] and change["after"] else "came" if change["after"] else "went"
    word += "" if change["scope"] == "function" else f" ({change['scope']})"
    return word + (" (scan)" if change.get("seen") == "scan" else "")


Run = Callable[..., Ran]


def environment(guest: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The caller's, without what would wake or hinder the inner pytest."""
    hindering = ("PYTEST", "FLAKY_DETECTOR", "DJANGO", "COV", "FORCE_COLOR")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(hindering)}
    return {**clean, "PYTHONPATH": str(guest), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONUNBUFFERED": "1", **env}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def read_journals(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        path.name.removeprefix("journal-").removesuffix(".jsonl"): [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in folder.glob("journal-*.jsonl")
    }


def run_in(folder: Path, guest: Path, *args: str, env: Mapping[str, str] | None = None, python: str = sys.executable) -> Ran:
    """Run pytest in a folder that is written already."""
    record = folder / "record"
    argv = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "flaky_detector.recorder",
        "-p",
        "no:cacheprovider",
        f"--junitxml={record}/junit.xml",
        *args,
    ]
    wishes = environment(guest, {"FLAKY_DETECTOR_RECORD": str(record), **(env or {})})
    done = subprocess.run(argv, cwd=folder, env=wishes, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)
    return Ran(done.returncode, done.stdout + done.stderr, folder, read_journals(record))
