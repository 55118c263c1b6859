"""What a hunt that was killed left behind is removed when the next one starts: processes, test databases, copies of the tree.

Owns the sequence. A run writes down how its databases are dropped before it starts (`note`), for a killed hunt can say nothing more. Must
not touch anything that a living hunt holds.
"""

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import structs

from flaky_detector.adapters import scratch, workspace
from flaky_detector.adapters.process import execute
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import FlakyDetectorError
from flaky_detector.recorder import wire
from flaky_detector.stages.run import Invocation

NOTE = "sweep.json"
MOST_TRIED_SECONDS = 24 * 3600.0
"""A server that has not answered for so long is not waited for any more."""


def note(room: Path, sweep: Invocation) -> None:
    """How the databases of the run in this room are dropped, should it come to that."""
    with suppress(OSError):
        (room / NOTE).write_bytes(msgspec.json.encode(sweep))


def swept(sweep: Invocation, folder: Path) -> None:
    """Drop a run's databases; where their server does not answer, the next hunt is to, and `folder`, the hunt's own, stays till then."""
    with suppress(FlakyDetectorError):
        if execute(sweep, tidies=True).exit_code == wire.SWEEP_AWAY:
            owed = scratch.owe(folder)
            note(owed, _with_its_own_record(sweep, owed))


def _with_its_own_record(sweep: Invocation, folder: Path) -> Invocation:
    """The same, which finds here what it reads of the run's journals: where the servers are. The bundle may go meanwhile."""
    record = sweep.argv[sweep.argv.index("--record") + 1]
    for journal in Path(record).glob(f"{wire.JOURNAL_PREFIX}*{wire.JOURNAL_SUFFIX}"):
        with suppress(OSError), journal.open("rb") as file:
            (folder / journal.name).write_bytes(file.readline())
    return structs.replace(sweep, argv=tuple(str(folder) if word == record else word for word in sweep.argv))


def sweep_leftovers(voice: Voice) -> None:
    """Remove what killed hunts of this user left in the temporary folder; says so."""
    for folder in scratch.orphans():
        processes = scratch.end_processes_of(folder)
        is_away = False
        for path in folder.glob(f"*/{NOTE}"):
            with suppress(FlakyDetectorError, msgspec.MsgspecError, OSError):
                is_away |= execute(msgspec.json.decode(path.read_bytes(), type=Invocation)).exit_code == wire.SWEEP_AWAY
        if is_away and scratch.age_seconds(folder) < MOST_TRIED_SECONDS:
            voice.say(f"the database server of an earlier hunt does not answer; {folder} stays until its test databases can be dropped")
            continue
        workspace.remove(folder)
        told = f" and {processes} process{'' if processes == 1 else 'es'}" if processes else ""
        voice.say(f"removed what an earlier hunt, which was killed, had left: {folder}{told}, its test databases")
