"""Where in the source a test leaves something behind.

Owns the reading of sources, by `ast` alone: nothing is imported or run. A source that cannot be had or does not parse gives None, never an
error.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

import msgspec

from flaky_detector.model import Location, StateChange, TestId, function_of, path_of
from flaky_detector.model.words import CWD, ENVIRON, FILE
from flaky_detector.recorder import wire

Sources = Callable[[str], str | None]
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

# What a line that makes such a change is likely to hold, most telling first.
HINTS = {
    ENVIRON: ("environ", "putenv"),
    CWD: ("chdir",),
    FILE: ("makemigrations", "write_text", "write_bytes", "open(", "touch(", "copy"),
    wire.TEMPORARY_FILE: ("write_text", "write_bytes", "open(", "touch(", "copy", "gettempdir"),
    wire.MODULE: ("sys.modules", "import_module", "reload("),
    wire.SYS_PATH: ("sys.path", "meta_path", "site.addsitedir"),
    wire.LOGGING: ("setLevel", "addHandler", "logging.disable", "dictConfig", "basicConfig", ".disabled", ".propagate", ".handlers"),
    wire.WARNINGS: ("simplefilter", "filterwarnings", "warnings."),
    wire.LOCALE: ("setlocale",),
    wire.TIMEZONE: ("tzset",),
    wire.DECIMAL: ("getcontext", "setcontext"),
    wire.UMASK: ("umask",),
    wire.SIGNAL_HANDLER: ("signal.signal", "signal("),
    wire.THREAD: ("Thread(", "Timer(", ".start("),
    wire.CHILD_PROCESS: ("Popen(", "Process(", "spawn", "fork("),
    wire.STDIO: ("sys.std",),
    wire.INTERPRETER: ("setrecursionlimit", "excepthook", "gc.", "hook"),
    wire.SOCKET_TIMEOUT: ("setdefaulttimeout",),
    wire.EVENT_LOOP: ("asyncio.run", "set_event_loop", "loop.close", ".close("),
    wire.MODULE_ATTRIBUTE: ("patch", "setattr"),
    wire.MODULE_GLOBAL: ("setattr", "patch"),
    wire.CLASS_ATTRIBUTE: ("setattr", "patch"),
}
BY_NAME = frozenset(
    (FILE, wire.TEMPORARY_FILE, wire.MODULE, wire.MODULE_ATTRIBUTE, wire.MODULE_GLOBAL, wire.CLASS_ATTRIBUTE, wire.BUILTINS, wire.CACHE)
)
"""Kinds of things whose mere name in a line tells enough."""
DOTTED = frozenset((wire.MODULE_ATTRIBUTE, wire.MODULE_GLOBAL, wire.CLASS_ATTRIBUTE, wire.BUILTINS, wire.CACHE))
LONGEST_SOURCE = 2_000_000


class Found(msgspec.Struct, frozen=True):
    """A definition, the file it stands in, and the names of what it is nested in, outermost first."""

    path: str
    node: Definition
    parents: tuple[Definition, ...] = ()


def place_of(test: TestId, changes: Sequence[StateChange], sources: Sources) -> Location | None:
    """The line that leaves the first of `changes` behind, else the test's own definition, else None."""
    for change in changes:
        found = definition_of_origin(change.origin, test, sources)
        if found:
            return Location(found.path, found.node.lineno)
    own = definition_of_test(test, sources)
    if own is None:
        return None
    return Location(own.path, next((line for change in changes if (line := _line_of(change, own, sources))), own.node.lineno))


def place_of_import(path: str, changes: Sequence[StateChange], sources: Sources) -> Location | None:
    """The line at the top level of a file that makes the first of `changes`, else its first line; None without the file."""
    tree = _tree(sources(path))
    if tree is None:
        return None
    lines = (sources(path) or "").splitlines()
    top = [node for node in tree.body if not isinstance(node, (*DEFINITIONS, ast.Import, ast.ImportFrom))]
    numbers = [number for node in top for number in range(node.lineno, (node.end_lineno or node.lineno) + 1)]
    return Location(path, next((line for change in changes if (line := _first_line(change, lines, numbers))), 1))


