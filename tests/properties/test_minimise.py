"""What holds for every thing that is minimised."""

import math

from hypothesis import given
from hypothesis import strategies as st

from flaky_detector.stages.confirm.minimise import minimise


@st.composite
def things(draw: st.DrawFn) -> tuple[int, list[int], set[int]]:
    count = draw(st.integers(1, 60))
    ranked = draw(st.permutations(range(count)))
    needed = draw(st.sets(st.integers(0, count - 1), min_size=1, max_size=4))
    return count, list(ranked), needed


@given(things())
def test_the_result_is_exactly_what_is_needed_and_keeps_its_order(thing: tuple[int, list[int], set[int]]) -> None:
    count, ranked, needed = thing
    asked: list[tuple[int, ...]] = []

    def shows(indices: tuple[int, ...]) -> bool:
        asked.append(indices)
        return needed <= set(indices)

    assert minimise(ranked, shows) == tuple(sorted(needed))
    assert len(asked) == len(set(asked))
    assert len(asked) <= (len(needed) + 2) * (math.ceil(math.log2(count + 1)) + 2)


@given(st.integers(2, 30), st.integers(0, 2**30 - 1), st.integers(0, 2**30 - 1))
def test_where_more_can_hide_it_the_result_still_shows_it_and_is_one_minimal(count: int, need_bits: int, veto_bits: int) -> None:
    needed = {bit for bit in range(count) if need_bits >> bit & 1} or {0}
    veto = {bit for bit in range(count) if veto_bits >> bit & 1} - needed

    def shows(indices: tuple[int, ...]) -> bool:
        chosen = set(indices)
        return needed <= chosen and not (veto & chosen and not veto <= chosen)

    result = minimise(list(range(count)), shows)
    assert result is not None
    assert shows(result)
    assert all(not shows(tuple(item for item in result if item != left_out)) for left_out in result)
