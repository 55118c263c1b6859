"""Why it happens, told as prose from what was left behind and from the source.

Owns the mechanism of each kind of state. Text between backticks is code.
"""

import ast
from collections.abc import Mapping, Sequence

from flaky_detector.model import Finding, StateChange, TestId, function_of
from flaky_detector.model.words import CWD, ENVIRON, FILE, MODEL, enumerated, leaves, tick
from flaky_detector.stages.diagnose.place import Found, Sources, definition_of_origin
from flaky_detector.stages.diagnose.process_words import IN_PROCESS

REGISTRY = "Defining a model registers it in Django's apps registry for the life of the process; nothing takes it out again."
TOGETHER = (
    "It takes more than one test: the model stays in the registry of its process, and so a later test there writes a file that it would not"
    " write otherwise."
)
TREE = "The file stays when the test ends: every process that runs from this tree meets it from then on, and so does the next run."
MIGRATION = (
    "The file stays when the test ends: every process that reads migrations from this tree takes it for one of the project's own from"
    " then on, and so does the next run."
)
VARIABLES = "Environment variables belong to the process, not to the test: the value stays when the test ends."
DIRECTORY = "The working directory belongs to the process, not to the test: it stays changed when the test ends."
IN_DJANGO = {
    "django-setting": "Django's settings are one object for the whole process: what is changed there stays when the test ends.",
    "django-signal": "Receivers of a signal belong to the process, not to the test: they stay connected, or gone, when the test ends.",
    "django-urlconf": "Django keeps it for the thread: it stays when the test ends.",
    "django-language": "The active language belongs to the thread, not to the test: it stays when the test ends.",
    "django-timezone": "The active time zone belongs to the thread, not to the test: it stays when the test ends.",
    "django-cache": "A cache in local memory lives as long as the process; nothing empties it between tests.",
    "table": "Tables are not rolled back once they are committed: the change stays for all tests that use this database.",
    "rows": (
        "What is committed stays in the test database, and a flush empties tables that migrations have filled: only a test's own"
        " transaction is rolled back."
    ),
    "django-migration": "Which migrations are applied is recorded in the test database, and what is committed there stays.",
}
UNSEEN = (
    "Re-running shows that it does, time and again; what it leaves behind is of a kind that no probe watches (in an extension, in a"
    " service, deep inside an object, or in an instance that no module holds)."
)

UNSPOKEN = "The failure itself does not speak of that: if it stays once that is mended, the test leaves something else as well."


def cause_of(finding: Finding, tests: Sequence[TestId], changes: Mapping[TestId, tuple[StateChange, ...]], sources: Sources) -> str:
    """One paragraph. For a set of several tests the steps tell who does what; then only the mechanism is told."""
    if finding.kind == "brittle":
        return _brittle(tests, changes)
    every = [change for test in tests for change in changes.get(test, ())]
    kinds = list(dict.fromkeys(change.kind for change in every))
    if not kinds:
        return UNSEEN if len(tests) == 1 else f"No single one of these tests is enough. {UNSEEN}"
    if len(tests) == 1:
        opening = _opening(tests[0], changes[tests[0]], sources)
        return " ".join([opening, *dict.fromkeys(_mechanism(kind, every) for kind in kinds)])
    if MODEL in kinds and FILE in kinds:
        return f"{TOGETHER} {_mechanism(FILE, every)}"
    return " ".join(["No single one of these tests is enough.", *dict.fromkeys(_mechanism(kind, every) for kind in kinds)])


def cause_of_import(finding: Finding) -> str:
    """The same where no test has to run: a file does it when it is imported."""
    told = [f"{leaves(finding.state)}." if finding.state else "changes something that no probe watches."]
    told += dict.fromkeys(_mechanism(change.kind, finding.state) for change in finding.state)
    return "pytest imports every file that it collects, before the first test runs. This one " + " ".join(told)


def _opening(test: TestId, changes: Sequence[StateChange], sources: Sources) -> str:
    models = [change for change in changes if change.kind == MODEL]
    defined = [told for change in models if (told := _definition(change, test, sources))]
    rest = [change for change in changes if change.kind != MODEL]
    if not defined:
        return f"The test {leaves(changes)}."
    also = f" It also {leaves(rest)}." if rest else ""
    through = _through(models[0], test, sources)
    return f"The test{through} defines {enumerated(defined)}.{also}"


def _definition(change: StateChange, test: TestId, sources: Sources) -> str:
    """`class Phantom(models.Model)` with `app_label = label` (here `analytics`); empty where the source does not show it."""
    found = definition_of_origin(change.origin, test, sources)
    if found is None or not isinstance(found.node, ast.ClassDef):
        return ""
    bases = ", ".join(ast.unparse(base) for base in found.node.bases)
    told = tick(f"class {found.node.name}({bases})")
    label = label_expression(found.node)
    if label is None:
        return f"{told} under the app label {tick(change.key.split('.', 1)[0])}"
    here = "" if isinstance(label, ast.Constant) else f" (here {tick(change.key.split('.', 1)[0])})"
    return f"{told} with {tick(f'app_label = {ast.unparse(label)}')}{here}"


def label_expression(model: ast.ClassDef) -> ast.expr | None:
    """What a model's `Meta` gives for `app_label`, None where it does not say."""
    for meta in model.body:
        if isinstance(meta, ast.ClassDef) and meta.name == "Meta":
            for line in meta.body:
                if isinstance(line, ast.Assign) and any(isinstance(name, ast.Name) and name.id == "app_label" for name in line.targets):
                    return line.value
    return None


def _through(change: StateChange, test: TestId, sources: Sources) -> str:
    """` (through "make_model" in "tests/helpers.py")` where the model stands in something other than the test itself."""
    found = definition_of_origin(change.origin, test, sources)
    if found is None or not found.parents or any(parent.name == function_of(test) for parent in found.parents):
        return ""
    return f" (through {tick(_outermost_function(found))} in {tick(found.path)})"


def _outermost_function(found: Found) -> str:
    return next((parent.name for parent in found.parents if not isinstance(parent, ast.ClassDef)), found.parents[0].name)


def _mechanism(kind: str, changes: Sequence[StateChange]) -> str:
    if kind == FILE:
        migrations = any("/migrations/" in "/" + change.key for change in changes if change.kind == FILE)
        return MIGRATION if migrations else TREE
    return {MODEL: REGISTRY, ENVIRON: VARIABLES, CWD: DIRECTORY, **IN_DJANGO, **IN_PROCESS}.get(kind, "It stays when the test ends.")


def _brittle(tests: Sequence[TestId], changes: Mapping[TestId, tuple[StateChange, ...]]) -> str:
    left = [change for test in tests for change in changes.get(test, ())]
    what = f" The one that makes it pass {leaves(left)}." if left and len(tests) == 1 else ""
    return f"Alone it fails, every time; what it needs is there only because another test ran before it.{what}"
