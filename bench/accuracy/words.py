"""Words from which a suite's names are drawn, so that no two suites look alike and no name tells a test's part.

Owns the lists and the drawing without repetition. Must not know what a name is for.
"""

import random
from collections.abc import Iterator

PACKAGES = (
    "billing", "depot", "atlas", "kiosk", "orchard", "harbor", "museum", "bakery", "clinic", "ferry", "garden", "theatre",
)  # fmt: skip
NOUNS = (
    "price", "parcel", "route", "ticket", "tariff", "invoice", "cart", "coupon", "vessel", "berth", "crate", "ledger", "stamp",
    "permit", "voucher", "pallet", "signpost", "beacon", "anchor", "ladder", "basket", "lantern", "compass", "journal", "archive",
    "canvas", "curtain", "scene", "usher", "oven", "loaf", "recipe", "doctor", "ward", "needle", "remedy", "hedge", "orchid",
    "meadow", "trellis", "seed", "bulb", "exhibit", "guide", "gallery", "plinth", "fossil", "mosaic", "turbine", "valve", "gauge",
    "piston", "bearing", "sprocket", "lever", "pulley", "magnet", "prism", "lens", "mirror", "candle", "kettle", "saucer", "ribbon",
    "button", "zipper", "thimble", "quilt", "loom", "spindle", "anvil", "chisel", "mallet", "plank", "rafter", "gable", "chimney",
    "cellar", "attic", "porch", "fence", "gate", "paddock", "saddle", "bridle", "stirrup", "wagon", "axle", "spoke", "rudder", "keel",
    "mast", "sail", "tiller", "winch", "buoy", "dinghy", "ferryman",
)  # fmt: skip
VERBS = (
    "rounds", "adds_up", "is_sorted", "is_listed", "can_be_renamed", "keeps_its_name", "is_found", "is_exported", "is_counted",
    "accepts_zero", "refuses_text", "is_empty_at_first", "opens", "closes", "is_copied", "is_merged", "is_split", "is_shown",
    "has_a_label", "is_printed", "grows", "shrinks", "is_kept", "is_dropped", "is_weighed", "is_measured", "moves", "stays",
    "is_packed", "is_unpacked", "is_sent",
)  # fmt: skip
SAMPLES = (
    "plain", "two words", "a/b", "x::y", "[bracket]", "naïve", "日本", "50%", "it's", 'say "so"',
    "FAILED", "a,b;c", "tab-less", "--flag", "#1", "end]", "dot.dot", "@group", "$HOME", "a=b&c=d",
)  # fmt: skip


class Words:
    """Draws names of which no two are the same, the same ones for the same generator of random numbers."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.package = rng.choice(PACKAGES)
        self._nouns = self._endless(NOUNS)
        self._tests: set[str] = set()

    def _endless(self, words: tuple[str, ...]) -> Iterator[str]:
        turn = 1
        while True:
            for word in self._rng.sample(words, len(words)):
                yield word if turn == 1 else f"{word}_{turn}"
            turn += 1

    def noun(self) -> str:
        """For a module, a class, a file."""
        return next(self._nouns)

    def test(self) -> str:
        """For a test function."""
        while True:
            name = f"test_{self._rng.choice(NOUNS)}_{self._rng.choice(VERBS)}"
            if name not in self._tests:
                self._tests.add(name)
                return name

    def samples(self, count: int) -> tuple[str, ...]:
        """For the ids of a parametrised test."""
        return tuple(self._rng.sample(SAMPLES, count))
