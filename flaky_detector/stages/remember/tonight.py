"""What one night brings: the record that this stage judges by.

Must not judge.
"""

from collections.abc import Mapping

import msgspec

from flaky_detector.model import KnownCause, Recheck, TestId


class Tonight(msgspec.Struct, frozen=True, kw_only=True):
    """One hunt.

    `proven` are its causes, without numbers and nights. `proven_too` are the fingerprints of all that it proved, also of what is no cause
    to be remembered; `failing` maps those of other findings to their kinds. `rechecks` are the known orders that were re-run, by the
    cause's number. `tests` are those of the suite, empty where that is not known.
    """

    date: str
    cured_after: int
    proven: tuple[KnownCause, ...] = ()
    proven_too: frozenset[str] = frozenset()
    failing: Mapping[str, str] = {}
    rechecks: Mapping[int, tuple[Recheck, ...]] = {}
    tests: frozenset[TestId] = frozenset()
