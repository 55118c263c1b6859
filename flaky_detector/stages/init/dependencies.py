"""How to install what the tests need, where no workflow tells: from lock files, requirements and pyproject.toml.

Owns the precedence among them. A file counts only where it names pytest, else the tests would lack it; where none does, the answer is None
and a person has to say.
"""

import ast
import re
import shlex
import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from flaky_detector.stages.init.ini import sections
from flaky_detector.stages.init.records import Checkout
from flaky_detector.stages.init.unfolding import Ground, inside

PYTEST = re.compile(r"^\s*[\"']?pytest\b", re.IGNORECASE)
WISHED = ("all", "dev", "develop", "development", "test", "tests", "testing", "ci", "local")
"""Words in the names of requirements files, best first."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Lines for `install`, and the files that they were read from."""

    lines: tuple[str, ...]
    files: tuple[str, ...]


def dependencies(checkout: Checkout, folder: str) -> Found | None:
    """The way that the files of a folder tell, None where they tell none."""
    ground = Ground(read=checkout.read, folder=folder)
    pyproject = _toml(ground.file("pyproject.toml"))
    names = {path[len(folder) :].lstrip("/") for path in checkout.paths if not folder or path.startswith(f"{folder}/")}
    for way in (_uv, _poetry, _pdm):
        found = way(pyproject, names)
        if found:
            return found
    if "Pipfile" in names and _names_pytest(ground.file("Pipfile")):
        return Found(lines=("pip install pipenv", "pipenv install --dev"), files=("Pipfile",))
    return _requirements(ground, names) or _extras(pyproject, names) or _setup_files(ground)


