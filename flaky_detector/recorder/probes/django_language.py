"""The language that Django's translations speak on this thread.

Owns the kind `django-language`, key `language`. A request through `LocaleMiddleware` activates one too and leaves it so. Cost: one
context variable a test, 0.5 µs.
"""

from __future__ import annotations

from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.active import ActiveProbe


class DjangoLanguageProbe(ActiveProbe):
    """Compares the active language."""

    name = "django-language"
    kind = wire.DJANGO_LANGUAGE
    key = "language"
    module = "django.utils.translation.trans_real"
    setting = "LANGUAGE_CODE"

    def name_of(self, active: Any) -> str:
        """`deactivate_all` makes an object that speaks no language at all."""
        return str(active.to_language() or "(none)")
