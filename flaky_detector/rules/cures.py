"""How to keep a model defined in a test, or a file written by one, from reaching other tests.

Owns the wording of the remedies that several rules share. Must not choose between them: the rules do, by what was left behind.
"""

from collections.abc import Sequence

from flaky_detector.model import Remedy, StateChange
from flaky_detector.recorder import wire
from flaky_detector.rules.django_cures import TABLE
from flaky_detector.rules.wording import is_migration_file, is_model

PLAIN_OBJECT = Remedy(
    title="Give the code under test a plain object instead of a model",
    text=(
        "A class that inherits from `models.Model` enters Django's global registry the moment it is defined and stays there for the rest of"
        " the process. Code that only looks at `_meta.app_label` (a database router, a permission check) does not need a model: any"
        " object with that attribute will do, and nothing is registered."
    ),
    fits="the code under test reads attributes of `_meta` and makes no query",
    example=(
        "from types import SimpleNamespace\n\n"
        'model = SimpleNamespace(_meta=SimpleNamespace(app_label="analytics"))\n'
        'assert router.db_for_read(model) == "analytics"\n'
    ),
)
ISOLATED = Remedy(
    title="Define the model under `isolate_apps`",
    text=(
        "`django.test.utils.isolate_apps` gives models that are defined inside it a registry of their own, which is thrown away afterwards,"
        " so that neither `makemigrations` nor `migrate` sees them in later tests. It works as a decorator and as a context manager."
    ),
    fits="the test needs a real model class, for its fields, options or checks",
    example=(
        "from django.test.utils import isolate_apps\n\n"
        '@isolate_apps("analytics")\n'
        "def test_router():\n"
        "    class Phantom(models.Model):\n"
        "        class Meta:\n"
        '            app_label = "analytics"\n'
    ),
)
THROWAWAY = Remedy(
    title="Give the model an app label that no installed app has",
    text=(
        "The model still stays in the registry, but under a label for which no migrations exist, so `makemigrations` and `migrate` leave"
        " it alone. Use a label for each test: two models of one name under one label conflict."
    ),
    fits="the label itself does not matter to the test, and `isolate_apps` is not possible",
    example='class Phantom(models.Model):\n    class Meta:\n        app_label = "only_in_test_router"\n',
)
DRY_RUN = Remedy(
    title="Call `makemigrations` with `--dry-run`",
    text=(
        "The test writes a migration into the source tree whenever the registry holds something that the migrations do not. Every other"
        " process that runs from this tree loads the file from then on, and the next run as well. With `dry_run=True` everything is"
        " computed and nothing is written."
    ),
    fits="the test asks whether, or with which name, a migration would be made",
    example='call_command("makemigrations", name="some_name", dry_run=True)\n',
)
TEMPORARY_MODULE = Remedy(
    title="Let the test write into a temporary migration module",
    text=(
        "Point `MIGRATION_MODULES` at a package in a temporary folder for the length of the test, so that what is written there goes away"
        " with it."
    ),
    fits="the test has to see the file that was written",
    example=(
        "def test_writes_a_migration(settings, tmp_path, monkeypatch):\n"
        '    package = tmp_path / "written_migrations"\n'
        "    package.mkdir()\n"
        '    (package / "__init__.py").touch()\n'
        "    monkeypatch.syspath_prepend(tmp_path)\n"
        '    settings.MIGRATION_MODULES = {"analytics": "written_migrations"}\n'
        '    call_command("makemigrations", "analytics", name="some_name")\n'
    ),
)

INLINE_MODEL = (PLAIN_OBJECT, ISOLATED, THROWAWAY)
WRITTEN_FILE = (DRY_RUN, TEMPORARY_MODULE)


def cures(state: Sequence[StateChange]) -> tuple[Remedy, ...]:
    """Remedies for what was left behind: for models, for files, for both, for a table alone; those for a model where nothing is known."""
    models = any(map(is_model, state))
    files = any(map(is_migration_file, state))
    if not models and not files and any(change.kind == wire.TABLE for change in state):
        return (TABLE,)
    return (INLINE_MODEL if models or not files else ()) + (WRITTEN_FILE if files else ())
