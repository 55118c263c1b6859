"""The artefacts of the real incident, as a user's CI left them: nothing of ours in them, no sources at hand.

They are not part of the repository; without them these tests are skipped.
"""

import gzip
import json
import time
from functools import cache
from pathlib import Path

import pytest

from flaky_detector.adapters.artefacts import gather
from flaky_detector.adapters.sources import nothing
from flaky_detector.model import Result, RunRecord, Suspect, Symptom, bare_test_id
from flaky_detector.pipeline.analysis import analyze
from flaky_detector.pipeline.analysis import read as read_bundles
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.settings import Settings
from flaky_detector.stages.classify import classify
from flaky_detector.stages.correlate import Papers, correlate, lay_out, undecided
from flaky_detector.stages.ingest import ingest
from flaky_detector.stages.report import Context, report

INCIDENT = Path(__file__).parents[2] / "../shared/incident"
pytestmark = pytest.mark.skipif(not INCIDENT.is_dir(), reason="the artefacts of the incident are not beside the checkout")

ROUTERS = "tests/unit/app/test_unit_app_routers.py::test_analytics_router_"
POLLUTERS = {
    f"{ROUTERS}db_for_read__given_app_label__returns_expected_db[app_analytics-analytics]",
    f"{ROUTERS}db_for_write__given_app_label__returns_expected_db[app_analytics-analytics]",
    f"{ROUTERS}allow_relation__given_app_labels__returns_expected[app_analytics-app_analytics-True]",
    f"{ROUTERS}allow_relation__given_app_labels__returns_expected[app_analytics-another_app-None]",
}


@cache
def read(folder: str) -> RunRecord:
    (bundle,), gaps = gather([INCIDENT / folder])
    assert gaps == ()
    return ingest(bundle)


def truth(folder: str) -> dict[str, tuple[str, int]]:
    """Worker and position of every test, as a recorder inside the process saw it: for scoring only."""
    path = INCIDENT / folder / "true_order.json"
    data = path.read_bytes() if path.exists() else gzip.decompress(path.with_name("true_order.json.gz").read_bytes())
    orders = json.loads(data)
    return {
        bare_test_id(test): (worker if worker.startswith("gw") else "main", position)
        for worker, tests in orders.items()
        for position, test in enumerate(tests)
    }


def examined(folder: str) -> list[tuple[Symptom, tuple[Suspect, ...], Papers]]:
    records = [read(folder)]
    papers = lay_out(records, nothing)
    return [(symptom, correlate(symptom, papers), papers) for symptom in classify(records)]


@pytest.mark.parametrize("folder", ["cluster1_one_process", "cluster2_xdist", "random_seed_2", "django_order_kept_seed_11"])
def test_the_console_log_puts_every_test_on_its_worker_and_in_its_place(folder: str) -> None:
    true = truth(folder)
    told = {row.test: (row.worker, row.position) for row in read(folder).executions}
    right = sum(told.get(test) == place for test, place in true.items())  # type: ignore[call-overload]
    assert right / len(true) >= 0.999
    assert len(told) == len(true)


@pytest.mark.parametrize("folder", ["cluster1_one_process", "cluster2_xdist", "random_seed_2", "django_order_kept_seed_11"])
def test_the_artefacts_are_read_without_a_gap(folder: str) -> None:
    assert read(folder).gaps == ()


def test_cluster_1_the_drift_is_recognised_and_its_four_models_are_named() -> None:
    ((symptom, _, _),) = examined("cluster1_one_process")
    assert symptom.test.endswith("::test_makemigrations__with_check_changes__runs_without_error")
    assert (symptom.signature.rule, symptom.signature.exception) == ("migration-drift", "SystemExit: 1")
    assert symptom.signature.resources == (
        "app_analytics.AnalyticsModel",
        "app_analytics.MyModel",
        "app_analytics.MyModel1",
        "app_analytics.MyModel2",
    )


def test_cluster_1_the_router_tests_lead_and_the_four_polluters_are_among_them() -> None:
    ((_, suspects, _),) = examined("cluster1_one_process")
    assert all(suspect.test.startswith(ROUTERS) for suspect in suspects[:10])
    assert {suspect.test for suspect in suspects[:7]} >= POLLUTERS
    assert max(suspect.score for suspect in suspects) < 0.2


def test_cluster_1_what_cannot_be_told_apart_without_sources_is_said() -> None:
    ((symptom, suspects, papers),) = examined("cluster1_one_process")
    text = undecided(symptom, suspects, papers)
    assert text.startswith("7 suspects cannot be told apart by this evidence (")
    assert "the sources tell which of them name what the error names" in text


