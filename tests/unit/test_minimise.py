"""The minimiser against in-memory things, with the number of questions asserted."""

from collections.abc import Callable

from flaky_detector.stages.confirm.minimise import minimise


class Asked:
    """A question that remembers what it was asked."""

    def __init__(self, truth: Callable[[set[int]], bool]) -> None:
        self.truth = truth
        self.subsets: list[tuple[int, ...]] = []

    def __call__(self, indices: tuple[int, ...]) -> bool:
        self.subsets.append(indices)
        return self.truth(set(indices))


def test_a_single_cause_that_is_ranked_first_takes_one_question() -> None:
    asked = Asked(lambda chosen: 7 in chosen)
    assert minimise([7, *(n for n in range(1000) if n != 7)], asked) == (7,)
    assert asked.subsets == [(7,)]


def test_a_single_cause_without_any_hint_takes_about_two_logarithms() -> None:
    asked = Asked(lambda chosen: 700 in chosen)
    assert minimise(range(1024), asked) == (700,)
    assert len(asked.subsets) == 21


def test_two_items_needed_together_are_both_found() -> None:
    asked = Asked(lambda chosen: {3, 90} <= chosen)
    assert minimise(range(100), asked) == (3, 90)


def test_three_items_needed_together_are_found_in_their_own_order() -> None:
    asked = Asked(lambda chosen: {80, 5, 41} <= chosen)
    assert minimise(list(reversed(range(100))), asked) == (5, 41, 80)


def test_nothing_is_named_when_not_even_everything_shows_it() -> None:
    asked = Asked(lambda chosen: False)
    assert minimise(range(8), asked) is None
    assert asked.subsets == [(0,), (0, 1), (0, 1, 2, 3), (0, 1, 2, 3, 4, 5, 6, 7)]


def test_a_cleaner_among_the_items_does_not_hide_the_cause() -> None:
    asked = Asked(lambda chosen: 2 in chosen and (5 not in chosen or 9 in chosen))
    assert minimise([5, 2, 9, 0, 1, 3, 4, 6, 7, 8], asked) in ((2,), (2, 5, 9))


def test_no_subset_is_asked_about_twice() -> None:
    asked = Asked(lambda chosen: {3, 90, 14} <= chosen)
    minimise(range(128), asked)
    assert len(asked.subsets) == len(set(asked.subsets))


def test_for_a_single_cause_the_questions_hold_few_items() -> None:
    asked = Asked(lambda chosen: 700 in chosen)
    assert minimise(range(1000), asked) == (700,)
    assert sum(map(len, asked.subsets)) < 5 * 700
    assert max(map(len, asked.subsets[11:])) == 488


def test_a_block_in_which_two_are_needed_costs_no_more_than_its_halving() -> None:
    asked = Asked(lambda chosen: {600, 900} <= chosen)
    assert minimise(range(1000), asked) == (600, 900)
    assert len(asked.subsets) == 45
