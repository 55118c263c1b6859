"""What the user asked for: frozen settings from defaults, a file, the action's inputs and options.

Owns every key, its default, its meaning and every validation message but those of a file that does not parse (`config_file`). The later
source wins: defaults, `[tool.flaky-detector]` in pyproject.toml or a YAML file, `INPUT_*` as the Actions runner sets them, options. Must
not read the command line itself.
"""

import os
import re
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from flaky_detector.errors import SettingsError

DISTRIBUTIONS = ("load", "loadscope", "loadfile", "loadgroup", "worksteal", "no")
FAIL_ON = ("proven", "suspected", "never")
COMMENT = ("auto", "always", "on-findings", "off")
ISSUE = ("off", "on-findings")
MAX_SEEDS = 1000

RUNS, MOST_RUNS = 8, 16
OFF = "off"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that can be set; see `KEYS` for the meaning of each.

    `seeds` are pytest-randomly's, empty where they are left to be chosen ahead of each run; `workers` holds worker counts, 0 standing for
    "as many as there are cores"; `budget_seconds` is wall time for runs and trials together. `runs` is 0 where it is left to the suite:
    `RUNS`, or `MOST_RUNS` of a quick one. `changed_since` is a commit, a branch or `OFF`; empty, the base of the pull request.
    """

    output: Path = Path("flaky-detector-report")
    rootdir: Path = Path()
    runs: int = 0
    seeds: tuple[int, ...] = ()
    dist: tuple[str, ...] = ("worksteal", "load")
    workers: tuple[int, ...] = (2,)
    python: tuple[str, ...] = ()
    install: str = ""
    budget_seconds: float = 1800.0
    run_timeout_seconds: float = 3600.0
    confirm: bool = True
    repeats: int = 3
    fork: bool = True
    look_further: bool = True
    clone: bool = True
    keep_sort: bool = True
    changed_since: str = ""
    fail_on: str = "proven"
    pytest_args: tuple[str, ...] = ()
    comment: str = "auto"
    comment_key: str = "default"
    issue: str = "off"
    history: Path | None = None
    cured_after: int = 3
    quiet: bool = False
    verbose: bool = False
    color: bool = True

    @property
    def worker_counts(self) -> tuple[int, ...]:
        """Worker counts with "auto" replaced by the number of cores."""
        return tuple(count or (os.cpu_count() or 1) for count in self.workers)


class Key(msgspec.Struct, frozen=True):
    """One setting: its public name, its field, how it is read from text, what is allowed, what it means."""

    name: str
    field: str
    read: Callable[[str], Any]
    allowed: str
    help: str
    metavar: str = ""


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _seeds(text: str) -> tuple[int, ...]:
    if "," not in text:
        count = _count(text)
        if count > MAX_SEEDS:
            raise ValueError
        return tuple(range(1, count + 1))
    seeds = tuple(int(part) for part in _words(text))
    if not seeds or not all(0 <= seed < 2**32 for seed in seeds):
        raise ValueError
    return seeds


def _words(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())


def _distributions(text: str) -> tuple[str, ...]:
    chosen = _words(text)
    if not chosen or not set(chosen) <= set(DISTRIBUTIONS):
        raise ValueError
    return chosen


def _workers(text: str) -> tuple[int, ...]:
    counts = tuple(0 if part == "auto" else _count(part) for part in _words(text))
    if not counts:
        raise ValueError
    return counts


def _pythons(text: str) -> tuple[str, ...]:
    chosen = _words(text)
    if "3.1" in chosen:  # what YAML and TOML make of 3.10 without quotes
        raise ValueError
    return chosen


def _seconds(text: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|)\s*", text)
    if not match or float(match[1]) <= 0:
        raise ValueError
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def _boolean(text: str) -> bool:
    return {"true": True, "yes": True, "1": True, "on": True, "false": False, "no": False, "0": False, "off": False}[text.strip().lower()]


def _arguments(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(text))


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.strip() not in allowed:
            raise ValueError
        return text.strip()

    return read


def _path(text: str) -> Path:
    if not text.strip():
        raise ValueError
    return Path(text)


def _any_text(text: str) -> str:
    return text.strip()


def _matching(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text.strip()):
            raise ValueError
        return text.strip()

    return read


_key = _matching(r"[A-Za-z0-9_.-]{1,64}")

KEYS: tuple[Key, ...] = (
    Key(
        "runs",
        "runs",
        _count,
        "a whole number from 1",
        f"how many runs of the suite at most (default {RUNS}, and up to {MOST_RUNS} of a quick suite)",
        "N",
    ),
    Key(
        "seeds",
        "seeds",
        _seeds,
        "seeds such as 1,2,3, or one number N for the seeds 1 to N (at most 1000)",
        "seeds of the shuffled runs: a list, or how many (default: chosen ahead, so that each run shows most)",
        "1,2,3|N",
    ),
    Key(
        "dist",
        "dist",
        _distributions,
        "a list of " + ", ".join(DISTRIBUTIONS),
        "xdist distributions to vary (default worksteal,load)",
        "D[,D…]",
    ),
    Key(
        "workers",
        "workers",
        _workers,
        "numbers from 1, or auto, separated by commas",
        "numbers of xdist workers to vary (default 2)",
        "N[,N…]|auto",
    ),
    Key(
        "python",
        "python",
        _pythons,
        "versions such as 3.11,3.12 (in a file within quotes) or paths of interpreters",
        "Pythons: versions (an environment each is made, filled by --install) or paths of interpreters",
        "V[,V…]",
    ),
    Key(
        "budget",
        "budget_seconds",
        _seconds,
        "a time such as 90s, 20m or 1h",
        "wall time for runs and trials together (default 30m)",
        "TIME",
    ),
    Key(
        "run-timeout",
        "run_timeout_seconds",
        _seconds,
        "a time such as 90s, 20m or 1h",
        "end a single run after this time (default 1h)",
        "TIME",
    ),
    Key("confirm", "confirm", _boolean, "true or false", "prove suspects by re-running (default), or do not"),
    Key("repeats", "repeats", _count, "a whole number from 1", "how often each order of a proof is re-run (default 3)", "N"),
    Key("fork", "fork", _boolean, "true or false", "fork trials from a started pytest where that is safe (default), or start each anew"),
    Key(
        "look-further",
        "look_further",
        _boolean,
        "true or false",
        "once a polluter is proven, look for others that do the same (default), or be content with one",
    ),
    Key(
        "clone",
        "clone",
        _boolean,
        "true or false",
        "copy Django's test databases from one that was made before (default), or make each anew",
    ),
    Key("keep-sort", "keep_sort", _boolean, "true or false", "let the project's plugins sort after a shuffle (default), or shuffle last"),
    Key(
        "changed-since",
        "changed_since",
        _matching(r"[^-].*"),
        "a commit, a branch or a tag, or off",
        "run the tests of files that changed since then once first and once last (default: in a pull request since its base), or off",
        "REF|off",
    ),
    Key(
        "fail-on",
        "fail_on",
        _one_of(FAIL_ON),
        ", ".join(FAIL_ON),
        "exit 1 when there are such findings (default proven)",
        "|".join(FAIL_ON),
    ),
    Key("install", "install", _any_text, "a shell command", "command that fills an environment made for --python", "COMMAND"),
    Key("pytest-args", "pytest_args", _arguments, "arguments as in a shell", "arguments for pytest, as in a shell", "ARGS"),
    Key("output", "output", _path, "a folder", "where the report goes (default flaky-detector-report)", "DIR"),
    Key("rootdir", "rootdir", _path, "a folder", "the project (default: here)", "DIR"),
    Key(
        "comment",
        "comment",
        _one_of(COMMENT),
        ", ".join(COMMENT),
        "when the action comments on the pull request (default auto)",
        "|".join(COMMENT),
    ),
    Key("comment-key", "comment_key", _key, "1 to 64 letters, digits, _ . -", "which sticky comment is ours (default default)", "KEY"),
    Key(
        "issue", "issue", _one_of(ISSUE), ", ".join(ISSUE), "whether the action keeps an issue per polluter (default off)", "|".join(ISSUE)
    ),
    Key(
        "history",
        "history",
        _path,
        "a file",
        "SQLite file in which earlier nights are remembered, read at the start and written at the end (default: none)",
        "PATH",
    ),
    Key(
        "cured-after",
        "cured_after",
        _count,
        "a whole number from 1",
        "nights in a row on which a known cause must not show before it counts as cured (default 3)",
        "N",
    ),
    Key("quiet", "quiet", _boolean, "true or false", "print the result only"),
    Key("verbose", "verbose", _boolean, "true or false", "print every trial"),
    Key("color", "color", _boolean, "true or false", "colours in the terminal"),
)

BY_NAME = {key.name: key for key in KEYS}
INPUT_NAMES = {"python-versions": "python"}
"""Inputs of the action whose names differ from the option's."""


