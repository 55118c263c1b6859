"""How long a deep probe may look: a share of the time that the tests take, beyond a floor.

Owns the arithmetic, what is given up, and the notes. A probe that has used up its allowance gives up the dearest of its parts, a module,
a class or one global, until what the others took is half of its share, and says which; then its account begins anew, with a lower floor.
After a few times it stops for good. What is given up is so for good too, since a part that was looked at after some tests only could no
longer say whose a change is.

    allowed ── half of it: the parts are timed ── all of it: the dearest are given up ── …eight times ── stopped
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from flaky_detector.recorder.world import World

if TYPE_CHECKING:
    from typing import Callable, Iterable

SHARE = 0.2
FLOOR_SECONDS = 2.0
LATER_FLOOR_SECONDS = 0.5
TIMES = 8
NAMED = 5


class Part(NamedTuple):
    """Something that a probe looks at: what it is called, seconds that it took since it is timed, and how to look at it no longer."""

    name: str
    seconds: float
    give_up: Callable[[], None]


class Allowance:
    """`begin` and `end` around each look. `is_tight` asks for the parts to be timed, `is_exceeded` for some to be given up."""

    def __init__(self, name: str, note: Callable[[str], None]) -> None:
        self._name = name
        self._note = note
        self._started = self._began = World.ticks()
        self._spent = self._tests = 0.0
        self._floor = FLOOR_SECONDS
        self._times = 0
        self._timed_since: tuple[float, float] | None = None
        self.is_tight = self.is_exceeded = self.is_used_up = False

    def begin(self) -> None:
        """A look begins."""
        self._began = World.ticks()

    def end(self) -> None:
        """It is over."""
        now = World.ticks()
        self._spent += now - self._began
        self._tests = now - self._started - self._spent
        allowed = max(self._floor, SHARE * self._tests)
        self.is_tight = self._spent > allowed / 2
        if not self.is_tight:
            self._timed_since = None
        elif self._timed_since is None:
            self._timed_since = (self._spent, self._tests)
        self.is_exceeded = self._spent > allowed

    def give_up(self, parts: Iterable[Part]) -> None:
        """The dearest parts; all of them where that did not help before."""
        ordered = sorted(parts, key=lambda part: part.seconds, reverse=True)
        left = sum(part.seconds for part in ordered)
        enough = left * self._tolerable()
        names = []
        for part in ordered:
            if left <= enough or not part.seconds:
                break
            part.give_up()
            names.append(part.name)
            left -= part.seconds
        self._times += 1
        if not names or self._times > TIMES:
            self.is_used_up = True
            self._note("the probe %s is not used any more: it takes too much of the run's time" % self._name)
            return
        self._started, self._spent, self._floor, self._timed_since = World.ticks(), 0.0, LATER_FLOOR_SECONDS, None
        self.is_tight = self.is_exceeded = False
        more = " and %d more" % (len(names) - NAMED) if len(names) > NAMED else ""
        told = "the probe %s does not look at %s%s any more: that takes too much of the run's time"
        self._note(told % (self._name, ", ".join(names[:NAMED]), more))

    def _tolerable(self) -> float:
        """Which part of what the looks took since they are timed would be half of the share; a half at most."""
        spent, tests = self._timed_since or (0.0, 0.0)
        return min(0.5, SHARE / 2 * (self._tests - tests) / max(self._spent - spent, 1e-9))
