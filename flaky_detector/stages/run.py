"""How a run is started: RunSpec and Suite in, Invocation out.

Owns the command line and the environment of a pytest process, and the Runner protocol. Must not start anything.
"""

from typing import Protocol

import msgspec

from flaky_detector.model import RunSpec


class Invocation(msgspec.Struct, frozen=True, kw_only=True):
    """One pytest process to start.

    `argv` starts with the interpreter; `env` holds only what is added to (or, with None, taken from) the caller's environment;
    `cwd` is where it runs; `bundle` the folder that junit.xml, journals and console.log go to; `order_json` is
    written to `bundle/order.json` first where it is not empty.
    """

    argv: tuple[str, ...]
    env: dict[str, str | None]
    cwd: str
    bundle: str
    order_json: str = ""
    deadline_seconds: float = 3600.0


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How the process ended. `exit_code` is pytest's own, or minus the signal's number."""

    exit_code: int
    seconds: float
    timed_out: bool = False


class Runner(Protocol):
    """Runs specifications; each leaves a bundle."""

    def run(self, spec: RunSpec, deadline_seconds: float) -> str:
        """Run `spec` in a private copy of the tree with its own databases; the path of the bundle it left."""
