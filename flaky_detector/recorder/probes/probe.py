"""What a probe is: one kind of state, looked at between tests.

Owns the protocol. A probe looks, it never touches; it imports nothing that the user has not imported; it stays within a cost that its
docstring states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Protocol

    class Probe(Protocol):
        """One kind of state.

        `name` is what `FLAKY_DETECTOR_PROBES` calls it. A deep probe costs more than always-on recording may: it is at work only in the
        runs that ask for it, the project's own order in one process and short trials.
        """

        name: str
        is_deep: bool

        def start(self) -> None:
            """Take what is now for granted: called just before the first test's setup."""

        def mark(self, scope: str) -> bool:
            """Book what changed since the last mark on the account of `scope`; whether there is anything to settle."""

        def settle(self) -> list[dict[str, Any]]:
            """What the test that just ended left different, as in wire's `state`."""
