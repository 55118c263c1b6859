"""Templates of test databases, from which the runs of one hunt copy theirs: the folder that they share, the keeper, and the end.

Owns what is left on a server when the hunt is over, which is nothing: the keeper of each Python drops what there is; where it could not,
or there was none, a sweep does. Must not know how a database is copied: that is `recorder.cloning`.
"""

import secrets
import threading
from contextlib import suppress
from pathlib import Path

from msgspec import structs

from flaky_detector.adapters.process import Companion
from flaky_detector.errors import FlakyDetectorError
from flaky_detector.pipeline.leftovers import note, swept
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Invocation

SWEEP_SECONDS = 60.0


class Templates:
    """Of one hunt.

    Args:
        scratch: the hunt's folder.
        enabled: whether databases are to be copied at all.
    """

    def __init__(self, scratch: Path, *, enabled: bool) -> None:
        self.suffix = f"fd{secrets.token_hex(4)}"
        self.path = scratch / "templates" / self.suffix
        self.enabled = enabled
        self.keepers: dict[str, Companion | None] = {}
        self._sweep: Invocation | None = None
        self._lock = threading.Lock()

    def folder(self) -> str:
        """What runs are told; empty where they are to make their own databases."""
        if self.enabled:
            (self.path / "tmp").mkdir(parents=True, exist_ok=True)
        return str(self.path) if self.enabled else ""

    def expect(self, call: Invocation) -> None:
        """A run is about to begin: write down how what it may make is dropped, should this hunt be killed."""
        with self._lock:
            if self.enabled and self._sweep is None and self.path.is_dir():
                self._sweep = self._beside(call, f"{wire.PLUGIN}.sweep", "--suffix", self.suffix, "--record", str(self.path))
                note(self.path.parent, self._sweep)

    def tend(self, call: Invocation) -> None:
        """A run is over: once there are templates on a server, its Python gets a keeper."""
        with self._lock:
            python = call.argv[0]
            if python in self.keepers or not (self.path / wire.journal_name(wire.TEMPLATES_MADE)).is_file():
                return
            keeper = self._beside(call, f"{wire.PLUGIN}.cloning.keeper", "--registry", str(self.path))
            self.keepers[python] = None
            with suppress(FlakyDetectorError):
                self.keepers[python] = Companion(structs.replace(keeper, bundle=str(self.path / f"keeper-{len(self.keepers)}")))

    def close(self) -> None:
        """The hunt is over."""
        with self._lock:
            ended = [keeper.end() if keeper is not None else 1 for keeper in self.keepers.values()]
            is_dropped = bool(ended) and not any(ended)
            self.keepers = {}
            if self._sweep is not None and not is_dropped and (self.path / wire.journal_name(wire.TEMPLATES_MADE)).is_file():
                swept(self._sweep, self.path.parent.parent)

    def _beside(self, call: Invocation, module: str, *options: str) -> Invocation:
        """A process in the environment of a run, which leaves no trace in its tree."""
        env = call.env | {"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(self.path / "tmp")}
        argv = (call.argv[0], "-m", module, *options)
        return Invocation(argv=argv, env=env, cwd=call.cwd, bundle=str(self.path / "sweep"), deadline_seconds=SWEEP_SECONDS)
