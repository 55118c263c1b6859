"""The test files of a suite while it is woven, and their text in the end.

Owns what stands in which file, in which class, in which sequence, and the node ids that follow from it. Must not choose.
"""

from collections.abc import Iterator

from bench.accuracy.pieces import Piece, indented, rendered


class Block:
    """Some tests that stand together: one function, or a class with several."""

    def __init__(self, pieces: list[Piece], *, name: str = "", base: str = "") -> None:
        self.pieces = pieces
        self.name = name
        self.base = base

    def accepts(self, piece: Piece) -> bool:
        """Whether the piece may be one of its methods."""
        return bool(self.name) and (piece.fits_unittest or not self.base)

    def render(self) -> list[str]:
        """Its source lines."""
        if not self.name:
            return [line for piece in self.pieces for line in rendered(piece, is_method=False)]
        head = f"class {self.name}({self.base}):" if self.base else f"class {self.name}:"
        methods = [line for piece in self.pieces for line in ("", *rendered(piece, is_method=True))]
        return [head, *indented(methods[1:])]


class File:
    """One test file. A private one belongs to one plant; nothing else is put in it."""

    def __init__(self, path: str, *, is_private: bool = False) -> None:
        self.path = path
        self.is_private = is_private
        self.blocks: list[Block] = []

    @property
    def key(self) -> tuple[str, ...]:
        """Files in the sequence of these keys are collected in that sequence."""
        return tuple(self.path.split("/"))

    def tests(self) -> Iterator[tuple[str, Piece]]:
        """Each piece with its node id, without what parameters add."""
        for block in self.blocks:
            for piece in block.pieces:
                yield "::".join(part for part in (self.path, block.name, piece.name) if part), piece

    def render(self) -> str:
        """The text of the file."""
        pieces = [piece for block in self.blocks for piece in block.pieces]
        imports = sorted({line for piece in pieces for line in piece.imports} | {"import unittest" for block in self.blocks if block.base})
        imports += ["import pytest"] if any(piece.samples for piece in pieces) and "import pytest" not in imports else []
        preludes = [["", "", *prelude] for prelude in dict.fromkeys(piece.prelude for piece in pieces) if prelude]
        blocks = [["", "", *block.render()] for block in self.blocks]
        head = f'"""Tests, {self.path.rsplit("/", 1)[-1]}."""'
        return "\n".join([head, "", *imports, *(line for part in (*preludes, *blocks) for line in part), ""])
