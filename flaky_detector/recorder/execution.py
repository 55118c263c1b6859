"""One test being run: what is known of it until its `end` is written.

Owns how the outcomes of the phases make the outcome of the execution. Must not know of hooks.
"""

from __future__ import annotations

from typing import Any


class Execution:
    """The test at `position`; `attempt` counts reruns from 0."""

    __slots__ = ("attempt", "failures", "id", "item", "outcomes", "phases", "position", "state")

    def __init__(self, item: Any, test: str, position: int, attempt: int) -> None:
        self.item = item
        self.id = test
        self.position = position
        self.attempt = attempt
        self.phases: list[list[Any]] = []
        self.outcomes: list[tuple[str, str]] = []
        self.failures: list[dict[str, Any]] = []
        self.state: list[dict[str, Any]] = []

    def add(self, phase: str, outcome: str, seconds: float) -> None:
        """One report. Subtests report the call phase as well, before the test itself does: the last one stands for the phase."""
        self.outcomes.append((phase, outcome))
        if self.phases and self.phases[-1][0] == phase:
            failed = "failed" in (outcome, self.phases[-1][1])
            self.phases[-1] = [phase, "failed" if failed else outcome, seconds]
        else:
            self.phases.append([phase, outcome, seconds])

    def begun(self, now: float) -> dict[str, Any]:
        """Wire's "begin"."""
        event: dict[str, Any] = {"ev": "begin", "id": self.id, "pos": self.position, "time": now}
        if self.attempt:
            event["attempt"] = self.attempt
        return event

    def ended(self, traits: list[str]) -> dict[str, Any]:
        """Wire's "end"."""
        event: dict[str, Any] = {"ev": "end", "id": self.id, "pos": self.position}
        if self.attempt:
            event["attempt"] = self.attempt
        event["outcome"] = self.outcome()
        event["dur"] = round(sum(phase[2] for phase in self.phases), 6)
        event["phases"] = [[phase, outcome, round(seconds, 6)] for phase, outcome, seconds in self.phases]
        rest = (("failures", self.failures), ("state", self.state), ("traits", traits))
        event.update({name: value for name, value in rest if value})
        return event

    def outcome(self) -> str:
        """Of all phases together: a failing call is `failed`, a failing setup or teardown `error`."""
        if ("call", "failed") in self.outcomes:
            return "failed"
        if ("setup", "failed") in self.outcomes or ("teardown", "failed") in self.outcomes:
            return "error"
        last = {phase: outcome for phase, outcome, _ in self.phases}
        for phase in ("call", "setup"):
            if last.get(phase, "passed") != "passed":
                return str(last[phase])
        return "passed"


def outcome_of(report: Any) -> str:
    """A report's outcome, with the expected failures told apart."""
    if hasattr(report, "wasxfail"):
        if report.outcome == "skipped":
            return "xfailed"
        if report.outcome == "passed" and report.when == "call":
            return "xpassed"
    return str(report.outcome)
