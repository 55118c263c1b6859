"""Processes: begun, watched, ended; also those that are forked from a started pytest.

descendants   who belongs to a run
group         ends a run's process group
spawning      starts a process of its own
companion     a process beside the runs
execution     one process to its end or its deadline
fork_server   a started pytest, and its children
"""

from flaky_detector.adapters.process.companion import Companion
from flaky_detector.adapters.process.execution import CAN_RUN_SUITES, end_all, execute, interruptible
from flaky_detector.adapters.process.fork_server import ForkServer, LostError
from flaky_detector.adapters.process.spawning import Begin

__all__ = ["CAN_RUN_SUITES", "Begin", "Companion", "ForkServer", "LostError", "end_all", "execute", "interruptible"]
