"""The smallest part of a sequence that still shows a thing.

Owns the search. Knows nothing of tests: it asks a yes-or-no function about subsequences and counts nothing but answers.

The method, for items ranked by how much they are suspected (best first) and a question "does this subset, in its own order, show it?":

    1. gallop     ask about the best 1, 2, 4, 8 … items until the answer is yes:                       yes at 8, no at 4
    2. single     does the block that made the difference, items 5 to 8, show it alone? Then halve it: most often one is all it takes,
                  and a question about a block takes a fraction of one about everything before it
    3. narrow     else binary search between 4 and 8 for the fewest best items that show it:           yes at 6, no at 5
                  so the sixth is needed by the five before it: keep it for good
    4. repeat     with the kept items always in, among the five before it, until the kept ones suffice
    5. drop       leave each kept item out once; what is not missed was not needed (the result is then 1-minimal)

With k items needed among n this takes about k·log2(rank of the worst of them) questions, where halving takes as many with n for the
rank; and for a single one, questions about no more than five times as many items as its rank says.
It supposes that more items never hide the thing. Where they do (a cleaner in between), step 4 ends on a set that does not show it, and
Zeller and Hildebrandt's ddmin ("Simplifying and Isolating Failure-Inducing Input", 2002) takes over on the last subset that did.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

Shows = Callable[[tuple[int, ...]], bool]
"""Whether the items at these indices, ascending, show the thing."""


def minimise(ranked: Sequence[int], shows: Shows) -> tuple[int, ...] | None:
    """Indices, ascending, of a 1-minimal subset that shows the thing; None where not even all items do.

    Args:
        ranked: the indices of all items, the most suspected first; ascending indices are the items' own order.
        shows: the question. Asked at most once about any subset.
    """
    memo: dict[tuple[int, ...], bool] = {}

    def ask(indices: Sequence[int]) -> bool:
        key = tuple(sorted(indices))
        if key not in memo:
            memo[key] = shows(key)
        return memo[key]

    reached = _gallop(ranked, ask)
    if reached is None:
        return None
    before = 1 << (reached - 1).bit_length() - 1 if reached > 1 else 0  # the last size that did not show it
    kept = _single(ranked[before:reached], ask) or _narrow(ranked, reached, ask)
    if not ask(kept):
        kept = _ddmin(tuple(sorted(ranked[:reached])), ask)
    return _one_minimal(tuple(sorted(kept)), ask)


def _gallop(ranked: Sequence[int], ask: Callable[[Sequence[int]], bool]) -> int | None:
    """How many of the best items, by doubling, show it."""
    size = 1
    while True:
        size = min(size, len(ranked))
        if ask(ranked[:size]):
            return size
        if size == len(ranked):
            return None
        size *= 2


def _single(block: Sequence[int], ask: Callable[[Sequence[int]], bool]) -> tuple[int, ...]:
    """The one of these that shows it by itself; empty where none does, as far as halving can tell."""
    if not ask(block):
        return ()
    while len(block) > 1:
        half = block[: len(block) // 2]
        block = half if ask(half) else block[len(half) :]
    return tuple(block) if ask(block) else ()


def _narrow(ranked: Sequence[int], reached: int, ask: Callable[[Sequence[int]], bool]) -> tuple[int, ...]:
    """Items that are needed, found one at a time as the last of the fewest best items that show it."""
    kept: tuple[int, ...] = ()
    high = reached
    while high > 0 and not (kept and ask(kept)):
        low, top = 0, high
        while low + 1 < top:
            middle = (low + top) // 2
            if ask((*ranked[:middle], *kept)):
                top = middle
            else:
                low = middle
        kept = (*kept, ranked[top - 1])
        high = top - 1
    return kept


def _ddmin(items: tuple[int, ...], ask: Callable[[Sequence[int]], bool]) -> tuple[int, ...]:
    pieces = 2
    while len(items) > 1:
        size = -(-len(items) // pieces)
        chunks = [items[start : start + size] for start in range(0, len(items), size)]
        smaller = next((chunk for chunk in chunks if ask(chunk)), None)
        if smaller is not None:
            items, pieces = smaller, 2
            continue
        complements = [tuple(item for item in items if item not in set(chunk)) for chunk in chunks]
        smaller = next((rest for rest in complements if rest and ask(rest)), None) if len(chunks) > 2 else None
        if smaller is not None:
            items, pieces = smaller, max(pieces - 1, 2)
        elif pieces >= len(items):
            return items
        else:
            pieces = min(len(items), pieces * 2)
    return items


def _one_minimal(items: tuple[int, ...], ask: Callable[[Sequence[int]], bool]) -> tuple[int, ...]:
    """Leave items out, one at a time, as long as the rest still shows it."""
    position = 0
    while position < len(items) and len(items) > 1:
        rest = items[:position] + items[position + 1 :]
        if ask(rest):
            items, position = rest, 0
        else:
            position += 1
    return items
