"""The data that the migrations of `analytics` fill in."""

from datetime import UTC, date, datetime

LATE = datetime(2026, 2, 28, 23, 59, tzinfo=UTC)


def test_visits_get_their_day(migrator):
    old = migrator.apply_initial_migration(("analytics", "0002_daily_count"))
    old.apps.get_model("analytics", "Visit").objects.create(path="/", visitor="v1", at=LATE)

    new = migrator.apply_tested_migration(("analytics", "0003_visit_day"))

    assert new.apps.get_model("analytics", "Visit").objects.get().day == date(2026, 2, 28)


def test_visits_by_the_newsletter_get_their_source(migrator):
    old = migrator.apply_initial_migration(("analytics", "0003_visit_day"))
    visits = old.apps.get_model("analytics", "Visit")
    for path in ("/newsletter/7/", "/products/"):
        visits.objects.create(path=path, visitor="v1", at=LATE, day=LATE.date())

    new = migrator.apply_tested_migration(("analytics", "0004_visit_source"))

    rows = new.apps.get_model("analytics", "Visit").objects.order_by("path").values_list("source", flat=True)
    assert list(rows) == ["newsletter", "direct"]
