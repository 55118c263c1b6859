"""What every child of a fork server would do by itself in the same way, done once in the server.

Owns the list. Nothing of the project's is run for it: modules are imported that pytest-django imports in each process, after collection and
when it makes databases; the fixtures of all plugins are found, which is a fifth of a short trial; and what the recorder and `inspect` find
out about modules that are there already is kept.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
from typing import TYPE_CHECKING, Any

import _pytest.fixtures

if TYPE_CHECKING:
    import pytest

PLUGIN = "pytest_django.plugin"
MODULES = (
    "django.test",
    "django.core.management.commands.migrate",
    "django.core.management.commands.createcachetable",
)


def preload(session: pytest.Session) -> None:
    """Before the first fork."""
    from flaky_detector.recorder import branching, narrow, originals, replay, shuffle, waking, walk
    from flaky_detector.recorder.probes import django_signals

    del branching, narrow, replay, shuffle, waking, walk
    if PLUGIN in sys.modules and getattr(getattr(sys.modules.get("django.apps"), "apps", None), "ready", False):
        for name in MODULES:
            with contextlib.suppress(Exception):
                importlib.import_module(name)
    originals.remember()
    django_signals.remember()
    with contextlib.suppress(Exception):
        inspect.getmodule(preload.__code__)  # as for the first traceback: it looks for the files of all modules, and remembers them
    _find_fixtures(session)


def _find_fixtures(session: pytest.Session) -> None:
    """Make pytest's manager of fixtures, and have the first session that asks for one get this one.

    A child is that session: pytest makes the manager when the session starts.
    """
    make: Any = getattr(_pytest.fixtures, "FixtureManager", None)
    if make is None:
        return
    made = make(session)

    def hand_over(_: pytest.Session) -> Any:
        _pytest.fixtures.FixtureManager = make  # type: ignore[misc]
        return made

    _pytest.fixtures.FixtureManager = hand_over  # type: ignore[misc,assignment]
