"""Processes: begun, watched, ended; also those that are forked from a started pytest.

descendants   who belongs to a run
group         ends a run's process group
spawning      starts a process of its own
companion     a process beside the runs
execution     one process to its end or its deadline
channel       words between the house and a process that waits to be forked
fork_server   a started pytest, and its children
"""

from flaky_detector.adapters.process.channel import LostError
from flaky_detector.adapters.process.companion import Companion
from flaky_detector.adapters.process.execution import CAN_RUN_SUITES, end_all, execute, interruptible
from flaky_detector.adapters.process.fork_server import Collector, ForkServer
from flaky_detector.adapters.process.spawning import Begin

__all__ = ["CAN_RUN_SUITES", "Begin", "Collector", "Companion", "ForkServer", "LostError", "end_all", "execute", "interruptible"]
