"""What is planted in examples/shop, shown without the program that is to find it: the truth that the demo is held against."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shop import ORIGINAL, Ran, Shop

WARM_UP = "tests/test_orders.py::test_an_order_adds_its_lines_up"
CHECK = "tests/test_makemigrations.py::test_no_migration_is_missing"
WRITER = "tests/test_makemigrations.py::test_a_migration_with_a_name_may_be_made"
READS = "tests/test_routers.py::test_reads_of_a_model_go_where_its_app_belongs[analytics-warehouse]"
WRITES = "tests/test_routers.py::test_writes_of_a_model_go_where_its_app_belongs[analytics-warehouse]"
WITHIN = "tests/test_routers.py::test_models_are_joined_within_analytics[analytics-analytics-True]"
BEYOND = "tests/test_routers.py::test_models_are_joined_within_analytics[analytics-elsewhere-None]"
POLLUTERS = (READS, WRITES, WITHIN, BEYOND)
DAYS = "tests/test_migrations_analytics.py::test_visits_get_their_day"
SOURCES = "tests/test_migrations_analytics.py::test_visits_by_the_newsletter_get_their_source"
ORDERS = tuple(
    f"tests/test_migrations_orders.py::{name}"
    for name in (
        "test_products_get_their_slug",
        "test_slugs_that_are_there_stay",
        "test_orders_get_their_total",
        "test_an_order_without_lines_costs_nothing",
        "test_slugs_can_be_taken_back",
    )
)
MIGRATIONS = (DAYS, SOURCES, *ORDERS)
WRITTEN = "shop/analytics/migrations/0005_visit_rollup.py"


@pytest.fixture
def shop(tmp_path: Path, postgres: dict[str, str]) -> Shop:
    return Shop(tmp_path, postgres)


def all_passed(ran: Ran) -> int:
    assert (ran.exit_code, ran.failed) == (0, []), ran.console
    return len(ran.order)


@pytest.mark.slow
def test_the_shop_passes_in_its_own_order_and_leaves_its_tree_alone(shop: Shop) -> None:
    before = shop.files()
    ran = shop.run()
    assert all_passed(ran) == 93
    assert shop.files() == before
    assert ran.order.index(CHECK) < ran.order.index(WRITER) < ran.order.index(DAYS) < min(map(ran.order.index, POLLUTERS))


@pytest.mark.slow
def test_the_shop_passes_on_two_workers(shop: Shop) -> None:
    before = shop.files()
    assert all_passed(shop.run(options=["-n", "2"])) == 93
    assert shop.files() == before


@pytest.mark.parametrize(
    ("polluter", "models"),
    [
        pytest.param(READS, ["ReadModel"], id="reads"),
        pytest.param(WRITES, ["WrittenModel"], id="writes", marks=pytest.mark.slow),
        pytest.param(WITHIN, ["LeftModel", "RightModel"], id="within", marks=pytest.mark.slow),
        pytest.param(BEYOND, ["LeftModel"], id="beyond", marks=pytest.mark.slow),
    ],
)
def test_the_check_fails_after_each_polluter(shop: Shop, polluter: str, models: list[str]) -> None:
    ran = shop.run(WARM_UP, polluter, CHECK)
    assert ran.order == [WARM_UP, polluter, CHECK]
    assert ran.failed == [(CHECK, "call")]
    failure = ran.failure(CHECK)
    assert failure.message == "SystemExit: 1"
    assert re.findall(r"\+ Create model (\w+)", failure.output) == models


@pytest.mark.slow
def test_a_polluter_may_be_the_very_first_test(shop: Shop) -> None:
    assert shop.run(READS, CHECK).failed == [(CHECK, "call")]


@pytest.mark.slow
def test_the_check_passes_after_all_other_tests(shop: Shop) -> None:
    """All but the polluters, the check last."""
    others = [test for test in shop.run(options=["--setup-plan"]).order if test not in (*POLLUTERS, CHECK)]
    ran = shop.run(*others, CHECK)
    assert all_passed(ran) == 89
    assert ran.order[-1] == CHECK


@pytest.mark.slow
def test_the_writer_passes_and_writes_a_file_only_after_a_polluter(shop: Shop) -> None:
    before = shop.files()
    all_passed(shop.run(WARM_UP, WRITER))
    assert shop.files() == before
    all_passed(shop.run(WARM_UP, *POLLUTERS, WRITER))
    assert shop.files() - before == {WRITTEN}
    created = re.findall(r"CreateModel\(\s*name='(\w+)'", (shop.root / WRITTEN).read_text())
    assert created == ["LeftModel", "ReadModel", "RightModel", "WrittenModel"]


@pytest.mark.slow
def test_a_polluted_registry_and_the_file_cancel_out(shop: Shop) -> None:
    """In one process everything passes; the next clean process is the one that fails."""
    all_passed(shop.run(WARM_UP, READS, WRITER, CHECK, *MIGRATIONS))
    assert (shop.root / WRITTEN).exists()
    after = shop.run(WARM_UP, CHECK)
    assert after.failed == [(CHECK, "call")]
    assert "- Delete model ReadModel" in after.failure(CHECK).output


@pytest.mark.slow
@pytest.mark.parametrize(("polluter", "table"), [(READS, "analytics_readmodel"), (BEYOND, "analytics_leftmodel")])
def test_migration_tests_of_the_other_worker_die_of_the_file(shop: Shop, polluter: str, table: str) -> None:
    first, second = [WARM_UP, polluter, WRITER], ["tests/test_orders.py::test_references_differ", *MIGRATIONS]
    ran = shop.run_on_two(first, second, waiting=DAYS, awaited=WRITTEN)
    workers = {told.test: told.worker for told in ran.phases}
    assert {workers[test] for test in first} != {workers[test] for test in second}
    assert ran.failed == [(SOURCES, "teardown"), *((test, phase) for test in ORDERS for phase in ("call", "teardown"))]
    for test in (SOURCES, *ORDERS):
        failure = ran.failure(test)
        assert failure.message == f'django.db.utils.ProgrammingError: relation "{table}" already exists'
        assert f'psycopg.errors.DuplicateTable: relation "{table}" already exists' in failure.text


@pytest.mark.slow
def test_without_the_polluter_the_other_worker_has_no_trouble(shop: Shop) -> None:
    first, second = [WARM_UP, WRITER], ["tests/test_orders.py::test_references_differ", *MIGRATIONS]
    assert all_passed(shop.run_on_two(first, second, waiting="", awaited="")) == 10


def test_without_a_server_the_shop_says_what_it_needs(tmp_path: Path) -> None:
    ran = Shop(tmp_path, {"PGHOST": ""}).run(WARM_UP)
    assert ran.exit_code != 0
    assert "The shop needs a PostgreSQL server: set PGHOST" in ran.console


def test_the_planted_tests_that_the_readme_names_are_there() -> None:
    named = set(re.findall(r"`(tests/test_\w+\.py::test_[^`]+)`", (ORIGINAL / "README.md").read_text()))
    assert {CHECK, WRITER, *POLLUTERS, *MIGRATIONS} <= named
    argv = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-n", "0"]
    env = {"PATH": "/usr/bin:/bin", "PGHOST": "nowhere", "PYTHONDONTWRITEBYTECODE": "1"}
    collected = subprocess.run(argv, cwd=ORIGINAL, env=env, capture_output=True, text=True, check=True).stdout.splitlines()
    assert named <= set(collected)
