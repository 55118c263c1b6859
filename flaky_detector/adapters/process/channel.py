"""A line between the house and a process that waits to be forked (`recorder.serving`): the house's end.

Owns two pipes and their words, one line of JSON each. Must not know what they mean.
"""

import json
import os
import select
import time
from collections.abc import Callable

from flaky_detector.adapters.process.execution import is_stopping

LOOK_SECONDS = 0.5
CLOSED = -1


class LostError(Exception):
    """The process at the other end has ended, or does not answer."""


class Channel:
    """Two pipes. `ends` are the descriptors at which the other process hears and speaks, in the words of `wire.FORK_SERVER`."""

    def __init__(self) -> None:
        hears, self._speaks = os.pipe()
        self._hears, speaks = os.pipe()
        self.theirs = (hears, speaks)
        self.ends = f"{hears},{speaks}"
        self._rest = b""

    def hand_over(self) -> None:
        """The other process has its ends."""
        for number in self.theirs:
            os.close(number)

    def tell(self, words: dict[str, object]) -> None:
        """One line to the other side.

        Raises:
            LostError: nobody hears it.
        """
        try:
            data = json.dumps(words).encode() + b"\n"
            while data:
                data = data[os.write(self._speaks, data) :]
        except OSError:
            raise LostError from None

    def hear(self, seconds: float = float("inf"), lives: Callable[[], bool] = lambda: True) -> dict[str, object]:
        """The next line that is said, within so many seconds, and while the one who is to say it `lives`.

        Raises:
            LostError: nothing is said.
        """
        deadline = time.monotonic() + seconds
        while b"\n" not in self._rest:
            if self._is_heard():
                self._rest += self._read()
            elif time.monotonic() > deadline or is_stopping() or not lives():
                raise LostError
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            words: dict[str, object] = json.loads(line)
        except ValueError:
            raise LostError from None
        return words

    def fall_silent(self) -> None:
        """The other side takes that for the end; its own last words, and its end, can still be heard."""
        number, self._speaks = self._speaks, CLOSED
        if number != CLOSED:
            os.close(number)

    def close(self) -> None:
        """No more words either way."""
        self.fall_silent()
        number, self._hears = self._hears, CLOSED
        if number != CLOSED:
            os.close(number)

    def _is_heard(self) -> bool:
        try:
            return bool(select.select([self._hears], [], [], LOOK_SECONDS)[0])
        except (OSError, ValueError):  # closed by another thread, which ends the server
            raise LostError from None

    def _read(self) -> bytes:
        try:
            more = os.read(self._hears, 65536)
        except OSError:
            more = b""
        if not more:
            raise LostError
        return more
