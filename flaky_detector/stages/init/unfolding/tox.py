"""What `tox` runs: the commands of the chosen environments, and what it installs for them.

Owns tox.ini, setup.cfg, `legacy_tox_ini` and the factors and substitutions in them (tox.wiki, "Configuration"). tox's own TOML is read into
the same form by `tox_toml`. Must not run tox.

    envlist = py{311,312}-django{42,52}      py311-django42, py311-django52, py312-django42, py312-django52
    deps = django52: Django>=5.2,<6          only where the environment's name has the factor django52
"""

import re
import shlex
from collections.abc import Callable
from itertools import product

import msgspec

from flaky_detector.stages.init import ini
from flaky_detector.stages.init.records import Leaf, Pairs
from flaky_detector.stages.init.shell import commands
from flaky_detector.stages.init.unfolding.ground import Ground
from flaky_detector.stages.init.unfolding.tox_toml import sections_of

Sections = dict[str, dict[str, str]]


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """One environment, its substitutions made."""

    name: str
    installs: tuple[str, ...]
    commands: tuple[str, ...]
    env: Pairs
    folder: str


def leaves(words: tuple[str, ...], ground: Ground) -> tuple[Leaf, ...]:
    """The commands of the environments that `tox` with these arguments takes; without pytest in them there are none."""
    sections = _sections(ground)
    if sections is None:
        return ()
    names, posargs = _chosen(words, ground, sections)
    made = [_environment(name, sections, posargs) for name in names]
    with_pytest = [each for each in made if any("pytest" in line or "py.test" in line for line in each.commands)]
    fitting = [each for each in with_pytest if version_of(each.name) == ground.python] or with_pytest
    found: list[Leaf] = []
    for each in _one_for_each_way(fitting):
        pythons = _pythons(each, with_pytest)
        lines = [*[(line, True) for line in each.installs], *[(line, False) for line in each.commands]]
        for line, is_install in lines:
            found += [
                Leaf(
                    text=made.text,
                    words=made.words,
                    env=each.env + made.env,
                    folder=each.folder,
                    via=f"tox -e {each.name}",
                    pythons=() if is_install else pythons,
                )
                for made in commands(line)
            ]
    return tuple(found)


def version_of(name: str) -> str:
    """`py312-django52` is for 3.12; "" where the name does not tell."""
    for factor in name.split("-"):
        match = re.fullmatch(r"py(?:thon)?(\d)\.?(\d+)|(\d)\.(\d+)", factor)
        if match:
            return f"{match[1] or match[3]}.{match[2] or match[4]}"
    return ""


def _one_for_each_way(environments: list[Environment]) -> list[Environment]:
    """The last environment for each set of commands: pythons and versions of dependencies are listed in ascending order."""
    by_commands = {each.commands: each for each in environments}
    return list(by_commands.values())


def _pythons(chosen: Environment, all_of_them: list[Environment]) -> tuple[str, ...]:
    same = [version_of(each.name) for each in all_of_them if each.commands == chosen.commands]
    return tuple(dict.fromkeys(version for version in same if version))


def _sections(ground: Ground) -> Sections | None:
    for name in ("tox.ini", "setup.cfg", "pyproject.toml", "tox.toml"):
        text = ground.file(name)
        if text is None:
            continue
        if name.endswith(".toml"):
            legacy, native = sections_of(text, name)
            if native:
                return native
            text = legacy
        found = ini.sections(text)
        if name == "setup.cfg":
            found = {section.removeprefix("tox:"): values for section, values in found.items()}
        if "tox" in found or "testenv" in found:
            return found
    return None


def _chosen(words: tuple[str, ...], ground: Ground, sections: Sections) -> tuple[list[str], str]:
    """Names of the environments, and what stands after `--`."""
    at = words.index("--") if "--" in words else len(words)
    asked = _asked(words[1:at]) or dict(ground.env).get("TOXENV", "")
    core = sections.get("tox", {})
    listed = _names(core.get("envlist") or core.get("env_list") or "")
    listed = listed or [section.removeprefix("testenv:") for section in sections if section.startswith("testenv:")] or ["py"]
    if not asked or asked == "ALL":
        names = _of_python(ground.python, listed, sections)
    elif "$" in asked:  # what is known of the name must do
        names = _having({factor for factor in re.sub(r"\$\{\{.*?\}\}|\$\(.*?\)|\$\w+", "$", asked).split("-") if "$" not in factor}, listed)
    else:
        names = _names(asked)
    return names, shlex.join(words[at + 1 :])


def _asked(words: tuple[str, ...]) -> str:
    for at, word in enumerate(words):
        if word in ("-e", "--env", "--envlist") and at + 1 < len(words):
            return words[at + 1]
        match = re.match(r"(?:--env(?:list)?=|-e)(.+)", word)
        if match:
            return match[1]
    return ""


def _having(factors: set[str], listed: list[str]) -> list[str]:
    return [name for name in listed if factors <= set(name.split("-"))]


def _of_python(python: str, listed: list[str], sections: Sections) -> list[str]:
    """Those that tox-gh-actions or tox-gh choose for a Python, all where neither is set up."""
    lines = [line.partition(":") for key in ("gh-actions", "gh") for line in sections.get(key, {}).get("python", "").splitlines()]
    wanted = [name for version, _, names in lines if python and version.strip() == python for name in _names(names)]
    return [name for each in wanted for name in _having(set(each.split("-")), listed)] or listed


