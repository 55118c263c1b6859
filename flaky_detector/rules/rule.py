"""What a rule is: one failure family, recognised, its contested resource named, its cure known.

Owns the protocol and what a rule may look at. Must not know of runs, suspects or proofs.
"""

from collections.abc import Sequence
from typing import Protocol

from flaky_detector.model import Failure, Remedy, Signature, StateChange


class Rule(Protocol):
    """One failure family.

    `name` is the id that `findings.json` shows.
    """

    name: str

    def recognise(self, failure: Failure, app_labels: Sequence[str] = ()) -> Signature | None:
        """The signature of a failure of this family, None for any other. `app_labels` are the suite's Django apps, if known."""

    def explains(self, signature: Signature, change: StateChange) -> bool:
        """Whether a thing left behind is the contested resource of the failure (or plainly leads to it)."""

    def names(self, signature: Signature) -> tuple[str, ...]:
        """Words of the failure that may stand in the source of the test that caused it, most telling first."""

    def remedies(self, signature: Signature, state: Sequence[StateChange]) -> tuple[Remedy, ...]:
        """How to mend the cause, the best first."""
