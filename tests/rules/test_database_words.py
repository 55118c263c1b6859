"""What a failure says of settings, tables and rows, and which change in Django it is about; and which it is not."""

import pytest

from flaky_detector.model import Failure, Signature, StateChange
from flaky_detector.rules import rule_of, signature_of
from flaky_detector.rules.django_cures import BY_KIND, IN_TRANSACTION, NO_FLUSH, SERIALIZED_ROLLBACK, TABLE
from tests.rules.samples import failure, wrapped

NO_PRODUCT = failure("shop.models.Product.DoesNotExist", "Product matching query does not exist.")
NO_PAGE = failure("django.http.response.Http404", "No Product matches the given query.")
TWO_PRODUCTS = failure("shop.models.Product.MultipleObjectsReturned", "get() returned more than one Product -- it returned 2!")
NO_TABLE_SQLITE = failure("django.db.utils.OperationalError", "no such table: shop_product")
NO_TABLE_POSTGRES = failure(
    "django.db.utils.ProgrammingError", 'relation "shop_product" does not exist\nLINE 1: SELECT 1 FROM "shop_product"\n             ^'
)
TAKEN_SQLITE = failure("django.db.utils.IntegrityError", "UNIQUE constraint failed: shop_product.name")
TAKEN_POSTGRES = failure(
    "django.db.utils.IntegrityError",
    'duplicate key value violates unique constraint "shop_product_name_key"\nDETAIL:  Key (name)=(mug) already exists.',
)
NO_ROW_POSTGRES = failure(
    "django.db.utils.IntegrityError",
    'insert or update on table "shop_order" violates foreign key constraint "shop_order_product_id_fk"\n'
    'DETAIL:  Key (product_id)=(1) is not present in table "shop_product".',
)
NO_ROW_SQLITE = failure(
    "django.db.utils.IntegrityError",
    "The row in table 'shop_order' with primary key '1' has an invalid foreign key: shop_order.product_id contains a value '1' that does"
    " not have a corresponding value in shop_product.id.",
)
HISTORY = failure(
    "django.db.migrations.exceptions.InconsistentMigrationHistory",
    "Migration shop.0002_x is applied before its dependency shop.0001_initial on database 'default'.",
)
NO_REVERSE = failure(
    "django.urls.exceptions.NoReverseMatch", "Reverse for 'home' not found. 'home' is not a valid view function or pattern name."
)


def change(kind: str, key: str, *, before: bool = True, after: bool = True) -> StateChange:
    return StateChange(kind=kind, key=key, before="one" if before else None, after="other" if after else None)


EMPTIED = change("rows", "default.shop_product", after=False)
FILLED = change("rows", "default.shop_product", before=False)
MORE_OR_FEWER = change("rows", "default.shop_product")
DROPPED = change("table", "default.shop_product", after=False)
CREATED = change("table", "default.shop_product", before=False)
URLCONF = change("django-urlconf", "urlconf", before=False)
UNRECORDED = change("django-migration", "shop.0001_initial", after=False)


def explains(told: Failure, left: StateChange) -> bool:
    signature = signature_of(told)
    return rule_of(signature.rule).explains(signature, left)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (NO_PRODUCT, EMPTIED),
        (NO_PAGE, EMPTIED),
        (NO_ROW_POSTGRES, EMPTIED),
        (NO_ROW_SQLITE, EMPTIED),
        (TWO_PRODUCTS, FILLED),
        (TWO_PRODUCTS, MORE_OR_FEWER),
        (TAKEN_SQLITE, FILLED),
        (TAKEN_POSTGRES, FILLED),
        (TAKEN_POSTGRES, MORE_OR_FEWER),
        (NO_TABLE_SQLITE, DROPPED),
        (NO_TABLE_POSTGRES, DROPPED),
        (wrapped('relation "shop_product" already exists'), CREATED),
        (wrapped('relation "shop_product_id_seq" already exists'), CREATED),
        (HISTORY, UNRECORDED),
        (NO_REVERSE, URLCONF),
    ],
)
def test_a_failure_is_explained_by_what_it_speaks_of(told: Failure, left: StateChange) -> None:
    assert explains(told, left)


