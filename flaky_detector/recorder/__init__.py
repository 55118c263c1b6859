"""The guest in the user's pytest process: its door. PYTEST_DONT_REWRITE

Owns the options, and the decision to stay asleep. Importing this package costs next to nothing and needs no pytest, for the house
imports `wire` through it. Everything else is imported only when an option or a variable of `wire` asks for it.

Sources: https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from flaky_detector.recorder import wire

if TYPE_CHECKING:
    import pytest

WORKER_INPUT = "flaky_detector"
"""Key in xdist's `workerinput` by which an awake controller wakes its own workers."""

PACKAGE = __name__.partition(".")[0]
RECORD_DEST = "flaky_detector_record"
ORDER_DEST = "flaky_detector_order"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two options that people use; the rest is set by variables."""
    group = parser.getgroup("flaky-detector")
    group.addoption(wire.RECORD_OPTION, dest=RECORD_DEST, metavar="DIR", default=None, help="write a journal a process into DIR")
    group.addoption(
        wire.ORDER_OPTION, dest=ORDER_DEST, metavar="FILE", default=None, help="run exactly the tests of FILE, in its order (JSON)"
    )


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Become a fork server, if asked to: from it, before the session starts, every trial is forked."""
    ends = os.environ.pop(wire.FORK_SERVER, "")
    if ends:
        _spare_rewriting()
        from flaky_detector.recorder.fork_server import ForkServer

        early_config.pluginmanager.register(ForkServer(early_config, ends))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Wake up, if asked to.

    At the session's start and not at configuration, so that our hooks are registered after those of all other plugins and
    thus wrap them.
    """
    wishes = wishes_of(session.config)
    if not wishes or _is_nested(session.config, wishes):
        return
    if wire.RECORD in wishes:
        wishes[wire.RECORD] = wishes[wire.RECORD].replace(wire.PROCESS, str(os.getpid()))
    _spare_rewriting()
    from flaky_detector.recorder.replay import BadOrderError
    from flaky_detector.recorder.waking import wake

    try:
        wake(session, wishes)
    except BadOrderError as error:
        import pytest

        raise pytest.UsageError("flaky-detector: " + str(error)) from None
    except Exception as error:
        sys.stderr.write("flaky-detector: the recorder did not start: %r\n" % (error,))


def _spare_rewriting() -> None:
    """Have our modules imported as they are. pytest rewrites those of a plugin for their assertions, of which we have none.

    It costs 25 ms a process with the rewritten modules at hand, 100 ms and more without.
    https://docs.pytest.org/en/stable/how-to/assert.html#assertion-rewriting-caches-files-on-disk
    """
    for finder in sys.meta_path:
        if type(finder).__module__ == "_pytest.assertion.rewrite":
            marked = getattr(finder, "_must_rewrite", None)
            known = getattr(finder, "_marked_for_rewrite_cache", None)
            if type(marked) is set and type(known) is dict:
                marked.difference_update([name for name in marked if name.partition(".")[0] == PACKAGE])
                known.clear()


def wishes_of(config: pytest.Config) -> dict[str, str]:
    """Every variable that is set; an option wins over its variable. Workers are told by their controller."""
    told = getattr(config, "workerinput", {}).get(WORKER_INPUT)
    if told is not None:
        return dict(told)
    wishes = {name: os.environ[name] for name in wire.ALL_VARIABLES if os.environ.get(name)}
    for dest, name in ((RECORD_DEST, wire.RECORD), (ORDER_DEST, wire.ORDER)):
        value = config.getoption(dest, None)
        if value:
            wishes[name] = str(value)
    for name in (wire.RECORD, wire.ORDER):
        if name in wishes:
            wishes[name] = os.path.join(str(config.invocation_params.dir), wishes[name])
    return wishes if any(name in wishes for name in wire.WAKING) else {}


def _is_nested(config: pytest.Config, wishes: dict[str, str]) -> bool:
    """Whether this is a pytest that one of the recorded tests started: it inherited our variables, which are not meant for it."""
    if WORKER_INPUT in getattr(config, "workerinput", {}):
        return False
    nested = os.environ.get(wire.AWAKE) == _mark(wishes)
    stay_awake(wishes)
    return nested


def stay_awake(wishes: dict[str, str]) -> None:
    """Have whatever this process starts know that these wishes are fulfilled here."""
    os.environ[wire.AWAKE] = _mark(wishes)


def _mark(wishes: dict[str, str]) -> str:
    return "|".join(sorted(name + "=" + value for name, value in wishes.items()))
