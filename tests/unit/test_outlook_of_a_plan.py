"""How many pairs a plan will have met, as far as it can be told before a run."""

from pathlib import Path

from flaky_detector.model import Arrangement, RunSpec, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.forecast import lines
from flaky_detector.stages.plan import Expected, Known, by_package, outlook
from flaky_detector.stages.plan.shuffles import Shuffles
from tests.support.records import ran, record

TESTS = tuple(Id(f"test_{name}.py::test_{number}") for name in ("apple", "pear", "cherry") for number in range(2))
OWN = RunSpec(id="01", python="3.12")
REVERSED = RunSpec(id="02", python="3.12", arrangement=Arrangement.REVERSED)
SHUFFLED = RunSpec(id="03", python="3.12", arrangement=Arrangement.SHUFFLED, seed=4)
SPLIT = RunSpec(id="04", python="3.12", arrangement=Arrangement.SHUFFLED, seed=4, workers=2, distribution="load")
FORCED = RunSpec(id="05", python="3.12", arrangement=Arrangement.BLOCKS, order=on_one_worker(TESTS[3:] + TESTS[:3]))
SEEN = record(*map(ran, TESTS), spec=OWN, collected=TESTS)
KNOWN = Known(namings=(by_package(lambda path: False),))


def shares(expected: Expected) -> list[tuple[float, float]]:
    return [(run.at_least, run.at_most) for run in expected.runs]


def test_of_any_suite_the_own_order_meets_half_and_the_rest_is_open() -> None:
    expected = outlook((OWN, SPLIT, REVERSED))
    assert expected.tests == 0
    assert shares(expected) == [(0.5, 0.5), (0.5, 1.0), (0.5, 1.0)]


def test_over_workers_nothing_is_certain() -> None:
    assert shares(outlook((SPLIT,))) == [(0.0, 0.5)]
    assert shares(outlook((SPLIT, OWN), (SEEN,))) == [(0.0, 0.5), (0.5, 1.0)]


def test_a_forced_order_of_known_tests_is_certain() -> None:
    """Three tests before three others: of 30 pairs 9 are new, and 6 within the blocks are not."""
    expected = outlook((OWN, FORCED), (SEEN,))
    assert (expected.tests, expected.at_least, expected.at_most) == (6, 0.8, 0.8)


def test_a_shuffle_is_certain_once_one_was_seen_to_be_as_computed() -> None:
    order = Shuffles(TESTS, by_package(lambda path: False), {}).order(4, TESTS)
    shown = record(*map(ran, order), spec=SHUFFLED, collected=order)
    assert shares(outlook((OWN, REVERSED), (SEEN,), known=KNOWN)) == [(0.5, 0.5), (0.5, 1.0)]
    assert shares(outlook((OWN, REVERSED), (SEEN, shown), known=KNOWN)) == [(0.5, 0.5), (1.0, 1.0)]
    other = record(*map(ran, TESTS), spec=SHUFFLED, collected=TESTS)
    assert shares(outlook((OWN, REVERSED), (SEEN, other), known=KNOWN)) == [(0.5, 0.5), (0.5, 1.0)]


def test_runs_that_were_made_count() -> None:
    assert shares(outlook((FORCED,), (SEEN,), (SEEN,))) == [(0.8, 0.8)]


def test_the_terminal_says_plainly_where_the_tests_are_not_known() -> None:
    first, *rest = lines(outlook((OWN, SPLIT, REVERSED)), Path("out"))
    assert first == (
        "Ordered pairs of tests that will have met in one process (which tests there are is not known before a first run, so no order can"
        " be computed: these are the bounds for any suite):"
    )
    assert rest == ["  by the end of 01: 50 %", "  by the end of 04: 50 to 100 %"]


def test_the_terminal_names_the_hunt_by_which_the_tests_are_known() -> None:
    assert lines(outlook((OWN, FORCED), (SEEN,)), Path("out")) == [
        "Ordered pairs of tests that will have met in one process (told for the 6 tests that the last hunt, in out, found):",
        "  by the end of 01: 50 %",
        "  by the end of 05: 80 %",
    ]
    assert lines(Expected(), Path("out")) == []