def _toml(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        return {}


def _names_pytest(text: str | None) -> bool:
    return any(PYTEST.match(line) for line in (text or "").splitlines())


def _with_pytest(groups: object) -> list[str]:
    """Names of the groups of dependencies that have pytest, those that include such a group among them."""
    table: Mapping[str, Any] = groups if isinstance(groups, dict) else {}
    direct = [name for name, entries in table.items() if any(PYTEST.match(str(each)) for each in entries or ())]
    including = [
        name
        for name, entries in table.items()
        if isinstance(entries, list) and any(isinstance(each, dict) and each.get("include-group") in direct for each in entries)
    ]
    return sorted({*direct, *including}, key=lambda name: WISHED.index(name) if name in WISHED else len(WISHED))


def _project(pyproject: Mapping[str, Any], key: str) -> Any:
    return pyproject.get("project", {}).get(key, {})


def _tool(pyproject: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = pyproject.get("tool", {}).get(name, {})
    return found if isinstance(found, dict) else {}


def _uv(pyproject: Mapping[str, Any], names: set[str]) -> Found | None:
    if "uv.lock" not in names:
        return None
    groups, extras = _with_pytest(pyproject.get("dependency-groups")), _with_pytest(_project(pyproject, "optional-dependencies"))
    default = _tool(pyproject, "uv").get("default-groups", ["dev"])
    is_there = any(PYTEST.match(str(each)) for each in (*_tool(pyproject, "uv").get("dev-dependencies", ()), *_listed(pyproject)))
    if is_there or default == "all" or set(groups) & set(default):
        return Found(lines=("uv sync",), files=("uv.lock", "pyproject.toml"))
    flags = ("--group", groups[0]) if groups else ("--extra", extras[0]) if extras else None
    return Found(lines=(shlex.join(("uv", "sync", *flags)),), files=("uv.lock", "pyproject.toml")) if flags else None


def _listed(pyproject: Mapping[str, Any]) -> tuple[Any, ...]:
    found = _project(pyproject, "dependencies")
    return tuple(found) if isinstance(found, list) else ()


def _poetry(pyproject: Mapping[str, Any], names: set[str]) -> Found | None:
    poetry = _tool(pyproject, "poetry")
    if "poetry.lock" not in names:
        return None
    groups = poetry.get("group", {})
    optional = [
        name for name in _with_pytest({key: each.get("dependencies", {}) for key, each in groups.items()}) if groups[name].get("optional")
    ]
    extras = _with_pytest(poetry.get("extras")) or _with_pytest(_project(pyproject, "optional-dependencies"))
    always = any(_has_pytest(each.get("dependencies")) for each in groups.values() if not each.get("optional"))
    always = always or _has_pytest(poetry.get("dev-dependencies")) or _has_pytest(poetry.get("dependencies"))
    always = always or any(PYTEST.match(str(each)) for each in _listed(pyproject)) or bool(_with_pytest(pyproject.get("dependency-groups")))
    if not (always or optional or extras):
        return None
    flags = () if always else ("--with", optional[0]) if optional else ("--extras", extras[0])
    return Found(lines=("pip install poetry", shlex.join(("poetry", "install", *flags))), files=("poetry.lock", "pyproject.toml"))


def _has_pytest(entries: object) -> bool:
    return isinstance(entries, dict) and any(PYTEST.match(name) for name in entries)


def _pdm(pyproject: Mapping[str, Any], names: set[str]) -> Found | None:
    if "pdm.lock" not in names:
        return None
    groups = _with_pytest(pyproject.get("dependency-groups")) + _with_pytest(_tool(pyproject, "pdm").get("dev-dependencies"))
    extras = _with_pytest(_project(pyproject, "optional-dependencies"))
    if not groups and not extras:
        return None
    flags = () if groups else ("-G", extras[0])  # groups of development are installed unless told otherwise
    return Found(lines=("pip install pdm", shlex.join(("pdm", "install", *flags))), files=("pdm.lock", "pyproject.toml"))


def _requirements(ground: Ground, names: set[str]) -> Found | None:
    """The requirements file that names pytest, itself or by `-r`; the project's own beside it where it does not include that."""
    files = [
        name for name in names if re.fullmatch(r"(requirements/|reqs?/)?[\w.-]*\.(txt|pip)", name) and ("req" in name or "dep" in name)
    ]
    having = {name: text for name in files if _names_pytest(text := _whole(name, ground))}
    if not having:
        return None
    best = min(having, key=lambda name: (_rank(name), len(name), name))
    base = [
        name
        for name in ("requirements.txt", "requirements/base.txt")
        if name in files and name != best and name not in _included(best, ground)
    ]
    words = [word for name in (*base[:1], best) for word in ("-r", name)]
    package = ["-e", "."] if _is_package(ground) else []
    return Found(lines=(shlex.join(("pip", "install", *words, *package)),), files=(*base[:1], best))


def _rank(name: str) -> int:
    words = set(re.split(r"[^a-z]+", name.lower()))
    return next((at for at, wished in enumerate(WISHED) if wished in words), len(WISHED))


def _included(name: str, ground: Ground, depth: int = 0) -> set[str]:
    text = ground.file(name) if depth < 5 else None
    found = {
        inside(name.rpartition("/")[0], each) for each in re.findall(r"^\s*(?:-r|--requirement)[ =]?\s*(\S+)", text or "", re.MULTILINE)
    }
    return found | {deeper for each in found for deeper in _included(each, ground, depth + 1)}


def _whole(name: str, ground: Ground) -> str:
    return "\n".join(ground.file(each) or "" for each in (name, *_included(name, ground)))


def _is_package(ground: Ground) -> bool:
    pyproject = _toml(ground.file("pyproject.toml"))
    return bool(pyproject.get("build-system") and pyproject.get("project")) or ground.file("setup.py") is not None


def _extras(pyproject: Mapping[str, Any], names: set[str]) -> Found | None:
    """pyproject.toml alone: groups of dependencies, extras, plain dependencies."""
    groups, extras = _with_pytest(pyproject.get("dependency-groups")), _with_pytest(_project(pyproject, "optional-dependencies"))
    is_package = "build-system" in pyproject or "setup.py" in names
    if groups:
        line = shlex.join(("pip", "install", "--group", groups[0], *(("-e", ".") if is_package else ())))
    elif extras:
        line = shlex.join(("pip", "install", "-e", f".[{extras[0]}]"))
    elif any(PYTEST.match(str(each)) for each in _listed(pyproject)):
        line = "pip install -e ."
    else:
        return None
    return Found(lines=(line,), files=("pyproject.toml",))


def _setup_files(ground: Ground) -> Found | None:
    """`extras_require` of setup.cfg, and of setup.py where it is a literal."""
    named = sections(ground.file("setup.cfg") or "").get("options.extras_require", {})
    extras = _with_pytest({name: value.splitlines() for name, value in named.items()})
    if extras:
        return Found(lines=(f"pip install -e {shlex.quote(f'.[{extras[0]}]')}",), files=("setup.cfg",))
    extras = _with_pytest(_extras_of_setup_py(ground.file("setup.py")))
    return Found(lines=(f"pip install -e {shlex.quote(f'.[{extras[0]}]')}",), files=("setup.py",)) if extras else None


def _extras_of_setup_py(text: str | None) -> object:
    try:
        tree = ast.parse(text or "")
        found = [
            each.value for node in ast.walk(tree) if isinstance(node, ast.Call) for each in node.keywords if each.arg == "extras_require"
        ]
        return ast.literal_eval(found[0]) if found else {}
    except (SyntaxError, ValueError):
        return {}
