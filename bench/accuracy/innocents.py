"""Tests that hurt nobody: most do nothing much, some change harmless state, some clean up after themselves.

Owns their text. None of them may make any other test fail, nor fail itself, in any order.
"""

import random
from collections.abc import Callable

from bench.accuracy.pieces import Piece
from bench.accuracy.words import Words

Make = Callable[[random.Random, Words], Piece]
PYTEST = ("import pytest",)


def arithmetic(rng: random.Random, words: Words) -> Piece:
    """Nothing but a sum."""
    a, b = rng.randint(1, 99), rng.randint(1, 99)
    return Piece(name=words.test(), lines=(f"assert {a} + {b} == {a + b}",))


def text(rng: random.Random, words: Words) -> Piece:
    """Something with text."""
    word = rng.choice(("stone", "paper", "scissors"))
    return Piece(name=words.test(), lines=(f'word = "{word}"', f'assert word.upper().lower() == "{word}"', "assert sorted(set(word))"))


def parametrised(rng: random.Random, words: Words) -> Piece:
    """Several samples with ids that break naive quoting."""
    samples = words.samples(rng.randint(2, 4))
    return Piece(name=words.test(), lines=("assert len(sample) > 0",), imports=PYTEST, samples=samples, acts_on=samples[0])


def sets_and_restores(_: random.Random, words: Words) -> Piece:
    """Sets a variable through monkeypatch, which takes it back."""
    name = words.noun().upper()
    return Piece(
        name=words.test(),
        imports=("import os",),
        arguments=("monkeypatch",),
        lines=(f'monkeypatch.setenv("{name}", "1")', f'assert os.environ["{name}"] == "1"'),
    )


def goes_elsewhere(_: random.Random, words: Words) -> Piece:
    """Changes the current folder through monkeypatch, which takes it back."""
    return Piece(
        name=words.test(), arguments=("monkeypatch", "tmp_path"), lines=("monkeypatch.chdir(tmp_path)", '(tmp_path / "a").write_text("1")')
    )


def tidies(_: random.Random, words: Words) -> Piece:
    """Changes the root logger's level and puts it back itself."""
    lines = ("root = logging.getLogger()", "level = root.level", "try:", "    root.setLevel(logging.DEBUG)", "    assert root.level == 10")
    return Piece(name=words.test(), imports=("import logging",), lines=(*lines, "finally:", "    root.setLevel(level)"))


def counts(_: random.Random, words: Words) -> Piece:
    """Counts in a global of its own module that nobody reads."""
    name = f"{words.noun().upper()}_CALLS"
    return Piece(name=words.test(), prelude=(f"{name} = [0]",), lines=(f"{name}[0] += 1", f"assert {name}[0] > 0"))


def sets_unread(_: random.Random, words: Words) -> Piece:
    """Leaves a variable behind that nobody reads."""
    name = f"{words.noun().upper()}_UNREAD"
    return Piece(
        name=words.test(), imports=("import os",), lines=(f'os.environ["{name}"] = str(os.getpid())', f'assert "{name}" in os.environ')
    )


def leaves_a_file(_: random.Random, words: Words) -> Piece:
    """Leaves a file in the temporary folder."""
    lines = (f'handle, path = tempfile.mkstemp(prefix="{words.noun()}-")', "os.close(handle)", "assert os.path.exists(path)")
    return Piece(name=words.test(), imports=("import os", "import tempfile"), lines=lines)


def draws(_: random.Random, words: Words) -> Piece:
    """Moves the generator of random numbers on."""
    return Piece(
        name=words.test(), imports=("import random",), lines=("drawn = [random.random() for _ in range(3)]", "assert max(drawn) < 1")
    )


def is_skipped(_: random.Random, words: Words) -> Piece:
    """Is skipped, always."""
    return Piece(name=words.test(), imports=PYTEST, decorators=('@pytest.mark.skip(reason="not here")',), lines=("assert False",))


def fails_as_expected(_: random.Random, words: Words) -> Piece:
    """Fails, and says so beforehand."""
    return Piece(name=words.test(), imports=PYTEST, decorators=("@pytest.mark.xfail",), lines=("assert 1 == 2",))


def uses_autouse(_: random.Random, words: Words) -> Piece:
    """Looks at what the fixtures of all tests brought."""
    return Piece(name=words.test(), arguments=("shelf",), lines=('shelf.append("x")', 'assert shelf == ["x"]'))


def patches_and_stops(_: random.Random, words: Words) -> Piece:
    """Replaces a function for as long as it needs."""
    lines = ('with mock.patch("os.getlogin", return_value="me"):', '    assert os.getlogin() == "me"')
    return Piece(name=words.test(), imports=("import os", "from unittest import mock"), lines=lines)


def waits(rng: random.Random, words: Words) -> Piece:
    """Takes a while."""
    return Piece(name=words.test(), imports=("import time",), lines=(f"time.sleep({rng.choice((0.01, 0.02, 0.05))})",))


COMMON: tuple[Make, ...] = (arithmetic, text)
OTHERS: tuple[Make, ...] = (
    parametrised, sets_and_restores, goes_elsewhere, tidies, counts, sets_unread, leaves_a_file, draws, is_skipped, fails_as_expected,
    uses_autouse, patches_and_stops, waits,
)  # fmt: skip


def innocent(rng: random.Random, words: Words) -> Piece:
    """One of them; two in three do nothing much."""
    return rng.choice(COMMON if rng.random() < 0.6 else OTHERS)(rng, words)
