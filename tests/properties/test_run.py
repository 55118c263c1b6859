"""What holds for every command line of a pytest process."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flaky_detector.model import RunSpec, Suite
from flaky_detector.stages.run import Manner, Place, invocation

SUITE = Suite(python="", executable="python", version="3.12", pytest_version="8", rootdir="/a/api", guest="/guest")
PLACE = Place(rootdir="/b/api", tree="/b", original_rootdir="/a/api", original_tree="/a", bundle="/bundle", scratch="/tmp")

options = st.sampled_from(
    [("-v",), ("-k", "tests"), ("-m", "not slow"), ("--ds=shop.settings",), ("-p", "no:cov"), ("--ignore", "/x/y"), ("--tb=short",)]
)
paths = st.sampled_from([("/a/api/tests",), ("/a/tests/test_a.py::test_b[c]",), ("/elsewhere/t.py",)])


def words(groups: list[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(word for group in groups for word in group)


def chosen(select: tuple[str, ...], given_groups: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What stands before our own options."""
    spec = RunSpec(id="1", python="", select=select)
    argv = invocation(spec, SUITE, PLACE, Manner(pytest_args=words(given_groups))).argv
    return argv[3 : argv.index("flaky_detector.recorder") - 1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(options, paths), max_size=8))
def test_a_selection_replaces_the_users_paths_and_keeps_every_option_in_its_place(groups: list[tuple[str, ...]]) -> None:
    kept = words([group for group in groups if group[0].startswith("-")])
    assert chosen(("tests/test_x.py",), groups) == (*kept, "tests/test_x.py")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(options, paths), max_size=8))
def test_without_a_selection_no_argument_is_lost_and_none_points_into_the_users_tree(groups: list[tuple[str, ...]]) -> None:
    told = chosen((), groups)
    assert len(told) == len(words(groups))
    assert not any(word.startswith("/a/") for word in told)
