"""A small pytest plugin of the bench's own: forces an order, writes down how each test ended. Copied to where pytest finds it.

Owns nothing of the detector's, on purpose: the truth must not rest on what it is to judge. Runs in the suite's process.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

import json
import os

import pytest

WISH = "ACCURACY_ORDER"
ENDS = "ACCURACY_ENDS"


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config, items):  # noqa: ARG001
    """Whatever other plugins did with the order, this is the one."""
    yield
    if os.environ.get(WISH):
        with open(os.environ[WISH], encoding="utf-8") as file:  # noqa: PTH123
            wanted = json.load(file)
        by_id = {item.nodeid: item for item in items}
        items[:] = [by_id[test] for test in wanted]


def pytest_runtest_logstart(nodeid, location):  # noqa: ARG001
    """A test that begins and never ends has crashed."""
    _tell(nodeid, "begin", "")


def pytest_runtest_logreport(report):
    """One phase of a test."""
    _tell(report.nodeid, report.when, report.outcome if not hasattr(report, "wasxfail") else "passed")


def _tell(test, phase, outcome):
    with open(os.environ[ENDS], "a", encoding="utf-8") as file:  # noqa: PTH123
        file.write(json.dumps([test, phase, outcome]) + "\n")
