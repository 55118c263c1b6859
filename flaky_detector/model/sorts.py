"""What sort of test each is, from the recorder's traits: those by which pytest-django sorts every order (database tests, those with a
transactional database, the rest), and methods of a `unittest.TestCase`.

Must not judge an order by it.
"""

from collections.abc import Collection, Mapping, Sequence

from flaky_detector.model.evidence import RunRecord
from flaky_detector.model.identity import TestId

SORTED = ("a database test", "a test with a transactional database", "a test without a database")


def ranks_of(records: Sequence[RunRecord]) -> Mapping[TestId, int]:
    """The place of each test in `SORTED`; empty where no run was recorded with a Django database."""
    told = (pair for record in records for pair in zip(record.executions.tests, record.executions.traits, strict=True))
    ranks = {test: _rank(traits) for test, traits in told}
    return ranks if any(rank < len(SORTED) - 1 for rank in ranks.values()) else {}


def methods_among(tests: Collection[TestId], records: Sequence[RunRecord]) -> dict[TestId, bool]:
    """Whether these are methods of a `unittest.TestCase`, for those that the recorder saw."""
    open_, told = set(tests), dict[TestId, bool]()
    for record in records:
        if open_ and any(witness.startswith("journal") for witness in record.witnesses):
            rows = zip(record.executions.tests, record.executions.traits, strict=True)
            told |= {test: "unittest" in traits for test, traits in rows if test in open_}
            open_ -= told.keys()
    return told


def kept_ranks(records: Sequence[RunRecord], own: Sequence[TestId]) -> Mapping[TestId, int]:
    """The same, empty also where the own order is not sorted so."""
    ranks = ranks_of(records)
    seen = [ranks[test] for test in own if test in ranks]
    return ranks if seen == sorted(seen) and len(set(seen)) > 1 else {}


def _rank(traits: Sequence[str]) -> int:
    return 1 if "transactional_db" in traits else 0 if "db" in traits else 2
