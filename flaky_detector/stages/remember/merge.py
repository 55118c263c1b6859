"""Tonight's causes beside those that are known: which is which, and what is remembered from now on.

Owns the matching and the bounds of what is kept. Two causes are one where they act the same way and share a failing test with its failure
(a fingerprint) or a set of tests that are named: so a polluter keeps one issue whichever victim a night happens to meet, and a victim that
is broken by another polluter now keeps its own.

    known   {f1, f2} by p              fresh  {f1} by q   →  the same, q is named now
    known   {f1} by p                  fresh  {f3} by p   →  the same, with one more victim
    known   {f1, f2} by p              fresh  {f1} by p and {f2} by q   →  the first is the known one, the second is new and takes f2 along
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from flaky_detector.model import History, KnownCause
from flaky_detector.stages.remember.tonight import Tonight
from flaky_detector.stages.remember.verdict import night_of

MOST_NIGHTS, MOST_ORDERS, MOST_NAMES = 400, 5, 200

Thing = TypeVar("Thing", bound=Hashable)


def remember(history: History, tonight: Tonight) -> History:
    """The history with this night in it. Causes that are new get the next free numbers."""
    home = matched(history.causes, tonight.proven)
    causes = []
    for place, known in enumerate(history.causes):
        fresh = next((tonight.proven[number] for number, to in home.items() if to == place), None)
        taken = [tonight.proven[number] for number in range(len(tonight.proven)) if home.get(number) != place]
        causes.append(_with_tonight(known, fresh, taken, tonight))
    free = max((cause.number for cause in history.causes), default=0) + 1
    for number, fresh in enumerate(tonight.proven):
        if number not in home:
            causes.append(_with_tonight(replace(fresh, number=free, first_seen=tonight.date), fresh, (), tonight))
            free += 1
    return History(causes=tuple(causes), nights=tuple(sorted({*history.nights, tonight.date}))[-MOST_NIGHTS:])


def matched(known: Sequence[KnownCause], fresh: Sequence[KnownCause]) -> dict[int, int]:
    """For each fresh cause that is known, by its place, the place of the known one; no two have the same. Most in common first."""
    pairs = [
        (_common(one, other), -place, -number)
        for number, other in enumerate(fresh)
        for place, one in enumerate(known)
        if one.kind == other.kind and _common(one, other) > (0, 0)
    ]
    home: dict[int, int] = {}
    for _, place, number in sorted(pairs, reverse=True):
        if -number not in home and -place not in home.values():
            home[-number] = -place
    return home


def _common(one: KnownCause, other: KnownCause) -> tuple[int, int]:
    return len(set(one.fingerprints) & set(other.fingerprints)), len(set(one.sets) & set(other.sets))


def _with_tonight(known: KnownCause, fresh: KnownCause | None, taken: Sequence[KnownCause], tonight: Tonight) -> KnownCause:
    """The known cause with what tonight adds; what is another cause's from now on is taken from it, as long as something is left."""
    night = night_of(known, tonight, is_proven=fresh is not None)
    cause = replace(
        known,
        nights=(*(each for each in known.nights if each.date != tonight.date), night)[-MOST_NIGHTS:],
        last_seen=tonight.date if night.verdict in ("proven", "seen") else known.last_seen,
    )
    if fresh is None:
        return cause
    others = {fingerprint for other in taken for fingerprint in other.fingerprints}
    orders = {order.fingerprint: order for order in (*known.orders, *fresh.orders) if order.fingerprint not in others}
    first = [order.fingerprint for order in fresh.orders]
    return replace(
        cause,
        fingerprints=_once((*fresh.fingerprints, *(each for each in known.fingerprints if each not in others))),
        sets=_once((*fresh.sets, *known.sets)),
        tests=_once((*fresh.tests, *(order.test for order in orders.values()))) if others else _once((*fresh.tests, *known.tests)),
        orders=tuple(orders[each] for each in dict.fromkeys((*first, *orders)) if each in orders)[:MOST_ORDERS],
    )


def _once(things: Sequence[Thing]) -> tuple[Thing, ...]:
    return tuple(dict.fromkeys(things))[:MOST_NAMES]
