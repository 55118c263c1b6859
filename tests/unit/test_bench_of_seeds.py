"""What is gained by choosing seeds ahead, on a fixed suite: the bench in small."""

from bench.seeds_ahead import Truth, hunted, suite, truths

TESTS = suite(modules=30, tests=5)


def test_more_pairs_of_modules_meet_after_as_many_runs() -> None:
    chosen = [round(share, 2) for share, _ in hunted(TESTS, Truth(), workers=0, runs=2, ahead=True)]
    plain = [round(share, 2) for share, _ in hunted(TESTS, Truth(), workers=0, runs=2, ahead=False)]
    assert (plain, chosen) == ([0.72, 0.91], [0.84, 0.96])


def test_fewer_suspects_are_left_after_as_many_runs() -> None:
    drawn = truths(TESTS, 8)
    left = {ahead: sum(hunted(TESTS, truth, workers=0, runs=4, ahead=ahead)[-1][1] for truth in drawn) for ahead in (True, False)}
    assert left[True] < 0.6 * left[False]


def test_whoever_is_the_polluter_stays_a_suspect() -> None:
    for truth in truths(TESTS, 3):
        assert all(count >= 1 for _, count in hunted(TESTS, truth, workers=2, runs=3, ahead=True))
