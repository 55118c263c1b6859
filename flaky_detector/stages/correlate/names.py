"""Words of the failure in a test's source, in its name, or in the path of its file.

Owns the evidence of names. A word tells the more the fewer of the candidates say it: in a suite about analytics, `analytics` tells nothing.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from flaky_detector.model import Signature, TestId
from flaky_detector.rules import rule_of
from flaky_detector.stages.correlate.candidates import IN_NAME, IN_PATH, IN_SOURCE, LEAST_NAMED, Candidate
from flaky_detector.stages.correlate.papers import Papers

SHORTEST_WORD = 4
MOST_WORDS = 12

Place = tuple[str, str]
"""Where a word was found (`source`, `name`, `path`), and the word."""

CAPS = {"source": IN_SOURCE, "name": IN_NAME, "path": IN_PATH}
TEXTS = {
    "source": "its source names `{}`, as the error does",
    "name": "its name holds `{}`, as the error does",
    "path": "the path of its file holds `{}`, as the error does",
}


def words_of(signature: Signature) -> tuple[str, ...]:
    """The words that are worth looking for, most telling first."""
    words = rule_of(signature.rule).names(signature)
    return tuple(word for word in words if len(word) >= SHORTEST_WORD)[:MOST_WORDS]


def weigh_names(candidates: Sequence[Candidate], signature: Signature, papers: Papers) -> None:
    """Adds the most telling word of each candidate."""
    words = words_of(signature)
    found = {candidate.test: _places(candidate.test, words, papers) for candidate in candidates}
    said: dict[Place, int] = {}
    for places in found.values():
        for place in places:
            said[place] = said.get(place, 0) + 1
    for candidate in candidates:
        weighed = [(max(LEAST_NAMED, min(CAPS[place[0]], len(candidates) / said[place])), place) for place in found[candidate.test]]
        if weighed:
            odds, (where, word) = max(weighed, key=lambda item: item[0])
            candidate.add("name", odds, TEXTS[where].format(word))


def is_named(test: TestId, words: Sequence[str], papers: Papers) -> bool:
    """Whether a word of the failure stands in the test's source or in its name."""
    return any(where != "path" for where, _ in _places(test, words, papers))


def _places(test: TestId, words: Sequence[str], papers: Papers) -> list[Place]:
    if not words:
        return []
    path, _, name = test.partition("::")
    source = papers.function(test)
    places: list[Place] = []
    for word in words:
        if source and _said(word, source):
            places.append(("source", word))
        if _said(word, name):
            places.append(("name", word))
        elif _said(word, path):
            places.append(("path", word))
    return places


def _said(word: str, text: str) -> bool:
    return word.lower() in text.lower() and _pattern(word).search(text) is not None


@lru_cache(maxsize=256)
def _pattern(word: str) -> re.Pattern[str]:
    """The word between anything but letters and digits: `shop` in `shop_item` and `[shop-1]`, not in `workshop`."""
    return re.compile(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", re.IGNORECASE)
