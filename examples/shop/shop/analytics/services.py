"""Recording and counting of visits."""

from collections import Counter
from datetime import date, datetime

from django.utils import timezone

from shop.analytics.models import DailyCount, Visit

SOURCES = ("direct", "search", "newsletter")


def record(path: str, visitor: str, *, source: str = "direct", at: datetime | None = None) -> Visit:
    """A visit; an unknown source counts as direct."""
    moment = at or timezone.now()
    known = source if source in SOURCES else "direct"
    return Visit.objects.create(path=normal(path), visitor=visitor, source=known, at=moment, day=moment.date())


def normal(path: str) -> str:
    """A path without query and with one closing slash."""
    return "/" + path.split("?", maxsplit=1)[0].strip("/") + ("/" if path.strip("/") else "")


def count(day: date) -> int:
    """Counts the visits of a day anew; how many pages were looked at."""
    hits = Counter(Visit.objects.filter(day=day).values_list("path", flat=True))
    for path, visits in hits.items():
        DailyCount.objects.update_or_create(day=day, path=path, defaults={"visits": visits})
    return len(hits)


def most_visited(day: date, limit: int = 3) -> list[tuple[str, int]]:
    """The pages of a day, the most visited first."""
    rows = DailyCount.objects.filter(day=day).order_by("-visits", "path")
    return list(rows.values_list("path", "visits")[:limit])
