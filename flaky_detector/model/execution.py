"""One test run once: how it ended, why it failed, what it left different.

Owns the nouns of a single execution. Must not know of runs.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from flaky_detector.model.identity import TestId

Phase = Literal["setup", "call", "teardown"]


class Outcome(StrEnum):
    """How an execution ended, over all of its phases."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    CRASHED = "crashed"

    @property
    def is_failure(self) -> bool:
        """Whether a CI job would be red for it."""
        return self in (Outcome.FAILED, Outcome.ERROR, Outcome.CRASHED)


class Raised(msgspec.Struct, frozen=True):
    """One exception of a chain: its qualified type and its message."""

    type: str
    message: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why one phase of one execution failed.

    `exception` is the qualified type (`psycopg2.errors.DuplicateTable`; from a foreign JUnit file often the bare name),
    `message` its text, `chain` the exceptions it was raised from, outermost cause last. `raised_at` is `path:function` of the
    innermost frame, `test_frame` that of the innermost frame inside the rootdir; no line numbers, they move. `text` is pytest's
    long representation, `output` what was captured on stdout, stderr and log, both cut to a bound.
    """

    phase: Phase
    exception: str
    message: str
    chain: tuple[Raised, ...] = ()
    raised_at: str = ""
    test_frame: str = ""
    line: int = 0
    text: str = ""
    output: str = ""


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a test left different.

    `before` and `after` are digests (never values), None where the thing did not exist. `scope` is `function`, or the
    wider fixture scope on whose account the change was seen. `origin` says where in source the thing came from
    (`tests.test_routers:test_x.<locals>.AnalyticsModel`, or empty).
    """

    kind: str
    key: str
    before: str | None = None
    after: str | None = None
    scope: str = "function"
    origin: str = ""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One test run once, at one position, by one worker.

    `position` counts from 0 on its worker; -1 where the order is not known. `started_seconds` is wall-clock time since the
    epoch, 0.0 where not known. `traits` are words about the test (`db`, `transactional_db`, `fixture:migrator`,
    `unittest`). `claims` are things that only one test can have at a time and that it took, if only for a while: a port, a file under
    a fixed name. `attempt` counts reruns from 0.
    """

    test: TestId
    worker: str
    position: int
    outcome: Outcome
    duration_seconds: float = 0.0
    started_seconds: float = 0.0
    failures: tuple[Failure, ...] = ()
    state: tuple[StateChange, ...] = ()
    claims: tuple[str, ...] = ()
    traits: tuple[str, ...] = ()
    attempt: int = 0
