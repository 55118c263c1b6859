"""Makes copies of templates beforehand, and drops everything at the end: `python -m flaky_detector.recorder.cloning.keeper --registry DIR`.

Owns a process of its own, started in the user's environment, as `sweep` is. It lives as long as its standard input is open: when the
house is done, or was killed, it drops every database with the registry's suffix and ends.

Copying a small database takes PostgreSQL some 70 ms, renaming one less than a millisecond: so a few copies are kept ready.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
import time
import warnings
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import sweep
from flaky_detector.recorder.cloning import postgresql
from flaky_detector.recorder.cloning.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

READY = 3
MOST_READY_BYTES = 256 << 20
MOST_FAILURES = 3
YOUNG_SECONDS = 60.0
LOOK_SECONDS = 0.03


def main(argv: Sequence[str] | None = None) -> int:
    """0 when nothing is left, 1 when something could not be dropped, 2 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m flaky_detector.recorder.cloning.keeper", description="Keep copies of templates ready.")
    parser.add_argument("--registry", required=True, metavar="DIR")
    registry = Registry(parser.parse_args(argv).registry)
    warnings.simplefilter("ignore")
    try:
        connections = sweep.reach(sweep.starts(registry.folder))
    except Exception as error:
        sys.stderr.write("flaky-detector: Django's settings cannot be loaded: %r\n" % (error,))
        return sweep.USAGE
    registry.keep()
    keeper = Keeper(registry, connections)
    while not _is_closed(LOOK_SECONDS):
        keeper.look()
    return sweep.drop(connections, registry.suffix)


class Keeper:
    """Looks after the templates that this Python's processes made."""

    def __init__(self, registry: Registry, connections: Any) -> None:
        self._registry = registry
        self._connections = connections
        self._count = 0
        self._failures: dict[str, int] = {}

    def look(self) -> None:
        """One more copy of each template that lacks some and is in use; and drop what has been discarded."""
        for template in self._registry.all():
            if template["vendor"] == "postgresql" and template["python"] == sys.executable:
                if self._is_wanted(template):
                    self._make(template)
                self._drop(template)

    def _drop(self, template: dict[str, Any]) -> None:
        try:
            postgresql.drop(self._connections[template["alias"]], self._registry, template["key"])
        except Exception as error:
            sys.stderr.write("%s\n" % " ".join(str(error).split()))

    def _is_wanted(self, template: dict[str, Any]) -> bool:
        key = template["key"]
        used = self._registry.used(key)
        return (
            time.time() - used < YOUNG_SECONDS
            and template["bytes"] * READY <= MOST_READY_BYTES
            and self._failures.get(key, 0) < MOST_FAILURES
            and len(self._registry.ready(key)) < READY
        )

    def _make(self, template: dict[str, Any]) -> None:
        self._count += 1
        name = "%s_%d_%d" % (template["name"], os.getpid(), self._count)
        try:
            postgresql.make_ready(self._connections[template["alias"]], self._registry, template, name)
        except Exception as error:
            self._failures[template["key"]] = self._failures.get(template["key"], 0) + 1
            sys.stderr.write("%s: %s\n" % (name, " ".join(str(error).split())))


def _is_closed(seconds: float) -> bool:
    """Whether standard input has come to its end within so many seconds."""
    ready, _, _ = select.select([0], [], [], seconds)
    return bool(ready) and not os.read(0, 1)


if __name__ == "__main__":
    raise SystemExit(main())
