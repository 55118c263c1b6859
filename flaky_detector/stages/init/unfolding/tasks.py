"""Named commands of pyproject.toml: poe, taskipy, PDM's scripts. Owns their forms. Must not run them."""

import shlex
import tomllib
from typing import Any

from flaky_detector.stages.init.unfolding.ground import Ground

PLACES = {"poe": ("poe", "tasks"), "task": ("taskipy", "tasks"), "pdm": ("pdm", "scripts")}


def script(runner: str, rest: tuple[str, ...], ground: Ground, depth: int = 0) -> str:
    """The shell script that a task comes to, "" where there is none of that name."""
    names = [word for word in rest if not word.startswith("-")]
    tasks = _tasks(runner, ground)
    if not names or names[0] not in tasks or depth > 5:
        return ""
    more = rest[rest.index(names[0]) + 1 :]
    found = tasks[names[0]]
    lines = [_line(each, runner, ground, depth) for each in _sequence(found)]
    return "\n".join(f"{line} {shlex.join(more)}".strip() if more and len(lines) == 1 else line for line in lines)


def _tasks(runner: str, ground: Ground) -> dict[str, Any]:
    try:
        content: Any = tomllib.loads(ground.file("pyproject.toml") or "").get("tool", {})
    except tomllib.TOMLDecodeError:
        return {}
    for key in PLACES[runner]:
        content = content.get(key, {}) if isinstance(content, dict) else {}
    return content if isinstance(content, dict) else {}


def _sequence(task: Any) -> list[Any]:
    if isinstance(task, dict):
        return _sequence(task.get("sequence") or task.get("composite") or task.get("shell") or task.get("cmd") or "")
    return task if isinstance(task, list) else [task]


def _line(step: Any, runner: str, ground: Ground, depth: int) -> str:
    if isinstance(step, dict):
        return str(step.get("cmd") or step.get("shell") or (script(runner, (str(step.get("ref", "")),), ground, depth + 1)))
    return script(runner, tuple(str(step).split()), ground, depth + 1) or str(step)
