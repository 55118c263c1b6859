"""One process's journal: complete lines, written at once. PYTEST_DONT_REWRITE

Owns the file. Must not raise: what cannot be written, for the disk is full, is kept and goes out with a later line; what can never be
written is lost, and the house sees the hole. A process that is killed loses only what it had not yet handed over, which is at most the
`end` of the test it was running.
"""

from __future__ import annotations

import os
from typing import Any

from flaky_detector.recorder import wire
from flaky_detector.recorder.world import World

MAX_NOTES = 30
MAX_HELD = 1 << 20


class Journal:
    """Appends events to `journal-<worker>.jsonl` in `folder`; without a folder it writes nothing.

    Where `said` is a list, it keeps what is written, for forks that go on in another folder.
    """

    def __init__(self, folder: str, worker: str) -> None:
        self.worker = worker
        self.folder = folder
        self._path = World.join(folder, wire.journal_name(worker)) if folder else ""
        self._fd = -1
        self._identity = (0, 0)
        self._notes = 0
        self._held = b""
        self.said: list[dict[str, Any]] | None = None
        if folder:
            os.makedirs(folder, exist_ok=True)
            self._open(os.O_TRUNC)

    @property
    def writes(self) -> bool:
        """Whether there is a file at all."""
        return bool(self._path)

    def move(self, folder: str) -> None:
        """In a fork: go on in another folder, and leave the file to the process that was forked."""
        self._held = b""
        self._path = World.join(folder, wire.journal_name(self.worker))
        os.makedirs(folder, exist_ok=True)
        self._open(os.O_TRUNC)

    def write(self, event: dict[str, Any]) -> None:
        """One line."""
        if not self._path:
            return
        if self.said is not None:
            self.said.append(event)
        self._held += (World.encode(event) + "\n").encode("ascii")
        try:
            if not self._is_ours():
                self._open(0)
            while self._held:
                self._held = self._held[World.write(self._fd, self._held) :]
        except OSError:
            self._held = self._held if len(self._held) <= MAX_HELD else b"\n"

    def hold(self, event: dict[str, Any]) -> None:
        """One line that goes out together with the next: for an `end` that the next `begin` follows at once, which saves a system call."""
        if self._path:
            self._held += (World.encode(event) + "\n").encode("ascii")

    def note(self, text: str) -> None:
        """The recorder's own trouble, which becomes a Gap. After `MAX_NOTES` the rest is silence."""
        self._notes += 1
        if self._notes <= MAX_NOTES:
            self.write({"ev": "note", "text": text[: wire.MAX_MESSAGE]})

    def close(self) -> None:
        """Nothing can be written afterwards."""
        if self._path and self._is_ours():
            World.close(self._fd)
        self._path = ""

    def _open(self, flags: int) -> None:
        self._fd = World.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | flags, 0o644)
        stat = World.fstat(self._fd)
        self._identity = (stat.st_dev, stat.st_ino)

    def _is_ours(self) -> bool:
        """Whether the descriptor is still the journal's: a test may have closed it and the number been given to another file."""
        try:
            stat = World.fstat(self._fd)
        except OSError:
            return False
        return (stat.st_dev, stat.st_ino) == self._identity
