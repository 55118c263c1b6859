"""Weaves plants and innocents into the files of a suite.

Owns where things stand: in which file and class, before or after what. Must not know any plant by name.

The project's own order is that of the files' paths, then of the lines in a file. A plant says in which sequence its roles stand in that
order and how near to one another; the rest is drawn:

    plant: sequence (victim, polluter), place "files"      test_a.py   innocent, VICTIM, innocent
                                                           test_b.py   class of innocents
                                                           test_c.py   innocent, class (innocent, POLLUTER)
"""

import random
from collections.abc import Sequence

from bench.accuracy.files import Block, File
from bench.accuracy.innocents import innocent
from bench.accuracy.pieces import Piece, Plant
from bench.accuracy.words import Words

FOLDERS = ("tests", "tests", "tests/api", "tests/unit", "tests/unit/deep", "tests/web")


class Weaver:
    """One suite's files."""

    def __init__(self, rng: random.Random, words: Words) -> None:
        self._rng = rng
        self._words = words
        self._folders = ("tests", *rng.sample(FOLDERS, 3))
        self.files: list[File] = []

    def lay_out(self, files: int) -> None:
        """Empty files, so many."""
        self.files = sorted((self._file() for _ in range(files)), key=lambda file: file.key)

    def _file(self, *, is_private: bool = False) -> File:
        return File(f"{self._rng.choice(self._folders)}/test_{self._words.noun()}.py", is_private=is_private)

    def fill(self, tests: int) -> None:
        """Innocents: functions, and classes of two to four."""
        left = tests
        while left > 0:
            file = self._rng.choice([file for file in self.files if not file.is_private])
            pieces = [innocent(self._rng, self._words) for _ in range(self._rng.choice((1, 1, 2, 3, 4)))]
            file.blocks.append(self._class_of(pieces) if len(pieces) > 1 else Block(pieces))
            left -= len(pieces)

    def scatter(self, pieces: Sequence[Piece]) -> None:
        """These, one by one, anywhere."""
        for piece in pieces:
            self._insert(self._rng.choice(self._public()), piece)

    def _class_of(self, pieces: list[Piece]) -> Block:
        is_unittest = all(piece.fits_unittest for piece in pieces) and self._rng.random() < 0.5
        return Block(pieces, name=self._class_name(), base="unittest.TestCase" if is_unittest else "")

    def _class_name(self) -> str:
        return f"Test{self._words.noun().title().replace('_', '')}"

    def add(self, plant: Plant) -> None:
        """Puts the plant's tests where one of its sequences and places wants them."""
        roles = {piece.role: piece for piece in plant.pieces if piece.role}
        pieces = [roles[role] for role in self._rng.choice(plant.sequences)]
        place = self._rng.choice(plant.places)
        others = [piece for piece in plant.pieces if not piece.role]
        self.scatter([piece for piece in others if not piece.is_private])
        if any(piece.is_private for piece in pieces):
            self._apart(pieces, [piece for piece in others if piece.is_private])
        elif place == "class":
            self._in_class(pieces)
        elif place == "file":
            self._in_file(pieces)
        else:
            self._in_files(pieces)

    def _public(self) -> list[File]:
        return [file for file in self.files if not file.is_private]

    def _in_class(self, pieces: list[Piece]) -> None:
        woven = [piece for wanted in pieces for piece in (wanted, *self._few())]
        file = self._rng.choice(self._public())
        file.blocks.insert(self._rng.randint(0, len(file.blocks)), self._class_of(woven))

    def _few(self) -> list[Piece]:
        return [innocent(self._rng, self._words) for _ in range(self._rng.randint(0, 1))]

    def _in_file(self, pieces: list[Piece]) -> None:
        file = self._rng.choice(self._public())
        places = sorted(self._rng.randint(0, len(file.blocks)) for _ in pieces)
        for shift, (at, piece) in enumerate(zip(places, pieces, strict=True)):
            file.blocks.insert(at + shift, Block([piece]))

    def _in_files(self, pieces: Sequence[Piece]) -> None:
        files = self._public()
        numbers = sorted(self._rng.sample(range(len(files)), len(pieces)))
        for number, piece in zip(numbers, pieces, strict=True):
            self._insert(files[number], piece)

    def _insert(self, file: File, piece: Piece) -> None:
        classes = [block for block in file.blocks if block.accepts(piece)]
        if classes and self._rng.random() < 0.4:
            block = self._rng.choice(classes)
            block.pieces.insert(self._rng.randint(0, len(block.pieces)), piece)
        else:
            file.blocks.insert(self._rng.randint(0, len(file.blocks)), Block([piece]))

    def _apart(self, pieces: list[Piece], mates: list[Piece]) -> None:
        """Private pieces and their mates in a file of their own, the others in files before or after it, as the sequence wants it."""
        at = next(number for number, piece in enumerate(pieces) if piece.is_private)
        own = self._file(is_private=True)
        theirs = [*[piece for piece in pieces if piece.is_private], *mates]
        base = theirs[0].base
        own.blocks = [Block(theirs, name=self._class_name(), base=base)] if base else [Block([piece]) for piece in theirs]
        self.files = sorted((*self.files, own), key=lambda file: file.key)
        place = self.files.index(own)
        before, after = ([file for file in part if not file.is_private] for part in (self.files[:place], self.files[place + 1 :]))
        for number, piece in enumerate(pieces):
            if not piece.is_private:
                self._insert(self._rng.choice((before if number < at else after) or before or after), piece)

    def ids(self) -> dict[str, list[str]]:
        """Of each test function, the node ids; by its name, which is unique."""
        return {piece.name: [base + suffix for suffix in piece.ids()] for file in self.files for base, piece in file.tests()}
