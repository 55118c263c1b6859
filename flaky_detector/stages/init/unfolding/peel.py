"""What stands before the command that is meant: interpreters, runners, coverage.

Owns the runners' options as far as they take a value or say what is installed. Must not read any file.

    uv run --group test python -m pytest -x     ("pytest", "-x"), having installed by `uv sync --group test`
"""

import re
import shlex
from pathlib import PurePosixPath

import msgspec

VALUED = {
    "uv": frozenset(
        [
            "--python",
            "-p",
            "--extra",
            "--no-extra",
            "--group",
            "--no-group",
            "--only-group",
            "--with",
            "--with-requirements",
            "--with-editable",
            "--env-file",
            "--directory",
            "--project",
            "--package",
            "--index",
            "--default-index",
            "--resolution",
            "--prerelease",
            "--config-file",
            "--cache-dir",
            "--color",
        ]
    ),
    "poetry": frozenset(("-C", "--directory", "-P", "--project")),
    "pdm": frozenset(("-p", "--project", "--venv")),
    "pipenv": frozenset(("--python",)),
    "coverage": frozenset(("-p", "--source", "--omit", "--include", "--rcfile", "--data-file", "--concurrency", "--context")) - {"-p"},
}
SYNCS = frozenset(["--extra", "--no-extra", "--group", "--no-group", "--only-group", "--package", "--resolution", "--prerelease"])
# fmt: off
SYNC_FLAGS = frozenset((
    "--all-extras", "--all-groups", "--all-packages", "--dev", "--no-dev", "--frozen", "--locked", "--no-default-groups",
    "--no-editable",
))
# fmt: on
WITH = {"--with": "", "--with-requirements": "-r ", "--with-editable": "-e "}
MANAGERS = {"poetry": "poetry install", "pdm": "pdm install", "pipenv": "pipenv install --dev"}
TOOLS = frozenset(("pytest", "tox", "nox", "hatch", "poe"))


class Peeled(msgspec.Struct, frozen=True, kw_only=True):
    """The command that is meant, and what its runner installs before: whole commands."""

    words: tuple[str, ...]
    implied: tuple[str, ...] = ()
    python: str = ""


def peel(words: tuple[str, ...]) -> Peeled:
    """Take one layer after another away."""
    peeled = Peeled(words=words)
    while peeled.words:
        inner = _layer(peeled.words)
        if inner is None:
            break
        peeled = Peeled(words=inner.words, implied=peeled.implied + inner.implied, python=inner.python or peeled.python)
    return peeled


def name_of(words: tuple[str, ...]) -> str:
    """The command's name without its folder."""
    name = (PurePosixPath(words[0]).name or words[0]) if words else ""
    return "pytest" if name == "py.test" else name


def _layer(words: tuple[str, ...]) -> Peeled | None:
    name, rest = name_of(words), words[1:]
    if re.fullmatch(r"(python|pypy)[\d.]*|py", name):
        return Peeled(words=rest[rest.index("-m") + 1 :]) if "-m" in rest and _is_option(rest, rest.index("-m")) else None
    if name == "coverage" and rest[:1] == ("run",):
        inner, _ = _options(rest[1:], VALUED["coverage"], stop="-m")
        return Peeled(words=inner) if name_of(inner) == "pytest" else None
    if name == "uv" and rest[:1] == ("run",):
        return _uv_run(rest[1:])
    if name == "uvx" or (name, rest[:2]) == ("uv", ("tool", "run")) or (name, rest[:1]) == ("pipx", ("run",)):
        inner, _ = _options(rest[{"uvx": 0, "uv": 2, "pipx": 1}[name] :], VALUED["uv"] | {"--from", "--spec"})
        return Peeled(words=(inner[0].partition("@")[0], *inner[1:])) if inner and inner[0].partition("@")[0] in TOOLS else None
    if name in MANAGERS and "run" in rest:
        inner, _ = _options(rest[rest.index("run") + 1 :], VALUED[name])
        return Peeled(words=inner, implied=(MANAGERS[name],))
    if name in ("dotenv", "doppler", "op", "infisical", "pixi", "rye", "conda", "micromamba", "mamba") and rest[:1] == ("run",):
        at = next((n for n, word in enumerate(rest) if name_of((word,)) in (*TOOLS, "python")), None)
        return None if at is None else Peeled(words=rest[at:])
    return None


def _is_option(rest: tuple[str, ...], at: int) -> bool:
    """Whether all before `-m` are the interpreter's own options (`-W error`, `-X dev`)."""
    before = [word for number, word in enumerate(rest[:at]) if not (number and rest[number - 1] in ("-W", "-X"))]
    return all(word.startswith("-") for word in before)


def _options(rest: tuple[str, ...], valued: frozenset[str], stop: str = "") -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """What follows the options, and the options with their values."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(rest) and rest[at].startswith("-"):
        if rest[at] in ("--", stop, "-m"):
            at += 1
            break
        option, equals, value = rest[at].partition("=")
        if not equals and option in valued and at + 1 < len(rest):
            at += 1
            value = rest[at]
        found.append((option, value))
        at += 1
    return rest[at:], found


def _uv_run(rest: tuple[str, ...]) -> Peeled:
    inner, options = _options(rest, VALUED["uv"])
    sync = [word for option, value in options for word in (option, value) if word and (option in SYNCS or option in SYNC_FLAGS)]
    added = [f"uv pip install {WITH[option]}{shlex.quote(value)}" for option, value in options if option in WITH]
    python = next((value for option, value in options if option in ("--python", "-p")), "")
    syncs = [] if ("--no-project", "") in options else [shlex.join(("uv", "sync", *sync))]
    return Peeled(words=inner, implied=(*syncs, *added), python=python)