def test_cluster_2_points_to_the_router_tests_of_the_other_worker_by_name_only() -> None:
    found = examined("cluster2_xdist")
    assert [symptom.test.rsplit("::", 1)[1] for symptom, _, _ in found] == [
        "test_create_whitelisted_segments_migration__segment_exceeds_limit__adds_to_whitelist",
        "test_add_versioning_to_segments__forwards__sets_version_of_to_self",
        "test_add_versioning_to_segments__reverse__deletes_historical_versions",
    ]
    for symptom, suspects, _ in found:
        assert (symptom.signature.rule, symptom.signature.resources) == ("duplicate-table", ("app_analytics_analyticsmodel",))
        assert symptom.phases == ("call", "teardown")
        assert all(suspect.worker == "other" and suspect.test.startswith(ROUTERS) for suspect in suspects[:7])
        assert {suspect.test for suspect in suspects[:7]} >= POLLUTERS
        assert {reason.kind for suspect in suspects for reason in suspect.evidence} == {"order", "name"}


def test_the_project_s_own_order_shows_nothing() -> None:
    assert examined("django_order_kept_seed_11") == []


def test_a_flood_of_195_failing_tests_is_told_apart_in_reasonable_time() -> None:
    began = time.monotonic()
    found = examined("random_seed_2")
    assert time.monotonic() - began < 30
    assert len({symptom.test for symptom, _, _ in found}) == 195
    assert all(symptom.example for symptom, _, _ in found)


def concluded(folder: str) -> Result:
    bundles, gaps = gather([INCIDENT / folder])
    return analyze(read_bundles(bundles, gaps, Dossier()), Settings(), nothing)


def test_cluster_2_says_that_the_victims_own_worker_does_not_explain_it_and_only_suspects() -> None:
    findings = concluded("cluster2_xdist").findings
    assert [(finding.kind, finding.confidence, finding.polluters) for finding in findings] == [("unknown", "suspected", ())] * 3
    silent = [
        "the one test that ran there before it says nothing",
        "none of the 2 tests that ran there before it says anything",
        "none of the 3 tests that ran there before it says anything",
    ]
    assert [finding.notes[0] for finding in findings] == [
        f"its own worker, gw0, does not explain the failure: {nothing_said} of `app_analytics_analyticsmodel`; tests of gw1 do. So it may"
        " cross processes, most likely as a migration file in the source tree;"
        " `test_makemigrations__with_name__runs_without_error` ran there"
        for nothing_said in silent
    ]
    assert all(finding.suspects[0].test.startswith(ROUTERS) for finding in findings)


ORGANISATIONS = "tests/unit/organisations/test_unit_organisations_migrations.py::test_add_default_subscription__organisation"
ACTING = {
    f"{ORGANISATIONS}_without_subscription__creates_subscription",
    "tests/unit/features/test_migrations.py::test_feature_state_versioning__reverse_migration__retains_latest_live_version",
    "tests/unit/features/test_migrations.py::test_sample_to_webhook_migration__reverse__renames_providers_to_sample",
    "tests/unit/features/test_migrations.py::test_sample_to_webhook_migration__forward__renames_providers_to_webhook",
    "tests/unit/features/test_migrations.py::test_feature_segments_migration__reverse__collapses_to_single_segment",
    "tests/unit/features/test_migrations.py::test_fix_feature_type_migration__feature_with_mv_options__sets_multivariate_type",
    "tests/unit/features/test_migrations.py::test_feature_segments_migration__forward__creates_per_environment_segments",
    "tests/unit/features/test_migrations.py::test_constrain_feature_type__invalid_types__fixes_to_standard_or_multivariate",
}
"""The transactional tests that ran before the first victim of their worker: skipped, all of them."""


def test_a_flood_is_told_as_two_causes_that_the_transactional_tests_head() -> None:
    rows, refused = concluded("random_seed_2").findings
    assert (len(rows.victims), len(refused.victims)) == (177, 18)
    assert not set(rows.victims) & set(refused.victims)
    assert rows.victim_counts == {"IntegrityError": 121, "DoesNotExist": 45, "AssertionError": 20}
    assert {suspect.test for suspect in rows.suspects} == ACTING
    assert {suspect.test for suspect in refused.suspects[:8]} == ACTING
    for finding in (rows, refused):
        assert (finding.kind, finding.confidence, finding.polluters) == ("unknown", "suspected", ())
        assert finding.test == finding.victims[0]
    assert "this order undoes pytest-django's sort" in rows.notes[2]


def test_a_flood_makes_a_comment_that_a_person_reads() -> None:
    pages = report(concluded("random_seed_2"), Context())
    assert len(pages.comment.splitlines()) < 120
    assert pages.terminal.splitlines()[1] == "195 failing tests in 2 groups with suspects only · nothing proven"
