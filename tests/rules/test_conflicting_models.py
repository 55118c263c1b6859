"""conflicting-models: which failures are of this family, and what explains them."""

import pytest

from flaky_detector.model import Signature
from flaky_detector.rules import rule_of, signature_of
from tests.rules.samples import failure, file, model

RULE = rule_of("conflicting-models")
CONFLICT = "Conflicting 'phantom' models in application 'shop': <class 'a.Phantom'> and <class 'b.Phantom'>."
AGAIN = "Model 'shop.phantom' was already registered. Reloading models is not advised as it can lead to inconsistencies."
FOUND = Signature(rule="conflicting-models", resources=("shop.phantom",), exception="RuntimeError")


def test_two_classes_of_one_name_under_one_label() -> None:
    assert signature_of(failure("RuntimeError", CONFLICT)) == FOUND


def test_a_warning_that_is_an_error_in_this_suite() -> None:
    assert signature_of(failure("RuntimeWarning", AGAIN)).resources == ("shop.phantom",)


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        ("RuntimeError", "populate() isn't reentrant"),
        (
            "RuntimeError",
            "Model class shop.models.Item doesn't declare an explicit app_label and isn't in an application in INSTALLED_APPS.",
        ),
        ("django.core.exceptions.AppRegistryNotReady", "Models aren't loaded yet."),
        ("ValueError", CONFLICT),
        ("AssertionError", f"assert {CONFLICT!r} in caplog.text"),
        ("RuntimeWarning", "coroutine 'x' was never awaited"),
    ],
)
def test_must_not_match(exception: str, message: str) -> None:
    assert RULE.recognise(failure(exception, message)) is None


@pytest.mark.parametrize(("key", "explains"), [("shop.Phantom", True), ("shop.Item", False), ("billing.Phantom", False)])
def test_a_model_of_that_name_and_label_explains_it(key: str, explains: bool) -> None:
    assert RULE.explains(FOUND, model(key)) is explains


def test_a_file_does_not_explain_it() -> None:
    assert not RULE.explains(FOUND, file("shop/migrations/0003_x.py"))


def test_its_remedies_are_those_for_a_model_in_a_test() -> None:
    assert RULE.remedies(FOUND, [])[1].title == "Define the model under `isolate_apps`"
