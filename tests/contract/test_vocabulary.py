"""One word for one thing: the words that stand for nothing here, or for something else, are not used.

Held to it is what people read: the package with its pages, README, docs, action.yml and the changelog. Words that have a proper use too
(case, node, status, result, check) cannot be told from it by a search, so only phrases with them are looked for.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
READ = ("flaky_detector", "docs", "README.md", "CHANGELOG.md", "action.yml")
KINDS = {".py", ".j2", ".css", ".json", ".md", ".yml"}

INSTEAD = {
    r"culprits?": "polluter; suspect until proven",
    r"offenders?|offending": "polluter; suspect until proven",
    r"leak(?:s|ed|ing|y|age)?": "leaves state behind; state change, footprint",
    r"flakes?": "symptom",
    r"(?:good|bad)[ _-]orders?": "passing order, failing order",
    r"(?:good|bad)[ _-]runs?": "a run in which it passed, failed",
    r"slaves?|(?:worker|slave|xdist)[ _-]nodes?": "worker",
    r"masters?": "controller",
    r"test[ _-](?:cases?|specs?)": "test",
    r"test[ _-](?:results?|statuse?s?)": "execution, outcome",
    r"(?:execution|failure)[ _-]status(?:es)?": "outcome",
    r"(?:error|failure)[ _-]kinds?": "signature",
}
"""What is not said, and what is said instead."""

ALLOWED = {"flake-hunt": "the name of a workflow", "flake8": "a linter", "sqlite_master": "the table in which SQLite keeps its schema"}
"""Names that others gave, and why they may stand."""

# Not within a longer word, but within a name: `leaked_environ` is found and `testcase` (JUnit's word) is not.
FORBIDDEN = {re.compile(rf"(?<![A-Za-z])(?i:{pattern})(?![a-z])"): instead for pattern, instead in INSTEAD.items()}


def found(text: str) -> Iterator[tuple[int, str]]:
    """Line and what is wrong with it."""
    for number, line in enumerate(text.splitlines(), 1):
        own = re.sub("|".join(map(re.escape, ALLOWED)), "", line)
        for pattern, instead in FORBIDDEN.items():
            for match in pattern.finditer(own):
                yield number, f"{match[0]!r}: say {instead}"


def files() -> Iterator[Path]:
    for name in READ:
        path = ROOT / name
        yield from (each for each in ([path] if path.is_file() else sorted(path.rglob("*"))) if each.suffix in KINDS)


def test_forbidden_words_are_not_used() -> None:
    told = [f"{path.relative_to(ROOT)}:{number}: {what}" for path in files() for number, what in found(path.read_text(encoding="utf-8"))]
    assert told == []


def test_no_file_is_called_by_a_forbidden_word() -> None:
    assert [what for path in files() for _, what in found(str(path.relative_to(ROOT)))] == []


def test_all_that_people_read_is_held_to_it() -> None:
    assert {path.suffix for path in files()} == KINDS


@pytest.mark.parametrize(
    "text",
    [
        "The culprit is",
        "leaked_environ = 1",
        "class LeakProbe:",
        "memory leaks.",
        "a Flake",
        "bad orders",
        "worker node gw3",
        "TEST CASE",
    ],
)
def test_a_forbidden_word_is_seen_in_prose_and_in_names(text: str) -> None:
    assert len(list(found(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "flaky-detector",
        "uses: ./.github/workflows/flake-hunt.yml",
        "bleak",
        "unittest.TestCase",
        "a JUnit testcase",
        "node id",
        "mastered it",
        "snowflakes",
    ],
)
def test_words_that_only_look_alike_are_left_alone(text: str) -> None:
    assert list(found(text)) == []
