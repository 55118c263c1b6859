"""The bench's suites: the same for the same seed, valid Python, true to themselves."""

import ast
import random
import re
from pathlib import Path

import pytest

from bench.accuracy.files import Block, File
from bench.accuracy.hunting import lay_down
from bench.accuracy.kinds import PLAIN, SUITES
from bench.accuracy.maker import Maker
from bench.accuracy.pieces import Piece, Plant, escaped, rendered
from bench.accuracy.truth import read
from bench.accuracy.verify import ends
from bench.accuracy.weave import Weaver
from bench.accuracy.words import Words

SEEDS = range(1, 11)


@pytest.mark.parametrize("kind", SUITES)
def test_a_seed_gives_the_same_suite_each_time_and_another_seed_another(kind: str) -> None:
    make = SUITES[kind]
    assert make(3) == make(3)
    assert make(3).files != make(4).files


@pytest.mark.parametrize("kind", SUITES)
@pytest.mark.parametrize("seed", SEEDS)
def test_every_file_is_python_and_every_truth_is_about_tests_that_stand_in_one(kind: str, seed: int) -> None:
    suite = SUITES[kind](seed)
    functions = {
        node.name: path
        for path, text in suite.files.items()
        if path.endswith(".py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    planted = suite.planted
    named = [
        test
        for truth in planted.truths
        for test in (truth.test, *truth.cleaners, *truth.counterparts, *(one for each in truth.sets for one in each))
    ]
    for test in named:
        path, *_, last = re.sub(r"\[.*", "", test).split("::")
        assert functions[last] == path
    assert len({truth.test for truth in planted.truths}) == len(planted.truths)


def test_ten_seeds_plant_three_hundred_truths() -> None:
    truths = [truth for kind in SUITES for seed in SEEDS for truth in SUITES[kind](seed).planted.truths if not truth.latent]
    grouped = {(truth.plant, truth.group) for truth in truths if truth.group}
    assert len([truth for truth in truths if not truth.group]) + len(grouped) >= 300


def test_ten_seeds_of_plain_suites_hold_every_plant() -> None:
    told = {truth.plant for seed in SEEDS for truth in SUITES["plain"](seed).planted.truths}
    maker = Maker(random.Random(1), Words(random.Random(1)))
    assert {truth.plant for make in PLAIN for truth in make(maker).truths} <= told


def test_a_clean_suite_claims_nothing() -> None:
    assert SUITES["clean"](1).planted.truths == ()


def test_all_tests_of_a_suite_have_names_of_their_own() -> None:
    words = Words(random.Random(7))
    names = [words.test() for _ in range(300)] + [words.noun() for _ in range(300)]
    assert len(set(names)) == 600


def test_samples_are_written_as_pytest_writes_them() -> None:
    assert escaped("naïve / x::y [z]") == "na\\xefve / x::y [z]"


def test_a_parametrised_polluter_acts_on_one_sample_only() -> None:
    piece = Piece(name="test_a", lines=("os.chdir('/')",), samples=("a b", "c"), acts_on="c")
    assert rendered(piece, is_method=False) == [
        "@pytest.mark.parametrize(\"sample\", ['a b', 'c'])",
        "def test_a(sample):",
        "    if sample == 'c':",
        "        os.chdir('/')",
        "    assert sample",
    ]
    assert piece.ids() == ("[a b]", "[c]")
    assert piece.acting_id() == "[c]"


def test_a_file_holds_its_imports_once_then_fixtures_then_tests() -> None:
    file = File("tests/test_x.py")
    first = Piece(name="test_a", lines=("assert os",), imports=("import os",), prelude=("SEEN = {}",))
    second = Piece(name="test_b", lines=("assert os",), imports=("import os",), prelude=("SEEN = {}",))
    file.blocks = [Block([first]), Block([second], name="TestB", base="unittest.TestCase")]
    assert file.render() == (
        '"""Tests, test_x.py."""\n\nimport os\nimport unittest\n\n\nSEEN = {}\n\n\ndef test_a():\n    assert os\n\n\n'
        "class TestB(unittest.TestCase):\n    def test_b(self):\n        assert os\n"
    )
    assert [test for test, _ in file.tests()] == ["tests/test_x.py::test_a", "tests/test_x.py::TestB::test_b"]


@pytest.mark.parametrize("seed", SEEDS)
def test_roles_stand_in_the_sequence_that_the_plant_wants(seed: int) -> None:
    rng = random.Random(seed)
    words = Words(rng)
    plant = Plant(
        kind="x",
        pieces=tuple(Piece(role=role, name=f"test_{role}", lines=("pass",)) for role in ("one", "two", "three")),
        truths=(),
        checks=(),
        sequences=(("two", "three", "one"),),
    )
    weaver = Weaver(rng, words)
    weaver.lay_out(6)
    weaver.fill(30)
    weaver.add(plant)
    stand = [piece.role for file in weaver.files for _, piece in file.tests() if piece.role]
    assert stand == ["two", "three", "one"]


def test_a_truth_survives_its_file(tmp_path: Path) -> None:
    suite = SUITES["plain"](1)
    lay_down(suite, tmp_path)
    assert read(tmp_path) == suite.planted


def test_ends_are_read_phase_by_phase(tmp_path: Path) -> None:
    file = tmp_path / "ends"
    file.write_text(
        '["a", "begin", ""]\n["a", "setup", "passed"]\n["a", "call", "failed"]\n["a", "teardown", "passed"]\n'
        '["b", "setup", "failed"]\n["b", "teardown", "passed"]\n'
        '["c", "setup", "skipped"]\n["c", "teardown", "passed"]\n["d", "begin", ""]\n'
    )
    assert ends(file) == {"a": "failed", "b": "error", "c": "skipped", "d": "crashed"}
