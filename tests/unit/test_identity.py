"""How tests are named."""

import pytest

from flaky_detector.model import TestId as Id
from flaky_detector.model import bare_test_id, function_of, path_of, short_name


@pytest.mark.parametrize(
    ("nodeid", "bare"),
    [
        ("tests/test_x.py::test_y", "tests/test_x.py::test_y"),
        ("tests/test_x.py::test_y@group", "tests/test_x.py::test_y"),
        ("tests/test_x.py::TestZ::test_y@group", "tests/test_x.py::TestZ::test_y"),
        ("tests/test_x.py::test_y[p@q]", "tests/test_x.py::test_y[p@q]"),
        ("tests/test_x.py::test_y[p@q]@group", "tests/test_x.py::test_y[p@q]"),
        ("tests/a@b/test_x.py::test_y", "tests/a@b/test_x.py::test_y"),
        ("tests/a@b/test_x.py::test_y[p@q]@a@b", "tests/a@b/test_x.py::test_y[p@q]"),
        ("tests/test_x.py::test_y[a]b@c]@group", "tests/test_x.py::test_y[a]b@c]"),
        ("tests/a@b/test_x.py", "tests/a@b/test_x.py"),
        ("", ""),
    ],
)
def test_the_group_of_loadgroup_is_stripped_and_no_other_at_sign(nodeid: str, bare: str) -> None:
    assert bare_test_id(nodeid) == bare


@pytest.mark.parametrize(
    ("test", "path", "function", "short"),
    [
        ("tests/test_a.py::test_c", "tests/test_a.py", "test_c", "test_c"),
        ("tests/test_a.py::TestB::test_c", "tests/test_a.py", "test_c", "test_c"),
        ("tests/test_a.py::TestB::test_c[x::y]", "tests/test_a.py", "test_c", "test_c[x::y]"),
        ("tests/test_a.py::test_c[a[0]]", "tests/test_a.py", "test_c", "test_c[a[0]]"),
        ("tests/test_a.py", "tests/test_a.py", "tests/test_a.py", "tests/test_a.py"),
        ("docs/use.rst::use.rst", "docs/use.rst", "use.rst", "use.rst"),
    ],
)
def test_a_test_has_a_file_a_function_and_a_short_name(test: str, path: str, function: str, short: str) -> None:
    assert (path_of(Id(test)), function_of(Id(test)), short_name(Id(test))) == (path, function, short)
