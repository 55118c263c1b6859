"""Shuffles: the order of a seed, and the order backwards.

Owns `FLAKY_DETECTOR_SHUFFLE`. The order of a seed is pytest-randomly's own, made by its own function, where that plugin is loaded:
found in `sys.modules`, never imported. Where it is not, the same idea is used: modules, in them classes, in them tests, each sorted by
the CRC-32 of `seed::name`, so that an order is a pure function of seed and names, and taking a test away keeps the rest in order.
"""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from collections.abc import Callable

REVERSED = "reversed"
SEED = "seed:"


class BadShuffleError(Exception):
    """The wish is neither `seed:N` nor `reversed`."""


def shuffle(wish: str, config: Any, items: list[Any]) -> None:
    """Reorder `items` in place.

    Raises:
        BadShuffleError: the wish is of another form.
    """
    if wish == REVERSED:
        items.reverse()
        return
    if not wish.startswith(SEED) or not wish[len(SEED) :].isdigit():
        raise BadShuffleError("a shuffle is 'seed:N' or 'reversed', not %r" % wish)
    seed = int(wish[len(SEED) :])
    reorder = _function_of_randomly(config)
    if reorder is None:
        items.sort(key=lambda item: _key(item, seed))
        return
    before = config.option.randomly_seed, config.option.randomly_reorganize
    config.option.randomly_seed, config.option.randomly_reorganize = seed, True
    try:
        reorder(config, items)
    finally:
        config.option.randomly_seed, config.option.randomly_reorganize = before


def _function_of_randomly(config: Any) -> Callable[[Any, list[Any]], Any] | None:
    """pytest-randomly's reordering: a function of its own since version 5, before that the hook itself."""
    module = sys.modules.get("pytest_randomly")
    if module is None or not config.pluginmanager.is_registered(module) or not hasattr(config.option, "randomly_seed"):
        return None
    for name in ("_reorganize_items", "pytest_collection_modifyitems"):
        function = getattr(module, name, None)
        if callable(function) and not inspect.isgeneratorfunction(function):
            return function  # type: ignore[no-any-return]
    return None


def _key(item: Any, seed: int) -> tuple[int, str, int, str, int, str]:
    """Sorts by module, class and test; the names keep those apart whose sums are equal."""
    module = getattr(getattr(item, "module", None), "__name__", "None")
    owner = getattr(item, "cls", None)
    qualified = "None" if owner is None else "%s.%s" % (owner.__module__, owner.__qualname__)
    return (_sum(seed, module), module, _sum(seed, qualified), qualified, _sum(seed, item.nodeid), item.nodeid)


def _sum(seed: int, name: str) -> int:
    return crc32(("%d::%s" % (seed, name)).encode("utf-8", "surrogatepass"))
