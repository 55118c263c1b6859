"""duplicate-table: which failures are of this family, and what explains them."""

import pytest

from flaky_detector.model import Signature
from flaky_detector.rules import rule_of, signature_of
from tests.rules.samples import failure, file, model, wrapped

RULE = rule_of("duplicate-table")
OF_SHOP = Signature(rule="duplicate-table", resources=("shop_phantom",), exception="ProgrammingError")


@pytest.mark.parametrize(
    ("exception", "message", "resource"),
    [
        ("psycopg2.errors.DuplicateTable", 'relation "shop_phantom" already exists\n', "shop_phantom"),
        ("psycopg.errors.DuplicateTable", 'relation "shop_phantom" already exists', "shop_phantom"),
        ("psycopg.errors.DuplicateTable", "Relation »shop_phantom« existiert bereits", "shop_phantom"),
        ("asyncpg.exceptions.DuplicateTableError", 'relation "users" already exists', "users"),
        ("django.db.utils.ProgrammingError", 'relation "shop_phantom" already exists\n', "shop_phantom"),
        ("ProgrammingError", 'relation "shop_phantom_id_seq" already exists', "shop_phantom_id_seq"),
        ("sqlite3.OperationalError", "table shop_phantom already exists", "shop_phantom"),
        ("django.db.utils.OperationalError", 'table "shop_phantom" already exists', "shop_phantom"),
        ("sqlite3.OperationalError", "index shop_phantom_name_1a2b3c4d already exists", "shop_phantom_name_1a2b3c4d"),
        ("django.db.utils.OperationalError", "(1050, \"Table 'shop_phantom' already exists\")", "shop_phantom"),
        ("MySQLdb.OperationalError", "(1050, \"Table 'test_db.shop_phantom' already exists\")", "shop_phantom"),
        ("django.db.utils.OperationalError", "(1061, \"Duplicate key name 'shop_phantom_idx'\")", "shop_phantom_idx"),
        ("sqlalchemy.exc.ProgrammingError", '(psycopg2.errors.DuplicateTable) relation "users" already exists\n[SQL: …]', "users"),
    ],
)
def test_every_database_says_it_in_its_own_words(exception: str, message: str, resource: str) -> None:
    found = signature_of(failure(exception, message))
    assert (found.rule, found.resources) == ("duplicate-table", (resource,))


@pytest.mark.parametrize(
    ("exception", "message"),
    [
        ("django.db.utils.ProgrammingError", 'relation "shop_item" does not exist\nLINE 1: SELECT'),
        ("psycopg2.errors.UndefinedTable", 'relation "shop_item" does not exist'),
        ("django.db.utils.ProgrammingError", 'column "name" of relation "shop_item" already exists'),
        ("psycopg2.errors.DuplicateColumn", 'column "name" of relation "shop_item" already exists'),
        ("psycopg2.errors.DuplicateObject", 'constraint "a" for relation "shop_item" already exists'),
        ("django.db.utils.ProgrammingError", 'trigger "a" for relation "shop_item" already exists'),
        ("psycopg2.errors.DuplicateDatabase", 'database "test_shop" already exists'),
        ("django.db.utils.IntegrityError", 'duplicate key value violates unique constraint "shop_item_pkey"'),
        ("django.db.utils.OperationalError", "no such table: shop_item"),
        ("django.db.utils.OperationalError", "(1146, \"Table 'db.shop_item' doesn't exist\")"),
        ("FileExistsError", "[Errno 17] File exists: 'table'"),
        ("AssertionError", "assert 'relation \"shop_item\" already exists' in output"),
        ("ValueError", "table shop_item already exists"),
        ("RuntimeError", 'relation "shop_item" already exists'),
    ],
)
def test_must_not_match(exception: str, message: str) -> None:
    assert RULE.recognise(failure(exception, message)) is None


def test_the_polluter_run_first_is_another_failure() -> None:
    setup = failure("django.db.utils.ProgrammingError", 'relation "shop_phantom" does not exist')
    assert not signature_of(setup).matches(OF_SHOP)


