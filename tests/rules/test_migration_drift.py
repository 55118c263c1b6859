"""migration-drift: which failures are of this family, what they name, and what explains them."""

import pytest

from flaky_detector.model import Signature
from flaky_detector.rules import rule_of, signature_of
from flaky_detector.rules.migration_drift import drifted
from tests.rules.samples import failure, file, model

RULE = rule_of("migration-drift")
AT = "django/core/management/commands/makemigrations.py:handle"
NEW_WORDING = """Migrations for 'app_analytics':
  app_analytics/migrations/0009_analyticsmodel_mymodel.py
    + Create model AnalyticsModel
    + Create model MyModel
"""
OLD_WORDING = """Migrations for 'shop':
  shop/migrations/0003_phantom.py
    - Create model Phantom
    - Delete model Gone
"""


def test_the_models_are_named_from_what_was_captured() -> None:
    found = signature_of(failure("SystemExit", "1", raised_at=AT, output=NEW_WORDING))
    assert found == Signature(
        rule="migration-drift", resources=("app_analytics.AnalyticsModel", "app_analytics.MyModel"), exception="SystemExit: 1"
    )


def test_without_output_the_exception_is_enough_and_the_models_are_unknown() -> None:
    found = signature_of(failure("SystemExit", "1", text='> call_command("makemigrations", check_changes=True)'))
    assert found == Signature(rule="migration-drift", exception="SystemExit: 1")


def test_a_drift_with_other_models_known_on_one_side_only_is_the_same() -> None:
    named = signature_of(failure("SystemExit", "1", raised_at=AT, output=NEW_WORDING))
    assert named.matches(signature_of(failure("SystemExit", "1", raised_at=AT)))


def test_old_wording_of_django_is_read_as_well() -> None:
    assert drifted(OLD_WORDING) == ("shop.Gone", "shop.Phantom")


@pytest.mark.parametrize(
    ("operation", "models"),
    [
        ("+ Add field price to item", ("shop.item",)),
        ("- Remove field price from item", ("shop.item",)),
        ("~ Alter field price on item", ("shop.item",)),
        ("~ Rename field price on item to cost", ("shop.item",)),
        ("~ Rename model Item to Article", ("shop.Article", "shop.Item")),
        ("+ Create proxy model Special", ("shop.Special",)),
        ("~ Change Meta options on item", ("shop.item",)),
        ("~ Alter unique_together for item (1 constraint(s))", ("shop.item",)),
        ("+ Create index item_name_idx on field(s) name of model item", ("shop.item",)),
        ("+ Create constraint positive on model item", ("shop.item",)),
        ("- Remove constraint positive from model item", ("shop.item",)),
        ("- Remove index item_name_idx from item", ("shop.item",)),
        ("> Raw Python operation", ()),
    ],
)
def test_every_operation_names_its_model(operation: str, models: tuple[str, ...]) -> None:
    assert drifted(f"Migrations for 'shop':\n  shop/migrations/0003_x.py\n    {operation}\n") == models


def test_a_test_that_asserts_on_the_output_fails_by_drift() -> None:
    message = "assert 'No changes detected' in \"Migrations for 'shop':\\n  shop/migrations/0003_x.py\\n    + Create model Phantom\\n\""
    found = signature_of(failure("AssertionError", message))
    assert (found.rule, found.resources, found.exception) == ("migration-drift", ("shop.Phantom",), "AssertionError")


def test_a_check_in_a_process_of_its_own_counts() -> None:
    message = "Command '['python', 'manage.py', 'makemigrations', '--check']' returned non-zero exit status 1."
    assert signature_of(failure("subprocess.CalledProcessError", message)).rule == "migration-drift"


@pytest.mark.parametrize(
    ("exception", "message", "rest"),
    [
        ("SystemExit", "1", {"raised_at": "tool/main.py:main"}),
        ("SystemExit", "2", {"raised_at": AT}),
        ("SystemExit", "1", {"text": '> call_command("migrate")'}),
        ("ValueError", "1", {"raised_at": AT}),
        ("AssertionError", "assert 1 == 2", {"output": NEW_WORDING}),
        ("django.core.management.base.CommandError", "Conflicting migrations detected", {"raised_at": AT}),
        ("subprocess.CalledProcessError", "Command '['git', 'status']' returned non-zero exit status 1.", {}),
        ("KeyError", "'Create model Phantom'", {}),
        ("AssertionError", "assert '+ Create model Phantom' in out", {}),
    ],
)
def test_must_not_match(exception: str, message: str, rest: dict[str, str]) -> None:
    assert RULE.recognise(failure(exception, message, **rest)) is None


NAMED = Signature(rule="migration-drift", resources=("shop.Phantom",), exception="SystemExit: 1")
UNNAMED = Signature(rule="migration-drift", exception="SystemExit: 1")


@pytest.mark.parametrize(
    ("signature", "key", "explains"),
    [(NAMED, "shop.Phantom", True), (NAMED, "shop.phantom", True), (NAMED, "shop.Other", False), (UNNAMED, "any.Model", True)],
)
def test_a_model_that_the_drift_names_explains_it(signature: Signature, key: str, explains: bool) -> None:
    assert RULE.explains(signature, model(key)) is explains


@pytest.mark.parametrize(
    ("path", "explains"), [("shop/migrations/0003_x.py", True), ("billing/migrations/0003_x.py", False), ("shop/models.py", False)]
)
def test_a_migration_file_of_its_app_explains_it(path: str, explains: bool) -> None:
    assert RULE.explains(NAMED, file(path)) is explains


def test_its_words_are_the_models_then_the_apps() -> None:
    both = Signature(rule=RULE.name, resources=("shop.Phantom", "shop.Spectre"))
    assert RULE.names(both) == ("Phantom", "Spectre", "shop")