SEVERAL = frozenset(key.field for key in KEYS if isinstance(getattr(Settings(), key.field), tuple))
"""Fields that a list may be given for."""

UNQUOTED = {"dist": "no", "comment": "off", "issue": "off", "changed-since": OFF}
"""Words that YAML without quotes reads as false."""


def _as_text(key: Key, value: object) -> str:
    """A value as somebody would write it on the command line."""
    if isinstance(value, bool):
        return "true" if value else UNQUOTED.get(key.name, "false")
    if not isinstance(value, (list, tuple)):
        return "" if value is None else str(value)
    parts = [_as_text(key, part) for part in value]
    if key.field == "pytest_args":
        return shlex.join(parts)
    return ",".join(parts) + ("," if key.field == "seeds" and len(parts) == 1 else "")


def read_value(name: str, value: object, where: str) -> tuple[str, Any]:
    """The field and the checked value of one key.

    Args:
        name: the key, as users write it.
        value: text, or what TOML and YAML give for it (numbers, booleans, lists).
        where: where it stood, for the message.
    """
    key = BY_NAME.get(name.replace("_", "-"))
    if key is None:
        raise SettingsError(f"unknown setting {name!r} in {where}", f"allowed are {', '.join(BY_NAME)}")
    text = _as_text(key, value)
    try:
        if isinstance(value, dict) or (isinstance(value, (list, tuple)) and key.field not in SEVERAL):
            raise ValueError
        return key.field, key.read(text)
    except (ValueError, KeyError):
        raise SettingsError(f"bad value {text!r} for {name!r} in {where}", f"allowed: {key.allowed}") from None


