"""What a person sees while the program works: live in a terminal, plain lines elsewhere.

Owns stderr. Must not decide what is said.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

PLAIN_LINE_EVERY_SECONDS = 60.0
UNSEEN = dict.fromkeys(map(ord, "\a\b\v\f\r"))
"""What would hide in a log what was said before it."""

Tick = Callable[[float], None]
"""Called now and then with the seconds that a process has run; what is shown is the time of the whole task."""


class Voice:
    """Progress and messages.

    Args:
        quiet: say nothing but errors.
        verbose: say every trial too.
        color: allow colours.
        stream: where to; stderr by default, so that stdout holds results only.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False, color: bool = True, stream: TextIO | None = None) -> None:
        self.quiet = quiet
        self.verbose = verbose
        self._stream = stream or sys.stderr
        self._console = _console(self._stream, color=color) if self._stream.isatty() else None

    def say(self, text: str) -> None:
        """One line, unless quiet."""
        if self.quiet:
            return
        if self._console:
            self._console.print(text)
        else:
            self._stream.write(text.translate(UNSEEN) + "\n")
            self._stream.flush()

    def detail(self, text: str) -> None:
        """One line that only --verbose shows."""
        if self.verbose:
            self.say(text)

    def raw(self, line: str) -> None:
        """One line on stdout as it is: the Actions runner reads workflow commands there."""
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def result(self, text: str) -> None:
        """The answer, on stdout; said even when quiet."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def agrees(self, question: str) -> bool:
        """What the person at the terminal answers; no, where there is none."""
        if not (sys.stdin.isatty() and self._console):
            return False
        self._console.print(f"{question} [y/N] ", end="")
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    @contextmanager
    def task(self, label: str, *, seconds: float | None = None) -> Iterator[Tick]:
        """Something that takes time: a spinner with the time so far in a terminal, a line a minute elsewhere.

        Args:
            label: what is going on.
            seconds: how long it will take, where that is known.
        """
        expected = f" of about {clock(seconds)}" if seconds else ""
        started = time.monotonic()

        def so_far() -> str:
            return f"{label} · {clock(time.monotonic() - started)}{expected}"

        if self.quiet or not self._console:
            yield self._plain_tick(so_far)
            return
        with self._console.status(label) as status:
            yield lambda _: status.update(so_far())

    def _plain_tick(self, so_far: Callable[[], str]) -> Tick:
        last = time.monotonic()

        def tick(_: float) -> None:
            nonlocal last
            if time.monotonic() - last >= PLAIN_LINE_EVERY_SECONDS:
                last = time.monotonic()
                self.say(so_far())

        return tick


def _console(stream: TextIO, *, color: bool) -> "Console":
    """For terminals only: rich takes every log for one where FORCE_COLOR is set, and to import it takes a tenth of our start."""
    from rich.console import Console  # noqa: PLC0415

    return Console(file=stream, no_color=not color, highlight=False, soft_wrap=True, markup=False, emoji=False)


def clock(seconds: float) -> str:
    """`42 s`, `3 min 10 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
