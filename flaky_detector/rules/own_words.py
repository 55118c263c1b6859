"""Whether a failure that no rule knows names the thing that a test left different, in its own words.

Owns the reading of the failing line and of pytest's account of an assertion, and what counts as a change that they speak of. Must stay
narrow: a dotted name is held against the end of a thing's own (`state.SEEN` against `shop.state.SEEN`), a bare one only where it is
written as a constant is. Not part of a signature: what is named says nothing of whether two failures are the same.

    >       assert len(state.SEEN) < 1
    E        +    where {0} = state.SEEN
"""

import re

from flaky_detector.model import Failure, StateChange
from flaky_detector.recorder import wire

KINDS = frozenset((wire.MODULE_GLOBAL, wire.CLASS_ATTRIBUTE, wire.MODULE_ATTRIBUTE, wire.CACHE))
SOURCE_LINE = re.compile(r"^>(.*)$", re.MULTILINE)
ACCOUNT = re.compile(r"^(?:E\s)?\s*\+\s+(?:where|and)\s.* = (.*)$", re.MULTILINE)
NAME = re.compile(r"(?<![\w.'\"])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
CONSTANT = re.compile(r"_*[A-Z][A-Z0-9_]{2,}")
READ = 1000
MOST_LINES = 20


def speaks_of(failure: Failure | None, change: StateChange) -> bool:
    """Whether the failing line, or pytest's account of its assertion, names what was changed."""
    if failure is None or change.kind not in KINDS:
        return False
    return any(_is_end_of(change.key.split("."), word.split(".")) for word in _words(failure))


def _words(failure: Failure) -> set[str]:
    told = [line[:READ] for text in (failure.text, failure.message) for line in ACCOUNT.findall(text)[:MOST_LINES]]
    source = [line[:READ] for line in SOURCE_LINE.findall(failure.text)[-1:]]
    return {word for line in (*source, *told) for word in NAME.findall(line)}


def _is_end_of(key: list[str], word: list[str]) -> bool:
    """`state.SEEN` is that of `shop.state.SEEN`, and so is `shop.state.SEEN.values`, for the thing is named on the way."""
    if len(word) == 1:
        return word == key[-1:] and CONSTANT.fullmatch(word[0]) is not None
    return any(word[place : place + 2] == key[-2:] for place in range(len(word) - 1))
