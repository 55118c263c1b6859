"""The app `analytics`."""

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    """Visits and what is counted from them."""

    name = "shop.analytics"
    label = "analytics"
