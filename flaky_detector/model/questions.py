"""What the runs so far leave open: who makes a test fail.

Owns the noun that ranking hands to planning. Must not weigh anything.
"""

from collections.abc import Mapping

import msgspec

from flaky_detector.model.identity import TestId


class Question(msgspec.Struct, frozen=True):
    """A test that fails in some orders, and by `weights` the odds of each test that may be the cause; nothing but the order speaks yet."""

    victim: TestId
    weights: Mapping[TestId, float]
