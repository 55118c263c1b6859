"""Visits, one by one and counted by day."""

from django.db import models


class Visit(models.Model):
    """Somebody looked at a page."""

    path = models.CharField(max_length=200)
    visitor = models.CharField(max_length=64)
    source = models.CharField(max_length=20, default="direct")
    at = models.DateTimeField()
    day = models.DateField()

    class Meta:
        indexes = [models.Index(fields=["day", "path"], name="visit_day_path")]

    def __str__(self) -> str:
        return f"{self.visitor} at {self.path}"


class DailyCount(models.Model):
    """How often a page was looked at in a day."""

    day = models.DateField()
    path = models.CharField(max_length=200)
    visits = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "path"], name="one_count_a_day_and_path")]

    def __str__(self) -> str:
        return f"{self.path} on {self.day}: {self.visits}"
