"""One test being run: what is known of it until its `end` is written.

Owns how the outcomes of the phases make the outcome of the execution. Must not know of hooks.
"""

from __future__ import annotations

from typing import Any

from flaky_detector.recorder.world import World


class Execution:
    """The test at `position`; `attempt` counts reruns from 0."""

    __slots__ = ("attempt", "claims", "failures", "id", "item", "phases", "position", "started", "state")

    def __init__(self, item: Any, test: str, position: int, attempt: int) -> None:
        self.item = item
        self.id = test
        self.position = position
        self.attempt = attempt
        self.started = World.ticks()
        self.phases: list[list[Any]] = []
        self.failures: list[dict[str, Any]] = []
        self.state: list[dict[str, Any]] = []
        self.claims: list[str] = []

    def add(self, phase: str, outcome: str, seconds: float) -> None:
        """One report. Subtests report the call phase as well, before the test itself does: the last one stands for the phase."""
        phases = self.phases
        if phases and phases[-1][0] == phase:
            outcome = "failed" if "failed" in (outcome, phases[-1][1]) else outcome
            phases.pop()
        phases.append([phase, outcome, round(seconds, 6)])

    def begun(self, now: float) -> dict[str, Any]:
        """Wire's "begin"."""
        event: dict[str, Any] = {"ev": "begin", "id": self.id, "pos": self.position, "time": now}
        if self.attempt:
            event["attempt"] = self.attempt
        return event

    def ended(self, traits: list[str]) -> dict[str, Any]:
        """Wire's "end"."""
        seconds = round(sum([phase[2] for phase in self.phases]), 6)
        elapsed = World.ticks() - self.started
        if not 0 <= seconds <= elapsed:
            seconds = self._mend(round(elapsed, 6))
        event: dict[str, Any] = {"ev": "end", "id": self.id, "pos": self.position, "outcome": self.outcome(), "dur": seconds}
        event["phases"] = self.phases
        if self.attempt:
            event["attempt"] = self.attempt
        if self.failures:
            event["failures"] = self.failures
        if self.state:
            event["state"] = self.state
        if self.claims:
            event["claims"] = self.claims
        if traits:
            event["traits"] = traits
        return event

    def _mend(self, elapsed: float) -> float:
        """pytest's own clock may be a test's: where one froze the time, phases can take years, or less than nothing."""
        for phase in self.phases:
            phase[2] = min(max(phase[2], 0.0), elapsed)
        return elapsed

    def outcome(self) -> str:
        """Of all phases together: a failing call is `failed`, a failing setup or teardown `error`."""
        last = {phase: outcome for phase, outcome, _ in self.phases if outcome != "passed"}
        if not last:
            return "passed"
        if last.get("call") == "failed":
            return "failed"
        if "failed" in last.values():
            return "error"
        return str(last.get("call") or last.get("setup") or "passed")


def outcome_of(report: Any) -> str:
    """A report's outcome, with the expected failures told apart."""
    outcome = report.outcome
    if hasattr(report, "wasxfail"):
        if outcome == "skipped":
            return "xfailed"
        if outcome == "passed" and report.when == "call":
            return "xpassed"
    return str(outcome)
