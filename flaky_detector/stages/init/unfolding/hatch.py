"""What `hatch run` and `hatch test` run: scripts, dependencies and the matrix of an environment.

Owns `[tool.hatch.envs]` of pyproject.toml and `[envs]` of hatch.toml, with inheritance from `template`. Must not run hatch.
"""

import shlex
import tomllib
from typing import Any

from flaky_detector.stages.init.records import Leaf
from flaky_detector.stages.init.shell import commands
from flaky_detector.stages.init.unfolding.ground import Ground

# fmt: off
TEST_DEPENDENCIES = [
    "coverage-enable-subprocess==1.0", "coverage[toml]~=7.4", "pytest~=8.1", "pytest-mock~=3.12", "pytest-randomly~=3.15",
    "pytest-rerunfailures~=14.0", "pytest-xdist[psutil]~=3.5",
]
# fmt: on
"""What hatch gives its own environment `hatch-test` (hatch.pypa.io, "Testing: Overview")."""


def leaves(words: tuple[str, ...], ground: Ground) -> tuple[Leaf, ...]:
    """The commands of `hatch run NAME…`, `hatch run ENV:NAME…`, `hatch test…`; nothing for its other commands."""
    rest = words[1:]
    while rest[:1] and rest[0].startswith("-"):
        rest = rest[2:] if rest[0] in ("-e", "--env") else rest[1:]
    environments = _environments(ground)
    if rest[:1] == ("test",):
        arguments = [word for word in rest[1:] if word not in ("-a", "--all", "-c", "--cover", "-p", "--parallel", "--randomize", "-r")]
        return _made("hatch-test", shlex.join(("pytest", *(arguments or ["tests"]))), environments)
    if rest[:1] not in (("run",), ("env",)):
        return ()
    rest = tuple(word for word in rest[1:] if word not in ("run", "--"))
    while len(rest) > 1 and rest[0].startswith(("-", "+")):
        rest = rest[2:] if rest[0] in ("-e", "--env") else rest[1:]
    name, colon, script = (rest[0] if rest else "").partition(":")
    environment, script = (name, script) if colon else ("default", name)
    return _made(environment, shlex.join((script, *rest[1:])) if script else "", environments)


def _environments(ground: Ground) -> dict[str, Any]:
    for name in ("hatch.toml", "pyproject.toml"):
        try:
            content = tomllib.loads(ground.file(name) or "")
        except tomllib.TOMLDecodeError:
            continue
        hatch = content if name == "hatch.toml" else content.get("tool", {}).get("hatch", {})
        if isinstance(hatch.get("envs"), dict):
            found: dict[str, Any] = hatch["envs"]
            return found
    return {}


def _made(name: str, script: str, environments: dict[str, Any]) -> tuple[Leaf, ...]:
    chain = _chain(name, environments)
    scripts = {key: value for each in chain for key, value in each.get("scripts", {}).items()}
    lines = _lines(script, scripts)
    pythons = tuple(
        dict.fromkeys(str(python) for table in chain[-1].get("matrix", []) for python in table.get("python", [])) if chain else ()
    )
    env = tuple((str(key), str(value)) for each in chain for key, value in each.get("env-vars", {}).items())
    made = [(line, ()) for line in _installs(name, chain)] + [(line, pythons) for line in lines]
    return tuple(
        Leaf(text=command.text, words=command.words, env=env + command.env, via="hatch", pythons=versions)
        for line, versions in made
        for command in commands(line)
    )


def _chain(name: str, environments: dict[str, Any]) -> list[dict[str, Any]]:
    """The environment after those that it inherits from."""
    found: list[dict[str, Any]] = []
    while isinstance(environments.get(name), dict) and environments[name] not in found:
        found.insert(0, environments[name])
        name = environments[name].get("template", "" if name in ("default", "hatch-test") else "default")
    return found


def _lines(script: str, scripts: dict[str, Any], depth: int = 0) -> list[str]:
    """The commands of a script, those that are names of scripts looked through."""
    name, _, arguments = script.partition(" ")
    if name not in scripts or depth > 5:
        return [script] if script else []
    inner = scripts[name] if isinstance(scripts[name], list) else [scripts[name]]
    filled = [_with_arguments(str(line), arguments) for line in inner]
    return [line for each in filled for line in _lines(each.lstrip("- "), scripts, depth + 1)]


def _with_arguments(line: str, arguments: str) -> str:
    before, brace, after = line.partition("{args")
    default, _, rest = after.partition("}")
    return f"{before}{arguments or default.removeprefix(':')}{rest}".strip() if brace else line


def _installs(name: str, chain: list[dict[str, Any]]) -> list[str]:
    dependencies = [str(word) for each in chain for key in ("dependencies", "extra-dependencies") for word in each.get(key, [])]
    if name == "hatch-test":
        own = any("dependencies" in each for each in chain)
        dependencies = [*([] if own else TEST_DEPENDENCIES), *dependencies]
    features = ",".join(str(feature) for each in chain for feature in each.get("features", []))
    skips = any(each.get("skip-install") or each.get("detached") for each in chain)
    project = [] if skips else [f".[{features}]" if features else "."]
    words = [*project, *dict.fromkeys(dependencies)]
    return [shlex.join(("pip", "install", *words))] if words else []
