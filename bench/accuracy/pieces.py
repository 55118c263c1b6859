"""What a suite is woven from: tests as pieces of text, and plants as small groups of them.

Owns the shapes and how one test is rendered. Must not choose anything: names and places come from outside.
"""

from collections.abc import Iterable

import msgspec

from bench.accuracy.truth import Check, Truth

INDENT = "    "
Lines = tuple[str, ...]


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One test function.

    `role` is its part in a plant, or empty for an innocent. `prelude` goes to the top of its file, once. With `samples`
    the test is parametrised by these strings and `acts_on` is the one for which `lines` are run; for the others it does nothing.
    A private one stands in a file of its plant's own; with a `base`, as a method of a class that has this base.
    """

    name: str
    lines: Lines
    role: str = ""
    imports: Lines = ()
    arguments: Lines = ()
    decorators: Lines = ()
    prelude: Lines = ()
    samples: Lines = ()
    acts_on: str = ""
    is_private: bool = False
    base: str = ""

    @property
    def fits_unittest(self) -> bool:
        """Whether it may be a method of a unittest.TestCase."""
        return not (self.arguments or self.decorators or self.samples)

    def ids(self) -> Lines:
        """What follows the function's name in a node id, for each of its tests."""
        return tuple(f"[{escaped(sample)}]" for sample in self.samples) or ("",)

    def acting_id(self) -> str:
        """The one of `ids` that plays the role."""
        return f"[{escaped(self.acts_on)}]" if self.samples else ""


class Plant(msgspec.Struct, frozen=True, kw_only=True):
    """A group of tests that depend on one another, with its truths in terms of roles.

    `sequences`: ways in which its roles may stand in the project's own order. `places`: `file`, `class`, `files`. `modules`: files of
    the project, by path. `conftest`: lines for the root's conftest.py.
    """

    kind: str
    pieces: tuple[Piece, ...]
    truths: tuple[Truth, ...]
    checks: tuple[Check, ...]
    sequences: tuple[Lines, ...]
    places: Lines = ("files", "files", "file", "class")
    modules: dict[str, str] = {}
    conftest: Lines = ()


def escaped(sample: str) -> str:
    """As pytest writes a string parameter in a node id."""
    return sample.encode("unicode_escape").decode("ascii")


def rendered(piece: Piece, *, is_method: bool) -> list[str]:
    """The source lines of one test."""
    arguments = [*(["self"] if is_method else []), *piece.arguments, *(["sample"] if piece.samples else [])]
    lines = list(piece.lines)
    if piece.samples:
        lines = [f"if sample == {piece.acts_on!r}:", *indented(lines), "assert sample"]
    marks = [*([f'@pytest.mark.parametrize("sample", {list(piece.samples)!r})'] if piece.samples else []), *piece.decorators]
    return [*marks, f"def {piece.name}({', '.join(arguments)}):", *indented(lines)]


def indented(lines: Iterable[str]) -> list[str]:
    """One level deeper."""
    return [INDENT + line if line else line for line in lines]
