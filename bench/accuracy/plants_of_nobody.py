"""Plants for which nobody is to be accused: tests that fail by chance, always, or on one Python only.

Owns kinds 21 to 23 of the list in kinds.py. Must not know where they will stand.
"""

from bench.accuracy.maker import Maker
from bench.accuracy.pieces import Piece, Plant
from bench.accuracy.truth import Check, Truth


def by_chance(m: Maker) -> Plant:
    """Fails at a rate, whatever the order."""
    kind, rate = "non-deterministic", m.rng.choice((0.3, 0.5))
    lines = (f"if random.SystemRandom().random() < {rate}:", f'    raise TimeoutError("the {m.words.noun()} did not answer")')
    return _lone(m, Truth(plant=kind, test="victim", kinds=(kind,), rate=rate), "sometimes", lines, ("import random",))


def always(m: Maker) -> Plant:
    """Fails in every order."""
    lines = m.rng.choice((("assert 1 == 2",), ('raise KeyError("colour")',), ('assert "cat" in ["dog"], "no cat"',)))
    return _lone(m, Truth(plant="always broken", test="victim", kinds=("broken",)), "failed", lines, ())


def one_python(m: Maker) -> Plant:
    """Fails on 3.12 and later; a hunt with one older Python sees nothing."""
    lines = ("assert sys.version_info < (3, 12)",)
    truth = Truth(plant="one Python", test="victim", kinds=("environment",), pythons=2)
    return _lone(m, truth, "", lines, ("import sys",))


def _lone(m: Maker, truth: Truth, outcome: str, lines: tuple[str, ...], imports: tuple[str, ...]) -> Plant:
    checks = (Check(order=("victim",), outcomes={"victim": outcome}),) if outcome else ()
    piece = Piece(role="victim", name=m.words.test(), lines=lines, imports=imports)
    return Plant(kind=truth.plant, pieces=(piece,), truths=(truth,), checks=checks, sequences=(("victim",),))
