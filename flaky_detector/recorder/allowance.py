"""How long a deep probe may look: a share of the time that the tests take, beyond a floor.

Owns the arithmetic and the note. A probe that has used its allowance up stops for good, since one that looked at some tests only could no
longer say whose a change is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from typing import Callable

SHARE = 0.2
FLOOR_SECONDS = 2.0


class Allowance:
    """`begin` and `end` around each look."""

    def __init__(self, name: str, note: Callable[[str], None]) -> None:
        self._name = name
        self._note = note
        self._started = self._began = World.ticks()
        self._spent = 0.0
        self.is_used_up = False

    def begin(self) -> None:
        """A look begins."""
        self._began = World.ticks()

    def end(self) -> None:
        """It is over: may there be another one?"""
        now = World.ticks()
        self._spent += now - self._began
        tests = now - self._started - self._spent
        if self._spent > max(FLOOR_SECONDS, SHARE * tests):
            self.is_used_up = True
            self._note("the probe %s is not used any more: it takes too much of the run's time" % self._name)
