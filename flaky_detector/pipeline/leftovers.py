"""What a hunt that was killed left behind is removed when the next one starts: processes, test databases, copies of the tree.

Owns the sequence. A run writes down how its databases are dropped before it starts (`note`), for a killed hunt can say nothing more. Must
not touch anything that a living hunt holds.
"""

from contextlib import suppress
from pathlib import Path

import msgspec

from flaky_detector.adapters import scratch, workspace
from flaky_detector.adapters.process import execute
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import FlakyDetectorError
from flaky_detector.stages.run import Invocation

NOTE = "sweep.json"


def note(room: Path, sweep: Invocation) -> None:
    """How the databases of the run in this room are dropped, should it come to that."""
    with suppress(OSError):
        (room / NOTE).write_bytes(msgspec.json.encode(sweep))


def sweep_leftovers(voice: Voice) -> None:
    """Remove what killed hunts of this user left in the temporary folder; says so."""
    for folder in scratch.orphans():
        processes = scratch.end_processes_of(folder)
        for path in folder.glob(f"*/{NOTE}"):
            with suppress(FlakyDetectorError, msgspec.MsgspecError, OSError):
                execute(msgspec.json.decode(path.read_bytes(), type=Invocation))
        workspace.remove(folder)
        told = f" and {processes} process{'' if processes == 1 else 'es'}" if processes else ""
        voice.say(f"removed what an earlier hunt, which was killed, had left: {folder}{told}, its test databases")
