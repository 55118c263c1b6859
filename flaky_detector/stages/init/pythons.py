"""Which Pythons a job names, in the form that `python-versions` takes.

Owns the forms of setup-python and setup-uv. Must not choose a version where a range leaves it open without saying so.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from flaky_detector.stages.init.records import Step
from flaky_detector.stages.init.unfolding import Ground

IN_THE_IMAGE = ("3.13", "3.12", "3.11", "3.10")
"""Newest first: what a range is looked up in."""
OLDEST = Version("3.8")


def versions(texts: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Versions in ascending order, and what is said of those that were left out.

    Args:
        texts: what `python-version` is given, lists of it one a line.
    """
    kept: dict[Version, str] = {}
    said: list[str] = []
    for text in dict.fromkeys(each.strip().strip("\"'") for many in texts for each in many.splitlines()):
        if not text:
            continue
        version, note = _version(text)
        if version:
            kept[Version(version)] = version
        if note:
            said.append(note)
    return tuple(kept[each] for each in sorted(kept)), tuple(said)


def _version(text: str) -> tuple[str, str]:
    """The version, "" where none is taken, and what is to be said about that."""
    number = re.fullmatch(r"(?:cpython[-@]?)?(3)\.(\d+)(?:\.(?:\d+|x))?", text)
    if number:
        version = f"3.{number[2]}"
        if version == "3.1":
            return "", "Python 3.1 was left out: that is what YAML makes of an unquoted 3.10"
        return (version, "") if Version(version) >= OLDEST else ("", f"Python {text} was left out: the recorder needs 3.8 or later")
    if text in ("3", "3.x", "*", ">=3"):
        return IN_THE_IMAGE[1], f"Python {text} leaves the version open: {IN_THE_IMAGE[1]} was taken"
    if re.match(r"pypy|graalpy|miniconda|.*(dev|alpha|beta|rc)|\d+\.\d+t$", text, re.IGNORECASE):
        return "", f"Python {text} was left out: only released CPythons are hunted on"
    return _of_range(text)


def _of_range(text: str) -> tuple[str, str]:
    comma_separated = re.sub(r"(?<=[\d*x])\s+(?=[<>=!~^])", ",", text).replace("^", "~=").replace(".x", ".*")
    try:
        wanted = SpecifierSet(comma_separated)
    except InvalidSpecifier:
        return "", f"Python {text!r} was not understood and left out"
    # A bound such as <3.13.1 is met by any patch release of the minor version.
    fitting = next((version for version in IN_THE_IMAGE if wanted.contains(f"{version}.99") or wanted.contains(f"{version}.0")), "")
    return fitting, (f"Python {text} is a range: {fitting} was taken" if fitting else f"no Python of {text} is at hand")


def asked_for(steps: Sequence[Step], ground: Ground) -> tuple[str, ...]:
    """What the steps that set Python up are given, expressions resolved already; files that they name are read."""
    found: list[str] = []
    for step in steps:
        inputs = dict(step.inputs)
        if not re.search(r"setup-(python|uv|pdm|miniconda|micromamba|pixi)\b|install-(python|uv)|setup-python", step.uses):
            continue
        if inputs.get("python-version"):
            found.append(inputs["python-version"])
        elif inputs.get("python-version-file"):
            found += _in_file(inputs["python-version-file"], ground)
    return tuple(found)


def _in_file(name: str, ground: Ground) -> tuple[str, ...]:
    text = ground.read(name)
    if text is None:
        return ()
    if name.endswith("pyproject.toml"):
        return tuple(filter(None, (required(text),)))
    if name.endswith(".tool-versions"):
        return tuple(re.findall(r"^python\s+(\S+)", text, re.MULTILINE)[:1])
    return tuple(line.strip().removeprefix("python-") for line in text.splitlines() if line.strip() and not line.startswith("#"))


def required(pyproject: str) -> str:
    """`requires-python` of a pyproject.toml, "" where it does not say."""
    try:
        content = tomllib.loads(pyproject)
    except tomllib.TOMLDecodeError:
        return ""
    project, poetry = content.get("project", {}), content.get("tool", {}).get("poetry", {}).get("dependencies", {})
    return str(project.get("requires-python") or poetry.get("python") or "")


def of_files(ground: Ground) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """For a project without a workflow that tells: versions, notes, and the file that they come from ("" where none tells)."""
    for name in (".python-version", ".tool-versions", "pyproject.toml"):
        given = _in_file("/".join(filter(None, (ground.folder, name))), ground)
        found, notes = versions(given[:1])
        if found:
            return found, notes, name
    return (), (), ""
