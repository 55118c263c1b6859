"""How many tests a walk runs before it tries again."""

import pytest

from flaky_detector.recorder.stride import Stride, to_the_middle


@pytest.mark.parametrize(
    ("test", "tail", "tests", "step"),
    [
        (0.0, 0.0, 4500, 212),  # tests that do nothing: the fork's 10 ms count against half a millisecond
        (0.0, 0.0, 212, 46),
        (0.0, 0.0, 3, 1),
        (0.0, 0.0, 2, 1),
        (0.0, 0.0, 1, 1),
        (0.1, 0.0, 1000, 7),
        (0.1, 5.0, 1000, 158),
        (0.001, 60.0, 1000, 500),
    ],
)
def test_the_dearer_a_try_beside_a_test_the_longer_the_step(test: float, tail: float, tests: int, step: int) -> None:
    assert Stride(test, tail).of(tests) == step


def test_what_is_seen_takes_the_place_of_what_was_guessed() -> None:
    stride = Stride(0.001, 0.0)
    stride.ran(996, 99.996)
    for _ in range(99):
        stride.tried(5.05)
    assert stride.try_seconds == pytest.approx(4.9996)
    assert stride.of(1000) == 158


def test_a_clock_that_goes_back_does_no_harm() -> None:
    stride = Stride(0.001, 0.0)
    stride.ran(100, -5.0)
    assert stride.of(1000) >= 1


@pytest.mark.parametrize(
    ("left", "step"),
    [
        ([0, 0, 0, 0, 0, 0, 1, 0], 6),  # up to the one who left something
        ([1, 0, 0, 0], 1),  # and then the one alone
        ([0, 0, 0, 1], 3),
        ([0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0], 4),  # before the one in the middle
        ([1, 1, 0, 0, 0, 0, 0, 0], 1),
        ([0, 0, 0, 0], 0),  # nobody left anything
        ([0, 1, 0], 0),  # too many did
        ([1, 1, 1, 1], 0),
        ([1], 0),
        ([], 0),
    ],
)
def test_in_a_stretch_that_holds_the_test_a_step_goes_to_the_middle_of_who_left_something(left: list[int], step: int) -> None:
    assert to_the_middle(left) == step


def test_what_a_fork_has_written_may_be_given_as_bytes() -> None:
    assert to_the_middle(b"\0\0\0\0\1\0") == 4
