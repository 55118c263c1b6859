"""Which commands before pytest bring in what the tests need, as the action's `install` takes them.

Owns the forms of installing commands and what of them means nothing in the action's container: root in a Debian without sudo, pipx and
conda, with an environment that is active already. Must not say where a suite is.
"""

import os.path
import re
import shlex
from collections.abc import Iterable, Sequence

import msgspec

from flaky_detector.stages.init.records import Leaf
from flaky_detector.stages.init.unfolding import name_of, peel

BLOCK = "block"
"""The first word of a leaf that is a whole script, kept together because its commands depend on one another."""

SYNCING = ("uv sync", "poetry install", "poetry sync", "pdm install", "pdm sync", "pipenv install", "pipenv sync", "pdm use")
MANAGERS = ("poetry", "pdm", "pipenv")
# fmt: off
RUNNERS = frozenset((
    "tox", "tox-gh-actions", "tox-gh", "tox-uv", "tox-pdm", "tox-current-env", "nox", "nox-uv", "nox-poetry", "hatch",
    "virtualenv", "codecov", "coveralls", "build", "twine",
))
# fmt: on
FILES = frozenset(["cp", "mv", "mkdir", "touch", "ln", "install", "chmod"])
# fmt: off
SILENT = frozenset((
    "flake8", "ruff", "black", "mypy", "isort", "pre-commit", "bandit", "pylint", "pyright", "pyflakes", "codespell", "echo",
    "printf", "ls", "cat", "pwd", "which", "true", "set", "git", "coverage", "codecov", "tree", "df", "free", "uname", "locale",
    "sleep", "deactivate", "exit", "ulimit", "date", "env", "tox", "nox", "source", ".", "pip-audit", "safety", "yamllint",
    "lint-imports", "vermin", "check-jsonschema", "zizmor", "hadolint", "shellcheck", "djlint", "pydocstyle", "interrogate", "time",
))
# fmt: on
"""Commands whose absence in a hunt nobody misses."""

MEANINGLESS = re.compile(
    r"(uv|poetry|pdm|pipenv) (venv|python|config|env|self|cache|version|lock|build|publish|check|use|--version|-V|about|show|tree)\b|"
    r"(python\S*|py) (-m (venv|virtualenv|ensurepip)|--version|-V|-c)\b|virtualenv\b|pyenv\b|"
    r"(python\S* -m )?pip3? (--version|list|freeze|check|cache|debug|config|show|wheel)\b|uv pip (list|freeze|check|compile)\b"
)


class Installing(msgspec.Struct, frozen=True, kw_only=True):
    """Lines for the action's `install`, and commands that stand before pytest and are not among them."""

    lines: tuple[str, ...] = ()
    not_carried: tuple[str, ...] = ()
    conda: bool = False


def installing(before: Sequence[Leaf], folder: str, versions: dict[str, str]) -> Installing:
    """What of the commands before pytest goes into `install`.

    Args:
        before: the commands, in sequence.
        folder: where pytest runs, which is where `install` runs.
        versions: of poetry, pdm and pipenv, where an action sets them up.
    """
    lines: list[str] = []
    left: list[str] = []
    for leaf in _without_needless(before):
        line = _line(leaf)
        if line:
            lines.append(_placed(line, leaf.folder, folder))
        elif (
            line is None
            and not leaf.words[0].startswith("-")
            and (name_of(leaf.words) not in SILENT or re.search(r"(?<!\|)\|(?!\|)", leaf.text))
        ):
            left.append(leaf.text)
    made = tuple(_with_apt_lists(_with_managers(list(dict.fromkeys(lines)), versions)))
    return Installing(
        lines=made,
        not_carried=tuple(dict.fromkeys(left)),
        conda=any(name_of(leaf.words) in ("conda", "mamba", "micromamba") for leaf in before),
    )


def is_install(leaf: Leaf) -> bool:
    """Whether the command brings something in."""
    return bool(_line(leaf)) and name_of(leaf.words) not in FILES


def _without_needless(before: Sequence[Leaf]) -> Iterable[Leaf]:
    """What a runner installs by itself counts for the very next command only, and not where the job has done it before."""
    for at, leaf in enumerate(before):
        if not leaf.implied:
            yield leaf
            continue
        is_ours = all(each.implied for each in before[at:])
        tool = next((sync for sync in SYNCING if leaf.text.startswith(sync)), leaf.text).split()[0]
        earlier = [each.text for each in before[:at] if not each.implied and tool in each.text.split()[:2]]
        flags = set(leaf.words[2:])
        if is_ours and not any(_syncs(text, tool) and (not flags or flags <= set(text.split())) for text in earlier):
            yield leaf


def _syncs(text: str, tool: str) -> bool:
    return any(f"{sync}" in text for sync in SYNCING if sync.startswith(tool))


