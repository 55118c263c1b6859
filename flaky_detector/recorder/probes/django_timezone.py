"""The time zone that is current for Django on this thread.

Owns the kind `django-timezone`, key `timezone`. Cost: one context variable a test, 0.5 µs.
"""

from __future__ import annotations

from flaky_detector.recorder import wire
from flaky_detector.recorder.active import ActiveProbe


class DjangoTimezoneProbe(ActiveProbe):
    """Compares the active time zone."""

    name = "django-timezone"
    kind = wire.DJANGO_TIMEZONE
    key = "timezone"
    module = "django.utils.timezone"
    setting = "TIME_ZONE"
