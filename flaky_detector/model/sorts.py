"""The sort that pytest-django puts upon every order: database tests, those with a transactional database, the rest.

Owns its recognition, from the recorder's traits. Must not judge an order by it.
"""

from collections.abc import Mapping, Sequence

from flaky_detector.model.evidence import RunRecord
from flaky_detector.model.identity import TestId

SORTED = ("a database test", "a test with a transactional database", "a test without a database")


def ranks_of(records: Sequence[RunRecord]) -> Mapping[TestId, int]:
    """The place of each test in `SORTED`; empty where no run was recorded with a Django database."""
    told = (pair for record in records for pair in zip(record.executions.tests, record.executions.traits, strict=True))
    ranks = {test: _rank(traits) for test, traits in told}
    return ranks if any(rank < len(SORTED) - 1 for rank in ranks.values()) else {}


def kept_ranks(records: Sequence[RunRecord], own: Sequence[TestId]) -> Mapping[TestId, int]:
    """The same, empty also where the own order is not sorted so."""
    ranks = ranks_of(records)
    seen = [ranks[test] for test in own if test in ranks]
    return ranks if seen == sorted(seen) and len(set(seen)) > 1 else {}


def _rank(traits: Sequence[str]) -> int:
    return 1 if "transactional_db" in traits else 0 if "db" in traits else 2