def _line(leaf: Leaf) -> str | None:
    """The command as `install` takes it, "" where it means nothing there, None where it is not known to install anything."""
    if leaf.words[0] == BLOCK:
        return re.sub(r"\bsudo\s+(?:-[EH]+\s+)*", "", leaf.text)
    words = peel(leaf.words).words or leaf.words
    name = name_of(words)
    text = _from(name, re.sub(r"^(?:[(!{]\s*)*(?:sudo\s+(?:-[EHn]+\s+)*)?", "", leaf.text))
    known = shlex.join((name, *words[1:]))
    if MEANINGLESS.match(known) or (name in ("source", ".") and known.endswith("activate")):
        return ""
    if re.search(r"GITHUB_(PATH|OUTPUT|ENV|STEP_SUMMARY)", text):
        return ""
    return _installing_line(name, words, text)


def _from(name: str, text: str) -> str:
    """The text from the command's name on: `.venv/bin/pip install x` and `poetry run pip install x` become `pip install x`."""
    text = re.sub(r"(?:[\w.~$-]*/)+(python[\d.]*) -m ", r"\1 -m ", text)
    match = re.search(rf"(?:^|[\s/])((?:python[\d.]* -m )?{re.escape(name)})(?=\s|$)", text)
    return text[match.start(1) :] if match else text


def _installing_line(name: str, words: tuple[str, ...], text: str) -> str | None:
    if name in ("pip", "pip3", "pipx") and words[1:2] in (("install",), ("uninstall",), ("inject",)):
        return _pip(words, re.sub(r"^pipx install", "pip install", text))
    if name == "uv":
        return _uv(words, text)
    if name in MANAGERS and words[1:2] in (("install",), ("sync",), ("add",)):
        return text
    if name in ("apt-get", "apt", "aptitude"):
        return _apt(words, text)
    if re.match(r"python", name) and "setup.py" in words:
        return text
    if "install.python-poetry.org" in text or "pdm-project.org" in text or "pdm-project/pdm" in text:
        return f"pip install {'poetry' if 'poetry' in text else 'pdm'}"
    if name in FILES and re.search(r"(^|\s)\.?v?env/", text):
        return ""  # in an environment of the job's own
    if name in FILES and re.search(r"(^|\s)[~/]", text):
        return None  # somewhere in the runner's own system
    if name in FILES or (name in ("echo", "printf", "cat") and re.search(r">\s*[\"']?[\w./-]+", text) and "GITHUB_" not in text):
        return text
    return None


def _pip(words: tuple[str, ...], text: str) -> str:
    packages = [re.split(r"[\[=<>~!]", word)[0] for word in words[2:] if not word.startswith("-")]
    others = [package for package in packages if package not in ("pip", "setuptools", "wheel")]
    return "" if others and all(package in RUNNERS for package in others) else text


def _uv(words: tuple[str, ...], text: str) -> str | None:
    if words[1:3] in (("pip", "install"), ("pip", "sync"), ("pip", "uninstall")):
        return _pip(words[1:], re.sub(r"\s--system\b(?!-)|\s--python[= ]\S+", "", text))
    if words[1:3] == ("tool", "install"):
        return _pip(("pip", "install", *words[3:]), re.sub(r"^uv tool install", "pip install", text))
    return text if words[1:2] in (("sync",), ("add",)) else None


def _apt(words: tuple[str, ...], text: str) -> str:
    if "install" in words and not {"-y", "--yes", "-qy", "-yq", "-qqy", "-yqq"} & set(words):
        return re.sub(r"\binstall\b", "install --yes", text, count=1)
    return text


def _with_managers(lines: list[str], versions: dict[str, str]) -> list[str]:
    """The tools that later lines call are installed first, unless a line does it."""
    text = "\n".join(lines)
    found = []
    for tool in MANAGERS:
        is_called = re.search(rf"(^|[(&;]\s*){tool} ", text, re.MULTILINE)
        if is_called and not re.search(rf"pip3? install[^\n]*\b{tool}\b", text):
            found.append(f"pip install {tool}{f'=={versions[tool]}' if versions.get(tool) else ''}")
    return [*found, *lines]


def _with_apt_lists(lines: list[str]) -> list[str]:
    """The image has no lists of packages."""
    first = next((at for at, line in enumerate(lines) if re.search(r"\bapt(-get)? .*\binstall\b", line)), None)
    if first is not None and not any(re.search(r"\bapt(-get)? .*\bupdate\b", line) for line in lines[: first + 1]):
        lines.insert(first, "apt-get update")
    return lines


def _placed(line: str, there: str, here: str) -> str:
    """A line that is to run in another folder than the others."""
    if there == here or name_is_anywhere(line):
        return line
    return f"(cd {shlex.quote(os.path.relpath(there or '.', here or '.'))} && {line})"


def name_is_anywhere(line: str) -> bool:
    """Whether the command does the same in every folder: it names no path."""
    return bool(re.match(r"apt(-get)? ", line)) or (
        bool(re.match(r"(python\S* -m )?pip3? install ", line)) and not re.search(r"(^|\s|[\"'])(\.|-r|-c|-e|--group|\S*/)", line[11:])
    )
