"""A process that works beside the runs for as long as its standard input is open.

Owns its start and its end. It ends by itself when this process does, however that happens.
"""

import contextlib
import subprocess
import uuid

from flaky_detector.adapters.process.descendants import end_marked
from flaky_detector.adapters.process.spawning import started
from flaky_detector.stages.run import Invocation

PATIENCE_SECONDS = 60.0


class Companion:
    """One such process.

    Raises:
        SuiteError: it cannot be started.
    """

    def __init__(self, invocation: Invocation) -> None:
        self._mark = uuid.uuid4().hex
        self._process = started(invocation, self._mark, stdin=subprocess.PIPE)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def end(self) -> int:
        """Let it finish; its exit code, or minus a signal's number."""
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        try:
            return self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            end_marked(self._mark)
            return self._process.wait()
