"""The whole way on the real thing: the example project on a real PostgreSQL, both clusters proven, no innocent accused."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.hunting import Outcome, flaky_detector
from tests.support.shop import ORIGINAL

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ROUTERS = "tests/test_routers.py::"
POLLUTERS = {
    ROUTERS + "test_reads_of_a_model_go_where_its_app_belongs[analytics-warehouse]",
    ROUTERS + "test_writes_of_a_model_go_where_its_app_belongs[analytics-warehouse]",
    ROUTERS + "test_models_are_joined_within_analytics[analytics-analytics-True]",
    ROUTERS + "test_models_are_joined_within_analytics[analytics-elsewhere-None]",
}
WRITER = "tests/test_makemigrations.py::test_a_migration_with_a_name_may_be_made"
CHECK = "tests/test_makemigrations.py::test_no_migration_is_missing"
VICTIMS = {
    "tests/test_migrations_analytics.py::test_visits_by_the_newsletter_get_their_source",
    "tests/test_migrations_orders.py::test_products_get_their_slug",
    "tests/test_migrations_orders.py::test_slugs_that_are_there_stay",
    "tests/test_migrations_orders.py::test_orders_get_their_total",
    "tests/test_migrations_orders.py::test_an_order_without_lines_costs_nothing",
    "tests/test_migrations_orders.py::test_slugs_can_be_taken_back",
}


@pytest.fixture(scope="module")
def hunted(postgres: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    project = tmp_path_factory.mktemp("shop") / "shop"
    shutil.copytree(ORIGINAL, project, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache"))
    return project, flaky_detector("hunt", "--runs", "3", "--repeats", "2", cwd=project, environ=postgres)


def test_exactly_the_true_victims_are_found_and_all_are_proven(hunted: tuple[Path, Outcome]) -> None:
    _, outcome = hunted
    assert outcome.exit_code == 1
    assert {finding["test"] for finding in outcome.findings["findings"]} == {CHECK, *VICTIMS}
    assert {(finding["kind"], finding["confidence"]) for finding in outcome.findings["findings"]} == {("victim", "proven")}


def test_each_of_the_four_polluters_of_the_check_is_named_and_no_innocent(hunted: tuple[Path, Outcome]) -> None:
    found = hunted[1].finding(CHECK)
    assert {tests[0] for tests in found["polluters"]} == POLLUTERS
    assert all(len(tests) == 1 for tests in found["polluters"])
    assert (found["signature"]["rule"], found["signature"]["exception"]) == ("migration-drift", "SystemExit: 1")
    assert found["trials"]["alone"] == "0/2"


@pytest.mark.parametrize("victim", sorted(VICTIMS))
def test_the_chain_over_two_workers_is_proven_for_each_victim(hunted: tuple[Path, Outcome], victim: str) -> None:
    found = hunted[1].finding(victim)
    assert found["signature"]["rule"] == "duplicate-table"
    for polluter, writer in found["polluters"]:
        assert polluter in POLLUTERS
        assert writer == WRITER
    workers = [worker for worker, test in found["minimal_steps"] if test in (*POLLUTERS, WRITER)]
    assert workers == [0, 0]
    assert found["minimal_steps"][-1] == [1, victim]


def test_the_throwaway_labels_and_the_footer_are_latent_only(hunted: tuple[Path, Outcome]) -> None:
    latent = {entry["test"] for entry in hunted[1].findings["latent_polluters"]}
    assert "tests/test_receipts.py::test_a_footer_may_come_from_the_environment" in latent
    assert not latent & {*POLLUTERS, CHECK, *VICTIMS}


def test_tree_and_server_are_left_as_they_were(hunted: tuple[Path, Outcome], postgres: dict[str, str]) -> None:
    project, _ = hunted
    assert sorted(path.name for path in (project / "shop" / "analytics" / "migrations").glob("0*.py")) == [
        "0001_initial.py",
        "0002_daily_count.py",
        "0003_visit_day.py",
        "0004_visit_source.py",
    ]
    query = "import psycopg; print(*[r[0] for r in psycopg.connect(dbname='postgres').execute('select datname from pg_database')])"
    asked = subprocess.run([sys.executable, "-c", query], env=postgres, capture_output=True, text=True, check=True)
    assert sorted(asked.stdout.split()) == ["postgres", "template0", "template1"]


def test_the_comment_tells_both_causes(hunted: tuple[Path, Outcome]) -> None:
    project, _ = hunted
    comment = (project.parent / "report" / "comment.md").read_text()
    assert comment.splitlines()[:2] == [
        "<!-- flaky-detector:default -->",
        "### 🧪 5 tests pollute 7 others · 2 causes · proven by re-running",
    ]
    assert "1. `gw0` · `test_models_are_joined_within_analytics[analytics-analytics-True]` leaves the Django model" in comment
    assert "+    ReadModel = SimpleNamespace(_meta=SimpleNamespace(app_label=label))" in comment


def test_the_patch_that_it_offers_was_tried(hunted: tuple[Path, Outcome]) -> None:
    remedy = hunted[1].finding(CHECK)["remedy"]
    assert remedy["patch_verified"] is True
    assert remedy["patch"].startswith("--- a/tests/test_routers.py\n+++ b/tests/test_routers.py\n")
