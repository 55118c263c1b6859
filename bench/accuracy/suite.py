"""A whole suite: plants chosen, woven, rendered to files, with its truths in terms of test ids.

Owns what is common to suites of every kind. Must not write or run anything: the same seed gives the same text.
"""

import random
from collections.abc import Sequence

import msgspec

from bench.accuracy.files import File
from bench.accuracy.pieces import Piece, Plant
from bench.accuracy.truth import EVERY, Planted, resolve_check, resolve_truth
from bench.accuracy.weave import Weaver
from bench.accuracy.words import Words

SHELF = '@pytest.fixture(autouse=True)\ndef shelf():\n    """For all tests: a list of their own."""\n    return []'


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """The text of every file, by path, and what is true."""

    files: dict[str, str]
    planted: Planted


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """What a suite is made of: its plants, and how many files and innocents are around them; `extras` are innocents of its own kind."""

    kind: str
    seed: int
    plants: tuple[Plant, ...]
    files: int
    innocents: int
    extras: tuple[Piece, ...] = ()
    addopts: str = ""
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    modules: dict[str, str] = {}


def woven(design: Design, rng: random.Random, words: Words) -> Suite:
    """The suite of this design."""
    weaver = Weaver(rng, words)
    weaver.lay_out(design.files)
    weaver.fill(design.innocents)
    weaver.scatter(design.extras)
    for plant in design.plants:
        weaver.add(plant)
    texts = _project(design, words) | {file.path: file.render() for file in weaver.files if file.blocks}
    return Suite(files=texts | _packages(weaver.files, rng), planted=_planted(design, weaver.files))


def _project(design: Design, words: Words) -> dict[str, str]:
    texts = {f"{words.package}/__init__.py": f'"""The {words.package}."""\n'} | design.modules
    for plant in design.plants:
        texts |= plant.modules
    texts["pytest.ini"] = f"[pytest]\ntestpaths = tests\npythonpath = .\naddopts = {design.addopts}\n"
    imports = sorted(
        {line for plant in design.plants for line in plant.conftest if line.startswith(("import ", "from "))} | {"import pytest"}
    )
    parts = [[line for line in plant.conftest if not line.startswith(("import ", "from "))] for plant in design.plants if plant.conftest]
    texts["conftest.py"] = "\n".join(
        ['"""What all tests share."""', "", *imports, "", "", SHELF, *(line for part in parts for line in part), ""]
    )
    return texts


def _packages(files: Sequence[File], rng: random.Random) -> dict[str, str]:
    """`__init__.py` in all test folders, or in none."""
    if rng.random() < 0.5:
        return {}
    folders = {"/".join(file.key[:depth]) for file in files for depth in range(1, len(file.key))}
    return {f"{folder}/__init__.py": "" for folder in sorted(folders)}


def _planted(design: Design, files: Sequence[File]) -> Planted:
    places = {piece.name: (file, base, piece) for file in files for base, piece in file.tests()}
    truths, checks = [], []
    for plant in design.plants:
        ids = Roles(plant, places)
        truths += [resolve_truth(truth, ids) for truth in plant.truths]
        checks.append(tuple(resolve_check(check, ids) for check in plant.checks))
    return Planted(
        name=f"{design.kind}-{design.seed}",
        seed=design.seed,
        kind=design.kind,
        tests=sum(len(piece.ids()) for _, _, piece in places.values()),
        truths=tuple(truths),
        checks=tuple(checks),
        options=design.options,
        needs=design.needs,
    )


class Roles:
    """The node ids of a plant's roles."""

    def __init__(self, plant: Plant, places: dict[str, tuple[File, str, Piece]]) -> None:
        self._places = places
        self._names = {piece.role: piece.name for piece in plant.pieces if piece.role}

    def __call__(self, role: str) -> tuple[str, ...]:
        """The id that plays the role; for `every:role` all of its file."""
        file, base, piece = self._places[self._names[role.removeprefix(EVERY)]]
        if role.startswith(EVERY):
            return tuple(base + suffix for base, piece in file.tests() for suffix in piece.ids())
        return (base + piece.acting_id(),)