def test_call_and_teardown_of_one_cause_have_one_signature() -> None:
    assert signature_of(wrapped('relation "shop_phantom" already exists\n')) == OF_SHOP


def test_an_exception_group_tells_it_in_its_text() -> None:
    group = failure(
        "ExceptionGroup", "errors while tearing down", text='E   | psycopg2.errors.DuplicateTable: relation "shop_phantom" already exists'
    )
    assert signature_of(group).resources == ("shop_phantom",)


@pytest.mark.parametrize(
    ("labels", "resources"),
    [
        ((), ("app_analytics_analyticsmodel",)),
        (("app", "app_analytics"), ("app_analytics.analyticsmodel", "app_analytics_analyticsmodel")),
        (("app", "shop"), ("app.analytics_analyticsmodel", "app_analytics_analyticsmodel")),
        (("shop",), ("app_analytics_analyticsmodel",)),
    ],
)
def test_the_longest_known_app_label_that_fits_wins(labels: tuple[str, ...], resources: tuple[str, ...]) -> None:
    assert signature_of(wrapped('relation "app_analytics_analyticsmodel" already exists'), labels).resources == resources


def test_signatures_with_and_without_known_labels_match() -> None:
    message = 'relation "shop_phantom" already exists'
    assert signature_of(wrapped(message), ["shop"]).matches(signature_of(wrapped(message)))


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("shop_phantom", "shop.Phantom"),
        ("app_analytics_analyticsmodel", "app_analytics.AnalyticsModel"),
        ("shop_phantom_id_seq", "shop.Phantom"),
        ("shop_phantom_name_1a2b3c4d_like", "shop.Phantom"),
        ("shop_phantom_tags", "shop.Phantom_tags"),
    ],
)
def test_a_model_of_that_table_explains_it(table: str, key: str) -> None:
    assert RULE.explains(Signature(rule=RULE.name, resources=(table,)), model(key))


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("shop_phantom", "shop.Item"),
        ("shop_phantom", "throwaway.Phantom"),
        ("shop_phantom", "shop.Phan"),
        ("shop_phantom_extra", "shop.Phantom"),
        ("shop_phantom", "shop.Phantom_tags"),
    ],
)
def test_a_model_of_another_table_does_not(table: str, key: str) -> None:
    assert not RULE.explains(Signature(rule=RULE.name, resources=(table,)), model(key))


@pytest.mark.parametrize(
    ("path", "explains"),
    [
        ("shop/migrations/0003_some_name.py", True),
        ("src/my_shop/migrations/0003_some_name.py", True),
        ("migrations/shop/0003_some_name.py", True),
        ("billing/migrations/0003_some_name.py", False),
        ("shop/models.py", False),
        ("shop/migrations/notes.txt", False),
    ],
)
def test_a_migration_file_of_that_app_explains_it(path: str, explains: bool) -> None:
    assert RULE.explains(OF_SHOP, file(path)) is explains


def test_its_words_go_from_the_table_to_its_parts() -> None:
    assert RULE.names(Signature(rule=RULE.name, resources=("a_b_c",))) == ("a_b_c", "c", "b_c", "a_b", "a")


def test_remedies_follow_what_was_left_behind() -> None:
    both = RULE.remedies(OF_SHOP, [model("shop.Phantom"), file("shop/migrations/0003_x.py")])
    assert [remedy.title for remedy in both] == [
        "Give the code under test a plain object instead of a model",
        "Define the model under `isolate_apps`",
        "Give the model an app label that no installed app has",
        "Call `makemigrations` with `--dry-run`",
        "Let the test write into a temporary migration module",
    ]
    assert RULE.remedies(OF_SHOP, [file("shop/migrations/0003_x.py")])[0].title == "Call `makemigrations` with `--dry-run`"
    assert all(remedy.fits and remedy.example for remedy in both)
