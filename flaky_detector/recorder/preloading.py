"""What every child of a fork server would do by itself in the same way, done once in the server.

Owns the list. Nothing of the project's is run for it: modules are imported that pytest-django imports in each process, after collection and
when it makes databases; and what the recorder finds out about modules that are there already is kept.
"""

from __future__ import annotations

import contextlib
import importlib
import sys

PLUGIN = "pytest_django.plugin"
MODULES = (
    "django.test",
    "django.core.management.commands.migrate",
    "django.core.management.commands.createcachetable",
)


def preload() -> None:
    """Before the first fork."""
    from flaky_detector.recorder import originals, replay, shuffle, waking, walk
    from flaky_detector.recorder.probes import django_signals

    del replay, shuffle, waking, walk
    if PLUGIN in sys.modules and getattr(getattr(sys.modules.get("django.apps"), "apps", None), "ready", False):
        for name in MODULES:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    originals.remember()
    django_signals.remember()