def definition_of_test(test: TestId, sources: Sources) -> Found | None:
    """The function of a test; of several by its name the one in its class, else the last."""
    names = test.split("::", 1)[-1].split("[", 1)[0].split("::")
    tree = _tree(sources(path_of(test)))
    if tree is None:
        return None
    exact = _nested(path_of(test), tree, names)
    if exact:
        return exact
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    found = [Found(path_of(test), node) for node in functions if node.name == function_of(test)]
    return found[-1] if found else None


def is_unittest_method(test: TestId, sources: Sources) -> bool:
    """Whether its class has a base that is called like one of unittest's or Django's, or that is itself such a class of the same file."""
    tree = _tree(sources(path_of(test)))
    names = test.split("::", 1)[-1].split("[", 1)[0].split("::")
    if tree is None or len(names) < 2:
        return False
    classes = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    open_, seen = [names[-2]], set[str]()
    while open_:
        name = open_.pop()
        if name in classes and name not in seen:
            seen.add(name)
            open_ += [ast.unparse(base).rpartition(".")[2] for base in classes[name].bases]
        elif name.endswith("TestCase"):
            return True
    return False


def definition_of_origin(origin: str, test: TestId, sources: Sources) -> Found | None:
    """The definition that `module:qualname` names: `tests.test_a:test_x.<locals>.Phantom`."""
    module, _, qualname = origin.partition(":")
    names = [name for name in qualname.split(".") if name and name != "<locals>"]
    if not module or not names:
        return None
    for path in _paths_of(module, path_of(test)):
        tree = _tree(sources(path))
        found = _nested(path, tree, names) if tree else None
        if found:
            return found
    return None


def _paths_of(module: str, near: str) -> Iterator[str]:
    """Files that a module may be: the test's own file where it is called so, else from the rootdir and from each folder above the test."""
    relative = module.replace(".", "/")
    if near.removesuffix(".py") == relative or near.removesuffix(".py").endswith("/" + relative):
        yield near
    for folder in (PurePosixPath(), *PurePosixPath(near).parents, PurePosixPath("src")):
        for path in (f"{relative}.py", f"{relative}/__init__.py"):
            if not PurePosixPath(path).is_absolute() and ".." not in PurePosixPath(path).parts:
                yield (folder / path).as_posix()


def _tree(text: str | None) -> ast.Module | None:
    return None if text is None or len(text) > LONGEST_SOURCE else _parsed(text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _nested(path: str, tree: ast.Module, names: Sequence[str]) -> Found | None:
    """Follow the names inward, through whatever `if`, `with` or `for` stands between two definitions."""
    scope: ast.AST = tree
    parents: list[Definition] = []
    for name in names:
        found = [node for node in _directly_in(scope) if node.name == name]
        if not found:
            return None
        scope = found[-1]
        parents.append(found[-1])
    return Found(path, parents[-1], tuple(parents[:-1]))


def _directly_in(scope: ast.AST) -> Iterator[Definition]:
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node
        else:
            yield from _directly_in(node)


def _line_of(change: StateChange, own: Found, sources: Sources) -> int | None:
    """The first line of the function that speaks of the very thing, else one that does such things."""
    lines = (sources(own.path) or "").splitlines()
    return _first_line(change, lines, range(own.node.body[0].lineno, (own.node.end_lineno or own.node.lineno) + 1))


def _first_line(change: StateChange, lines: Sequence[str], body: Sequence[int]) -> int | None:
    name = change.key.rsplit("." if change.kind in DOTTED else "/", 1)[-1]
    hints = HINTS.get(change.kind, ())
    for number in body:
        if len(name) > 2 and name in lines[number - 1] and (change.kind in BY_NAME or any(hint in lines[number - 1] for hint in hints)):
            return number
    return next((number for hint in hints for number in body if hint in lines[number - 1]), None)
