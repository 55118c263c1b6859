"""What a test file leaves different when it is imported, before any test runs.

Owns the event `import`. Looked at only with deep probes, file by file, as pytest collects them. That pytest puts a file's folder on
`sys.path` is no change. Must not raise into a collection.

    watch starts │ import test_a.py │ settle → event │ import test_b.py │ settle → event │ … │ first test: all is taken for granted
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from flaky_detector.recorder import wire
from flaky_detector.recorder.watch import scope_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from flaky_detector.recorder.journal import Journal
    from flaky_detector.recorder.watch import Watch


class Imports:
    """Writes `import`."""

    def __init__(self, journal: Journal, watch: Watch) -> None:
        self._journal = journal
        self._watch = watch

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, None]:
        """A collector is about to say what it holds; a module is imported for that."""
        if scope_of(collector) != "module":
            yield
            return
        self._look(None)
        yield
        self._look(collector)

    def _look(self, collector: pytest.Collector | None) -> None:
        try:
            changes = [change for change in self._watch.look_at_import() if change["kind"] != wire.SYS_PATH]
            if collector is not None and changes:
                self._journal.write({"ev": "import", "id": collector.nodeid, "state": changes})
        except Exception as error:
            self._journal.note("the recorder failed at an import: %r" % (error,))
