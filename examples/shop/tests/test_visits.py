"""Visits and what is counted from them."""

from datetime import UTC, date, datetime

import pytest

from shop.analytics import services
from shop.analytics.models import DailyCount

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = date(2026, 3, 1)

pytestmark = pytest.mark.django_db


def test_a_visit_knows_its_day():
    assert services.record("/", "v1", at=NOON).day == DAY


@pytest.mark.parametrize(("source", "kept"), [("search", "search"), ("newsletter", "newsletter"), ("carrier pigeon", "direct")])
def test_an_unknown_source_counts_as_direct(source, kept):
    assert services.record("/", "v1", source=source).source == kept


def test_visits_are_counted_by_page():
    for path in ("/a", "/b", "/a/", "/a?x=1"):
        services.record(path, "v1", at=NOON)
    assert services.count(DAY) == 2
    assert services.most_visited(DAY) == [("/a/", 3), ("/b/", 1)]


def test_counting_again_changes_nothing():
    services.record("/a", "v1", at=NOON)
    services.count(DAY)
    services.count(DAY)
    assert DailyCount.objects.get().visits == 1


def test_pages_of_equal_visits_stand_by_name():
    for path in ("/c", "/a", "/b", "/d"):
        services.record(path, "v1", at=NOON)
    services.count(DAY)
    assert services.most_visited(DAY, limit=2) == [("/a/", 1), ("/b/", 1)]


def test_a_day_without_visits_has_no_pages():
    assert services.most_visited(date(2020, 1, 1)) == []