@pytest.mark.parametrize(
    ("told", "left"),
    [
        (NO_PRODUCT, FILLED),
        (NO_PRODUCT, MORE_OR_FEWER),
        (NO_PRODUCT, change("rows", "default.shop_order", after=False)),
        (NO_PRODUCT, change("rows", "default.shop_byproduct", after=False)),
        (NO_PRODUCT, DROPPED),
        (TWO_PRODUCTS, EMPTIED),
        (TAKEN_SQLITE, EMPTIED),
        (TAKEN_SQLITE, change("rows", "default.shop_product_name", before=False)),
        (NO_ROW_POSTGRES, FILLED),
        (NO_ROW_POSTGRES, change("rows", "default.shop_order", after=False)),
        (NO_TABLE_SQLITE, CREATED),
        (NO_TABLE_SQLITE, EMPTIED),
        (NO_TABLE_POSTGRES, change("table", "default.shop_order", after=False)),
        (wrapped('relation "shop_product" already exists'), DROPPED),
        (wrapped('relation "shop_product" already exists'), change("table", "default.shop", before=False)),
        (failure("AssertionError", "no such table: shop_product"), DROPPED),
        (failure("AssertionError", "assert 0 == 2"), EMPTIED),
        (HISTORY, change("django-migration", "blog.0001_initial", after=False)),
        (failure("ValueError", "x"), UNRECORDED),
        (failure("ValueError", "x"), URLCONF),
        (NO_REVERSE, change("django-urlconf", "script-prefix", before=False)),
        (failure("AssertionError", "assert 1 == 2"), change("django-cache", "default")),
        (failure("AssertionError", "assert 1 == 2"), change("django-language", "language")),
    ],
)
def test_a_failure_is_not_explained_by_anything_else(told: Failure, left: StateChange) -> None:
    assert not explains(told, left)


@pytest.mark.parametrize(
    "told",
    [
        failure("AssertionError", "assert 'x' == 'y'", text=">       assert settings.DEBUG is False\nE       assert"),
        failure("AttributeError", "'Settings' object has no attribute 'DEBUG'"),
        failure("AttributeError", "'UserSettingsHolder' object has no attribute 'DEBUG'"),
        failure("django.core.exceptions.ImproperlyConfigured", "The DEBUG setting must not be empty."),
    ],
)
def test_a_setting_that_the_failure_names_explains_it(told: Failure) -> None:
    assert explains(told, change("django-setting", "DEBUG"))
    assert not explains(told, change("django-setting", "DEBUG_PAGES"))


@pytest.mark.parametrize(
    "told",
    [
        failure("AttributeError", "module 'shop' has no attribute 'SHOP_MODE'"),
        failure("AssertionError", "SHOP_MODE", text=">       assert mode() == 1\nE       SHOP_MODE"),
        failure("ValueError", "the SHOP_MODE setting is odd"),
    ],
)
def test_a_setting_that_is_only_mentioned_does_not(told: Failure) -> None:
    assert not explains(told, change("django-setting", "SHOP_MODE"))


def test_what_is_said_of_a_table_is_no_name_to_look_for_in_sources() -> None:
    signature = signature_of(TAKEN_SQLITE)
    assert signature.resources == ("taken in shop_product",)
    assert rule_of("fallback").names(signature) == ()


@pytest.mark.parametrize(
    ("left", "titles"),
    [
        ((EMPTIED,), [NO_FLUSH.title, SERIALIZED_ROLLBACK.title]),
        ((FILLED, MORE_OR_FEWER), [IN_TRANSACTION.title]),
        (tuple(change(kind, "x.y") for kind in BY_KIND), [remedy.title for remedy in BY_KIND.values()]),
    ],
)
def test_each_kind_of_state_has_its_remedy(left: tuple[StateChange, ...], titles: list[str]) -> None:
    remedies = rule_of("fallback").remedies(Signature(rule="fallback"), left)
    assert [remedy.title for remedy in remedies] == titles


def test_a_table_that_was_left_without_a_model_is_to_be_dropped() -> None:
    assert rule_of("duplicate-table").remedies(Signature(rule="duplicate-table"), (CREATED,)) == (TABLE,)


@pytest.mark.parametrize("remedy", [*BY_KIND.values(), NO_FLUSH, SERIALIZED_ROLLBACK, IN_TRANSACTION])
def test_examples_are_python(remedy: object) -> None:
    compile(remedy.example, "example", "exec")  # type: ignore[attr-defined]
