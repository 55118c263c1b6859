"""What `nox` runs: `session.install(…)` and `session.run(…)` of the chosen sessions.

Owns the reading of noxfile.py as a syntax tree; nothing of it is executed. Arguments that are no literals (nor names of literals at the top
of the file) are told as not known.
"""

import ast
import shlex

import msgspec

from flaky_detector.stages.init.records import Leaf
from flaky_detector.stages.init.shell import commands
from flaky_detector.stages.init.unfolding.ground import Ground

INSTALLS = {"install": ("pip", "install"), "run_install": (), "run_always": (), "run": (), "conda_install": None}


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """One session: its name, its Pythons, its commands, and what of them could not be read."""

    name: str
    pythons: tuple[str, ...]
    lines: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    unknown: tuple[str, ...]


def leaves(words: tuple[str, ...], ground: Ground) -> tuple[Leaf, ...]:
    """The commands of the sessions that `nox` with these arguments takes, those without pytest left out."""
    text = ground.file("noxfile.py")
    try:
        tree = ast.parse(text or "")
    except SyntaxError:
        return ()
    constants = _constants(tree)
    asked = _asked(words)
    sessions = [_session(node, constants) for node in tree.body if isinstance(node, ast.FunctionDef) and _decorator(node) is not None]
    chosen = [each for each in sessions if not asked or each.name in asked]
    found: list[Leaf] = []
    for session in chosen:
        if not any("pytest" in line.split() for line in session.lines):
            continue
        found += [
            Leaf(text=made.text, words=made.words, env=session.env + made.env, via="nox", pythons=session.pythons, unknown=session.unknown)
            for line in session.lines
            for made in commands(line)
        ]
    return tuple(found)


def _asked(words: tuple[str, ...]) -> set[str]:
    """Names of sessions: `-s tests lint`, `--session=tests-3.12`, `-e tests`."""
    names: set[str] = set()
    taking = False
    for word in words[1:]:
        if word == "--":
            break
        option, equals, value = word.partition("=")
        if word.startswith("-"):
            taking = option in ("-s", "-e", "--session", "--sessions") and not equals
            if equals and option in ("-s", "-e", "--session", "--sessions"):
                names.add(value)
        elif taking:
            names.add(word)
    return {name.split("(")[0].rsplit("-3.", 1)[0] for name in names if "$" not in name}


def _constants(tree: ast.Module) -> dict[str, object]:
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            value = _literal(node.value, found)
            if value is not None:
                found[node.targets[0].id] = value
    return found


def _literal(node: ast.expr, constants: dict[str, object]) -> object | None:
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.List | ast.Tuple):
        return [_literal(each, constants) for each in node.elts]
    try:
        value: object = ast.literal_eval(node)
    except ValueError:
        return None
    return value


def _decorator(node: ast.FunctionDef) -> ast.expr | None:
    return next((each for each in node.decorator_list if ast.unparse(each).startswith(("nox.session", "session"))), None)


def _session(node: ast.FunctionDef, constants: dict[str, object]) -> Session:
    decorator = _decorator(node)
    keywords = {each.arg: _literal(each.value, constants) for each in decorator.keywords} if isinstance(decorator, ast.Call) else {}
    python = keywords.get("python")
    lines, unknown, env = _body(node, constants)
    return Session(
        name=str(keywords.get("name") or node.name),
        pythons=tuple(map(str, python if isinstance(python, list) else [python] if python else [])),
        lines=tuple(lines),
        env=tuple(env),
        unknown=tuple(unknown),
    )


def _body(node: ast.FunctionDef, constants: dict[str, object]) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    lines: list[str] = []
    unknown: list[str] = []
    env: list[tuple[str, str]] = []
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call) and isinstance(each.func, ast.Attribute)]
    for call in sorted(calls, key=lambda each: each.lineno):
        before = INSTALLS.get(call.func.attr) if isinstance(call.func, ast.Attribute) else None
        if before is None or not ast.unparse(call.func).startswith("session."):
            continue
        words, missing = _arguments(call.args, constants)
        lines.append(shlex.join((*before, *words)))
        unknown += [f"`{each}` in `{shlex.join((*before, *words[:2]))} …` of noxfile.py, session {node.name}" for each in missing]
        given = next((each.value for each in call.keywords if each.arg == "env"), None)
        value = _literal(given, constants) if given is not None else None
        env += [(str(key), str(each)) for key, each in value.items()] if isinstance(value, dict) else []
    return lines, unknown, env


def _arguments(given: list[ast.expr], constants: dict[str, object]) -> tuple[list[str], list[str]]:
    """Words, and the source of what is no literal; the user's own arguments (`session.posargs`) are none."""
    words: list[str] = []
    missing: list[str] = []
    for node in given:
        inner = node.value if isinstance(node, ast.Starred) else node
        if "posargs" in ast.unparse(inner):
            continue
        value = _literal(inner, constants)
        if value is None or (isinstance(value, list) and None in value):
            missing.append(ast.unparse(node))
        else:
            words += [str(each) for each in value] if isinstance(value, list) else [str(value)]
    return words, missing
