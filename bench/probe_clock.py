"""A plugin for the bench: what each probe took after each test, written when the session is over.

Owns the sampling of the recorder's own account. Single tests are kept, so that the bench can take the least of several rounds test by
test, which leaves out what other work on the machine did to one of them.
"""

import json
import os
from pathlib import Path
from typing import Any

TARGET = "PROBE_CLOCK"
SIGNS = "signs"
"""What stands for all probes that are not asked."""


class Clock:
    """Takes the account after each test; the first is left out, before which all probes start."""

    def __init__(self) -> None:
        self._watch: Any = None
        self._last: dict[str, float] = {}
        self._rows: list[dict[str, float]] = []

    def pytest_collection_finish(self, session: Any) -> None:
        """By now the recorder is awake."""
        found = [plugin for plugin in session.config.pluginmanager.get_plugins() if type(plugin).__name__ == "Recorder"]
        self._watch = found[0]._watch if found else None

    def pytest_runtest_logfinish(self) -> None:
        """A test is over."""
        if self._watch is not None:
            now = {SIGNS: self._watch.signs_seconds, **self._watch.cost}
            self._rows.append({name: now[name] - self._last.get(name, 0.0) for name in now})
            self._last = now

    def pytest_sessionfinish(self) -> None:
        """Seconds, a list a probe."""
        names = list(self._last)
        Path(os.environ[TARGET]).write_text(json.dumps({name: [row[name] for row in self._rows] for name in names}))


def pytest_configure(config: Any) -> None:
    """Nothing without a file to write to."""
    if os.environ.get(TARGET):
        config.pluginmanager.register(Clock())
