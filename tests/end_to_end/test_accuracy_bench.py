"""The bench's own runs: what a suite claims is shown by running, and what it claims wrongly is told."""

import random
from pathlib import Path

from bench.accuracy.hunting import lay_down
from bench.accuracy.innocents import COMMON, OTHERS
from bench.accuracy.pieces import Piece, Plant
from bench.accuracy.suite import Design, woven
from bench.accuracy.truth import Check, Truth
from bench.accuracy.verify import verify
from bench.accuracy.words import Words


def test_innocents_pass_in_their_own_order_and_backwards(tmp_path: Path) -> None:
    rng = random.Random(5)
    words = Words(rng)
    extras = tuple(make(rng, words) for make in (*COMMON, *OTHERS))
    suite = woven(Design(kind="innocents", seed=5, plants=(), files=4, innocents=1, extras=extras), rng, words)
    assert verify(lay_down(suite, tmp_path), suite.planted) == []


def test_a_claim_that_does_not_hold_is_told(tmp_path: Path) -> None:
    rng = random.Random(6)
    plant = Plant(
        kind="x",
        pieces=(Piece(role="victim", name="test_never_fails", lines=("assert True",)),),
        truths=(Truth(plant="x", test="victim", kinds=("broken",)),),
        checks=(Check(order=("victim",), outcomes={"victim": "failed"}),),
        sequences=(("victim",),),
        places=("files",),
    )
    suite = woven(Design(kind="wrong", seed=6, plants=(plant,), files=1, innocents=1), rng, Words(rng))
    test = suite.planted.truths[0].test
    assert verify(lay_down(suite, tmp_path), suite.planted) == [f"{test} passed, not failed, in {test}"]
