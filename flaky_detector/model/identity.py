"""Names of things: tests, places in source, gaps.

Owns how a test is named. Must not know where a name came from.
"""

from typing import NewType

import msgspec

TestId = NewType("TestId", str)
"""A full pytest node id, without the `@group` suffix that xdist's loadgroup distribution appends."""


def bare_test_id(nodeid: str) -> TestId:
    """Strip xdist's `@group` suffix from a node id.

    `tests/a@b/test_x.py::test_y[p@q]@group` → `tests/a@b/test_x.py::test_y[p@q]`. A function name cannot hold an `@`, so
    the suffix is what follows the first `@` after the last `]`, or after the last `::` where there are no brackets.
    """
    if "@" not in nodeid:
        return TestId(nodeid)
    closing = nodeid.rfind("]")
    start = closing if closing >= 0 else nodeid.rfind("::")
    at = nodeid.find("@", max(start, 0))
    return TestId(nodeid if at < 0 or start < 0 else nodeid[:at])


def path_of(test: TestId) -> str:
    """The file of a test, relative to the rootdir: `tests/test_a.py::TestB::test_c[x::y]` → `tests/test_a.py`."""
    return test.split("::", 1)[0]


def function_of(test: TestId) -> str:
    """The test's function name, without class and parameters: `a.py::TestB::test_c[x::y]` → `test_c`."""
    names = test.split("::", 1)[1] if "::" in test else test
    return names.split("[", 1)[0].rsplit("::", 1)[-1]


def short_name(test: TestId) -> str:
    """What a person calls the test: the function with its parameters, `test_c[x::y]`."""
    names = test.split("::", 1)[1] if "::" in test else test
    bracket = names.find("[")
    head = names if bracket < 0 else names[:bracket]
    return names[head.rfind("::") + 2 if "::" in head else 0 :]


class Location(msgspec.Struct, frozen=True):
    """A line in a file; `path` is relative to the rootdir, `line` counts from 1."""

    path: str
    line: int


class Gap(msgspec.Struct, frozen=True):
    """Evidence that was missing, unreadable or cut short: shown in the report, never a silent zero."""

    source: str
    text: str