def from_file(path: Path | None, rootdir: Path) -> dict[str, Any]:
    """Fields from a YAML or TOML file, or from `[tool.flaky-detector]` of the rootdir's pyproject.toml when `path` is None."""
    if path is None:
        path = rootdir / "pyproject.toml"
        if not path.is_file():
            return {}
    from flaky_detector.config_file import table  # noqa: PLC0415 -- most have no such file, and its parsers take a tenth of our start

    return dict(read_value(str(name), value, str(path)) for name, value in table(path).items())


def from_inputs(environ: Mapping[str, str]) -> dict[str, Any]:
    """Fields from `INPUT_*`, only where GitHub Actions runs us. Empty inputs count as not given; other inputs are the action's own."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return {}
    fields: dict[str, Any] = {}
    for variable, text in environ.items():
        if variable.startswith("INPUT_") and text.strip():
            name = variable.removeprefix("INPUT_").lower().replace("_", "-")
            name = INPUT_NAMES.get(name, name)
            if name in BY_NAME:
                fields.update([read_value(name, text, f"the action's input {name!r}")])
    return fields


def load(options: Mapping[str, Any], environ: Mapping[str, str], config: Path | None = None) -> Settings:
    """All sources laid over one another.

    Args:
        options: fields given on the command line, already read.
        environ: the process environment.
        config: the file given with `--config`, if any.
    """
    inputs = from_inputs(environ)
    rootdir = _existing(Path(options.get("rootdir") or inputs.get("rootdir") or "."))
    settings = Settings(**{**from_file(config, rootdir), **inputs, **options})
    _existing(settings.rootdir)
    return settings


def _existing(rootdir: Path) -> Path:
    if not rootdir.is_dir():
        raise SettingsError(f"the rootdir {str(rootdir)!r} is not a folder", "give the folder of the project to --rootdir")
    return rootdir
