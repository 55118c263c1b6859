"""Whether the disk or the database server gave way while a run was under way.

Owns the question, and the waiting for a server that is on its way back. Must not decide what of the run counts: that is
`rules.outage`.

    a journal speaks of a broken connection ──► how long has the server been up? ──► less than this run: it was restarted meanwhile
                                                                                └──► longer: it is the tests' own affair
"""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from flaky_detector.adapters.process import execute
from flaky_detector.adapters.space import Watch, disk_of
from flaky_detector.errors import NoServerError
from flaky_detector.recorder import wire
from flaky_detector.rules.outage import DISK, MAY_BE_THE_SERVER, SERVER, SERVER_SAYS
from flaky_detector.stages.run import Invocation

ASK_SECONDS = 10.0
WAIT_SECONDS = 30.0
LOOK_SECONDS = 0.5
FAILURES, MADE = b'"failures":', b'"ev":"databases"'
SUSPICIOUS, CERTAIN = (re.compile(words.pattern.encode()) for words in (MAY_BE_THE_SERVER, SERVER_SAYS))
RESTARTED = "the database server was restarted, or did not answer"


class Outage(NamedTuple):
    """What gave way (`rules.outage`), and a text that "while it ran" may follow."""

    of: str
    text: str


class Outages:
    """Of one hunt: it knows on which of Django's databases its runs made test databases, and asks only about their servers."""

    def __init__(self) -> None:
        self.aliases: set[str] = set()
        self.is_away = False

    def require(self) -> None:
        """Nothing can be run without the server.

        Raises:
            NoServerError: it has not come back.
        """
        if self.is_away:
            raise NoServerError(f"the database server has not answered for {WAIT_SECONDS:.0f} s", "start it, and the hunt again")

    def find(self, watch: Watch, call: Invocation, sweep: Invocation, started: float) -> Outage | None:
        """What gave way during a run; None where all went well.

        Args:
            watch: has looked at the disks.
            call: the run.
            sweep: what drops its databases, as a pattern for a process in its environment.
            started: when it began, by the monotonic clock.
        """
        watch.look()
        if watch.full is not None:
            return Outage(DISK, f"the disk at {disk_of(watch.full)} was full")
        words = self._read(Path(call.bundle))
        if not words:
            return None
        chosen = (word for alias in sorted(self.aliases) for word in ("--alias", alias))
        argv = (call.argv[0], "-m", f"{wire.PLUGIN}.servers", "--record", call.bundle, *chosen)
        asking = structs.replace(sweep, argv=argv, deadline_seconds=ASK_SECONDS)
        was_restarted = bool(self.aliases) and self._was_restarted(asking, started)
        return Outage(SERVER, RESTARTED) if was_restarted or CERTAIN.search(words) is not None else None

    def _read(self, bundle: Path) -> bytes:
        """Lines of the journals that tell of a broken connection."""
        found = []
        for journal in bundle.rglob(f"{wire.JOURNAL_PREFIX}*{wire.JOURNAL_SUFFIX}"):
            data = journal.read_bytes()
            if MADE in data:
                self.aliases.update(_aliases(data))
            if FAILURES in data:
                found += [line for line in data.splitlines() if FAILURES in line and SUSPICIOUS.search(line)]
        return b"\n".join(found)

    def _was_restarted(self, asking: Invocation, started: float) -> bool:
        """Returns when every server answers again, or after `WAIT_SECONDS`."""
        latest, was_away = time.monotonic() + WAIT_SECONDS, False
        while True:
            self.is_away, uptime = _asked(asking)
            was_away |= self.is_away
            if not self.is_away or time.monotonic() > latest:
                return was_away or uptime < time.monotonic() - started
            time.sleep(LOOK_SECONDS)


def _aliases(data: bytes) -> Iterator[str]:
    """Of the databases that a journal says to have been made."""
    for line in data.splitlines():
        if MADE in line:
            with suppress(msgspec.DecodeError, msgspec.ValidationError):
                yield from (made.alias for made in msgspec.json.decode(line, type=_Event).databases)


class _Made(msgspec.Struct):
    alias: str


class _Event(msgspec.Struct):
    databases: tuple[_Made, ...] = ()


def _asked(asking: Invocation) -> tuple[bool, float]:
    """Whether a server does not answer, and how long the youngest has been up; for ever, where nobody can tell."""
    is_away = execute(asking).timed_out
    told = (Path(asking.bundle) / "console.log").read_text(errors="replace")
    uptimes = [float(found) for found in re.findall(r"^\S+ (\d+\.\d+)$", told, re.MULTILINE)]
    return is_away or re.search(r"^\S+ away$", told, re.MULTILINE) is not None, min(uptimes, default=float("inf"))
