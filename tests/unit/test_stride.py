"""How many tests a walk runs before it tries again."""

import pytest

from flaky_detector.recorder.stride import Stride


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