def _names(text: str) -> list[str]:
    """`py{311,312}-{a,b},lint` spread out."""
    depth, name, names = 0, "", []
    for character in re.sub(r"#[^\n]*", "", text) + ",":
        depth += (character == "{") - (character == "}")
        if depth == 0 and (character == "," or character.isspace()):
            names.append(name)
            name = ""
        else:
            name += character
    return [spread for name in names if name for spread in _spread(name)]


def _spread(name: str) -> list[str]:
    parts = re.split(r"\{([^{}]*)\}", re.sub(r"\s", "", name))
    choices = [part.split(",") if at % 2 else [part] for at, part in enumerate(parts)]
    return ["".join(chosen) for chosen in product(*(_ranges(choice) for choice in choices))]


def _ranges(choice: list[str]) -> list[str]:
    """`310-313` are all of them."""
    found: list[str] = []
    for each in choice:
        match = re.fullmatch(r"(\d+)-(\d+)", each)
        found += [str(number) for number in range(int(match[1]), min(int(match[2]), int(match[1]) + 50) + 1)] if match else [each]
    return found


def _environment(name: str, sections: Sections, posargs: str) -> Environment:
    own = next((values for section, values in sections.items() if section.startswith("testenv:") and name in _names(section[8:])), {})
    values = sections.get("testenv", {}) | own

    def lines(*keys: str) -> list[str]:
        text = next((values[key] for key in keys if key in values), "")
        return [each for each in (_line(line, name) for line in _substituted(text, name, sections, posargs).splitlines()) if each]

    env = tuple((key.strip(), value.strip()) for key, found, value in (each.partition("=") for each in lines("setenv", "set_env")) if found)
    folder = re.sub(r"^\{tox_?[iI]ni_?[dD]ir\}/?|^\{tox_root\}/?", "", values.get("changedir") or values.get("change_dir") or "")
    return Environment(
        name=name,
        installs=_installs(values, sections.get("tox", {}), lines),
        commands=tuple(re.sub(r"\\\n\s*", " ", line).lstrip("-! ") for line in lines("commands")),
        env=env,
        folder=folder,
    )


def _installs(values: dict[str, str], core: dict[str, str], lines: Callable[..., list[str]]) -> tuple[str, ...]:
    """The dependencies, then the project itself, unless it is said that it is not installed."""

    def is_true(table: dict[str, str], *keys: str) -> bool:
        return any(table.get(key, "").strip().lower() == "true" for key in keys)

    groups = [word for line in lines("dependency_groups") for group in re.split(r"[\s,]+", line) for word in ("--group", group)]
    dependencies = [*groups, *[word for line in lines("deps") for word in _requirement(line)]]
    found = [f"pip install {' '.join(dependencies)}"] if dependencies else []
    package = values.get("package", "").strip()
    if not (is_true(values, "skip_install") or is_true(core, "skipsdist", "no_package") or package == "skip"):
        extras = ",".join(extra for line in lines("extras") for extra in re.split(r"[\s,]+", line) if extra)
        edits = "-e " if is_true(values, "usedevelop", "use_develop") or package.startswith("editable") else ""
        found.append(f"pip install {edits}{shlex.quote(f'.[{extras}]') if extras else '.'}")
    return tuple(found)


def _requirement(line: str) -> list[str]:
    """`-r file`, `-rfile` and `-c file` as two words, anything else as one."""
    match = re.match(r"(-[rce])\s*(.+)", line)
    return [match[1], match[2]] if match else [shlex.quote(line)]


def _line(line: str, name: str) -> str:
    """A line without its condition; "" where the condition does not hold for the environment."""
    line = re.sub(r"(^|\s)#.*", "", line).strip()
    match = re.match(r"([!\w.{},-]+):\s+(.*)", line)
    if not match:
        return line
    factors = set(name.split("-"))
    holds = any(
        all((part[1:] not in factors) if part.startswith("!") else part in factors for part in each.split("-")) for each in _names(match[1])
    )
    return match[2] if holds else ""


def _substituted(text: str, name: str, sections: Sections, posargs: str) -> str:
    text = re.sub(r"\\\n\s*", " ", text)
    for _ in range(5):
        text = re.sub(r"\{\[([^\]]+)\](\w+)\}", lambda match: sections.get(match[1], {}).get(match[2], ""), text)
    text = re.sub(r"\{posargs(?::([^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}", lambda match: posargs or match[1] or "", text)
    text = re.sub(r"\{env:([^:{}]+)(?::([^{}]*))?\}", lambda match: match[2] or "", text)
    text = re.sub(r"\{(?:tox_?ini_?dir|tox_root)\}/?", "", text, flags=re.IGNORECASE)
    text = re.sub(r"\{env_?tmp_?dir\}|\{env_?log_?dir\}|\{tox_?work_?dir\}|\{work_dir\}", "/tmp", text, flags=re.IGNORECASE)  # noqa: S108 -- text
    return re.sub(r"\{env_?python\}", "python", text, flags=re.IGNORECASE).replace("{envname}", name).replace("{env_name}", name)
