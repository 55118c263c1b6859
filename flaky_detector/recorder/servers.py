"""How long the database servers have been up: `python -m flaky_detector.recorder.servers --record DIR --alias default`.

Owns a process of its own, started in the user's environment after a run in which a connection broke; as in `sweep`, Django is imported.
A server that has been up for less time than the run took was restarted meanwhile. It is asked from here, for in the process of the tests
one of them may have changed where connections go.

Prints a line for each server that can be asked: `default 12.345`, or `default away` where it does not answer.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from typing import TYPE_CHECKING, Any

from flaky_detector.recorder import sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

UPTIME = {
    "postgresql": "SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())",
    "mysql": "SHOW GLOBAL STATUS LIKE 'Uptime'",
}
AWAY = "away"


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every server answered, 1 when one did not, 2 when it could not start."""
    parser = argparse.ArgumentParser(prog="python -m flaky_detector.recorder.servers", description="Ask for how long servers have been up.")
    parser.add_argument("--record", required=True, metavar="DIR", help="folder with the run's journals")
    parser.add_argument("--alias", action="append", required=True, help="which of Django's databases; may be repeated")
    options = parser.parse_args(argv)
    found = sweep.starts(options.record)
    if not any(start.get("settings") for start in found):
        return sweep.USAGE
    warnings.simplefilter("ignore")
    try:
        connections = sweep.reach(found)
    except Exception as error:
        sys.stderr.write("flaky-detector: Django's settings cannot be loaded: %r\n" % (error,))
        return sweep.USAGE
    asked = [alias for alias in connections if alias in options.alias and connections[alias].vendor in UPTIME]
    told = {alias: uptime(connections[alias]) for alias in asked}
    for alias, seconds in told.items():
        sys.stdout.write("%s %s\n" % (alias, AWAY if seconds is None else "%.3f" % seconds))
    return int(None in told.values())


def uptime(connection: Any) -> float | None:
    """In seconds; None where the server does not answer."""
    try:
        with sweep.server(connection) as cursor:
            cursor.execute(UPTIME[connection.vendor])
            return float(cursor.fetchone()[-1])
    except Exception as error:
        sys.stderr.write("%s\n" % " ".join(str(error).split()))
        return None


if __name__ == "__main__":
    raise SystemExit(main())
