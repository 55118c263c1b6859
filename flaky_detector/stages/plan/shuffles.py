"""The order of a seed, without a run.

Owns the arithmetic: modules, in them classes, in them tests, each by the CRC-32 of `seed::name`, as pytest-randomly from version 5 does it
(and the recorder, where that plugin is missing); after that pytest-django's sort. Pure. Must not choose a seed.

    https://github.com/pytest-dev/pytest-randomly/blob/main/src/pytest_randomly/__init__.py (`_reorganize_items`)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

from flaky_detector.model import TestId
from flaky_detector.stages.plan.known import Naming

Key = tuple[int, int, str, int, int, int, str]

NONE = "None"
"""What stands for the module or class of a test that has none."""


class Block(NamedTuple):
    """Tests that no seed puts another module's between: a rank in pytest-django's sort and a module's name."""

    rank: int
    module: str


class _Row(NamedTuple):
    block: Block
    owner: str
    group: int


class _Sums(dict[str, int]):
    """Checksums of names under one seed, each computed once."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._prefix = f"{seed}::"

    def __missing__(self, name: str) -> int:
        value = self[name] = crc32((self._prefix + name).encode("utf-8", "surrogatepass"))
        return value


class Shuffles:
    """The orders of all seeds over the tests of a suite.

    Args:
        tests: in the project's own order.
        naming: how their files are imported.
        ranks: places in pytest-django's sort; empty where nothing is sorted after the shuffle.
    """

    def __init__(self, tests: Sequence[TestId], naming: Naming, ranks: Mapping[TestId, int]) -> None:
        self._rows = dict(_rows(tests, naming, ranks))
        self._sums: dict[int, _Sums] = {}

    def block(self, test: TestId) -> Block | None:
        """Where a test belongs; None for one that is not of the suite."""
        row = self._rows.get(test)
        return row.block if row else None

    def block_key(self, seed: int, block: Block) -> tuple[int, int, str]:
        """Sorts blocks."""
        return block.rank, self._of(seed)[block.module], block.module

    def key(self, seed: int, test: TestId) -> Key:
        """Sorts tests."""
        row, sums = self._rows[test], self._of(seed)
        return (*self.block_key(seed, row.block), sums[row.owner], row.group, sums[test], test)

    def order(self, seed: int, tests: Iterable[TestId]) -> tuple[TestId, ...]:
        """Some of the tests, as this seed puts them; the others do not matter to it."""
        return tuple(sorted((test for test in tests if test in self._rows), key=lambda test: self.key(seed, test)))

    def agreement(self, seed: int, seen: Iterable[TestId]) -> float:
        """Which share of the pairs in an order that was seen stand the same way round in the computed one: half of them by chance.

        Of neighbours, and of tests half the suite apart: a sort in few classes turns only the latter round. The smaller share counts.
        """
        keys = [self.key(seed, test) for test in seen if test in self._rows]
        half = len(keys) // 2
        shares = [_share(list(pairwise(keys))), _share(list(zip(keys[:half], keys[half:], strict=False)))]
        return min(shares)

    def _of(self, seed: int) -> _Sums:
        if seed not in self._sums:
            self._sums[seed] = _Sums(seed)
        return self._sums[seed]


def _share(pairs: Sequence[tuple[Key, Key]]) -> float:
    return sum(before < after for before, after in pairs) / len(pairs) if pairs else 0.0


def _rows(tests: Sequence[TestId], naming: Naming, ranks: Mapping[TestId, int]) -> Iterator[tuple[TestId, _Row]]:
    """Functions on both sides of a class are two groups of their module, which keep their sequence."""
    names: dict[str, str] = {}
    group, before = 0, ("", "")
    for test in tests:
        path, _, rest = test.partition("::")
        if path not in names:
            names[path] = naming(path) if path.endswith(".py") else NONE
        classes = rest.partition("[")[0].split("::")[:-1]
        owner = ".".join((names[path], *classes)) if classes else NONE
        group += (path, owner) != before
        before = path, owner
        yield test, _Row(Block(ranks.get(test, 0), names[path]), owner, group)
