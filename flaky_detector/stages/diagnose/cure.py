"""How to mend it: the rule's remedies, in the order in which they fit this source, and a patch where the source allows one.

Owns the fit and the patch. The wording of remedies is the rules'. A patch is made only of what stands in the source, and is not tried
here.
"""

import ast
import difflib
import sys
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from flaky_detector.model import Finding, Remedy, StateChange, TestId
from flaky_detector.model.words import CWD, ENVIRON, FILE, MODEL
from flaky_detector.rules import process_cures, rule_of
from flaky_detector.rules.cures import ISOLATED, PLAIN_OBJECT, THROWAWAY
from flaky_detector.rules.unittest_cures import for_methods
from flaky_detector.stages.diagnose.cause import label_expression
from flaky_detector.stages.diagnose.place import Found, Sources, definition_of_origin

NOT_HERE = "not here: the label comes from the test's own parameters, so it is what the test is about"
IMPORT = "from types import SimpleNamespace"
GENERAL = {ENVIRON: process_cures.ENVIRON, CWD: process_cures.CWD, FILE: process_cures.FILE, MODEL: ISOLATED}
"""For rules that have no remedy for what was left behind."""
NOT_AT_IMPORT = Remedy(
    title="Move it from the file's top level into a fixture",
    text="What stands at the top level of a test file happens when pytest collects it, for whatever is collected with it. In a fixture it"
    " happens for the tests that ask for it, and what follows `yield` undoes it.",
    example="@pytest.fixture(autouse=True)\ndef mode():\n    old = change()\n    yield\n    change_back(old)\n",
)

Models = list[tuple[StateChange, Found]]


def remedies_of(
    finding: Finding,
    sets: Sequence[Sequence[TestId]],
    changes: Mapping[TestId, tuple[StateChange, ...]],
    sources: Sources,
    *,
    for_a_method: bool = False,
) -> tuple[Remedy, ...]:
    """The remedies, the best first; empty for a brittle test and where nothing is known of what was left behind.

    With `for_a_method` those that a method of a `unittest.TestCase` can use.
    """
    state = [change for test in sets[0] for change in changes.get(test, ())]
    if finding.kind == "brittle" or not state:
        return ()
    told = rule_of(finding.signature.rule).remedies(finding.signature, state)
    found = told or tuple(GENERAL[kind] for kind in dict.fromkeys(change.kind for change in state) if kind in GENERAL)
    if for_a_method:
        found = tuple(map(for_methods, found))
    every = [(test, change) for tests in sets for test in tests for change in changes.get(test, ()) if change.kind == MODEL]
    places = [(change, place) for test, change in every if (place := definition_of_origin(change.origin, test, sources))]
    return _fitted(found, places, sources) if places else found


def _fitted(remedies: Sequence[Remedy], models: Models, sources: Sources) -> tuple[Remedy, ...]:
    """A plain object comes first where nothing asks for a model; a throwaway label last where the label is a parameter."""
    plain = all(_only_handed_over(place) for _, place in models)
    patch = _patch(models, sources) if plain else None
    fitted: list[tuple[int, Remedy]] = []
    for remedy in remedies:
        weight = 1
        shown = replace(remedy, example=_with_names(remedy.example, models[0][0]))
        if remedy.title == PLAIN_OBJECT.title:
            weight, shown = (0, replace(shown, patch=patch)) if plain else (2, shown)
        elif remedy.title == THROWAWAY.title and any(_label_is_parameter(place) for _, place in models):
            weight, shown = 3, replace(shown, fits=NOT_HERE)
        fitted.append((weight, shown))
    return tuple(remedy for _, remedy in sorted(fitted, key=lambda pair: pair[0]))


def _with_names(example: str, change: StateChange) -> str:
    """The example with the app and the model that it is about."""
    label, _, model = change.key.partition(".")
    if not (label.isidentifier() and model.isidentifier()):
        return example
    return example.replace('"analytics"', f'"{label}"').replace("Phantom", model)


def _only_handed_over(place: Found) -> bool:
    """Whether the function uses the class as a value only: no attribute but `_meta` is asked of it, and it is never called."""
    if not isinstance(place.node, ast.ClassDef) or not place.parents or not _holds_label_alone(place.node):
        return False
    name = place.node.name
    for node in ast.walk(place.parents[-1]):
        if isinstance(node, ast.Attribute) and _is_name(node.value, name) and node.attr != "_meta":
            return False
        if isinstance(node, ast.Call) and (_is_name(node.func, name) or _is_name(node.func, "isinstance", "issubclass")):
            return False
    return True


def _is_name(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _holds_label_alone(model: ast.ClassDef) -> bool:
    """Whether the class is nothing but `class Meta: app_label = …`, without decorators or metaclass."""
    if model.decorator_list or model.keywords or len(model.body) != 1 or label_expression(model) is None:
        return False
    meta = model.body[0]
    return isinstance(meta, ast.ClassDef) and len(meta.body) == 1 and not meta.decorator_list


def _label_is_parameter(place: Found) -> bool:
    if not isinstance(place.node, ast.ClassDef):
        return False
    label = label_expression(place.node)
    return isinstance(label, ast.Name) and any(
        label.id in {argument.arg for argument in (*parent.args.posonlyargs, *parent.args.args, *parent.args.kwonlyargs)}
        for parent in place.parents
        if not isinstance(parent, ast.ClassDef)
    )


def _patch(models: Models, sources: Sources) -> str | None:
    """A unified diff that puts a plain object in the place of each class; None where a line holds anything else."""
    places = {(place.path, place.node.lineno): place for _, place in models}
    diffs = [
        _diff(path, sources(path) or "", [place.node for (where, _), place in places.items() if where == path])
        for path in dict.fromkeys(path for path, _ in places)
    ]
    return "".join(diffs) if all(diffs) else None


def _diff(path: str, text: str, classes: Sequence[ast.AST]) -> str:
    old = text.splitlines(keepends=True)
    new = list(old)
    for node in sorted((node for node in classes if isinstance(node, ast.ClassDef)), key=lambda node: -node.lineno):
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        new[first:last] = [_object_line(node, old)]
    if not any(line.strip() == IMPORT for line in old):
        _add_import(text, new)
    return "".join(_unified(old, new, path))


def _object_line(node: ast.ClassDef, old: Sequence[str]) -> str:
    label = label_expression(node)
    assert label is not None
    indent = old[node.lineno - 1][: node.col_offset]
    return f"{indent}{node.name} = SimpleNamespace(_meta=SimpleNamespace(app_label={ast.unparse(label)}))\n"


def _add_import(text: str, lines: list[str]) -> None:
    """Before the first import that is not from `__future__`, apart from it where that is not of the standard library."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
            if module != "__future__":
                apart = [] if module.split(".")[0] in sys.stdlib_module_names else ["\n"]
                lines[node.lineno - 1 : node.lineno - 1] = [IMPORT + "\n", *apart]
                return
    lines.insert(0, IMPORT + "\n")


def _unified(old: Sequence[str], new: Sequence[str], path: str) -> Iterator[str]:
    for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", n=2):
        yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
