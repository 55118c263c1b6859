"""What a log or a JUnit file alone tells of how a test could break others.

Owns three kinds of evidence that need no recorder:

- `time`: a test that is skipped by a mark takes no time. One that was skipped after seconds was skipped inside, after something had been
  set up, and what was set up was torn down again: it acts, though it tests nothing.
- `outcome`: a teardown that failed did not undo what it should.
- `database`: where rows are missing, tests that ask for a transactional database are the ones that empty it: told by the recorder's
  traits, by the test's source, or, weakest, by its name.

Must not rank or compare.
"""

import re
from collections.abc import Iterable, Iterator
from statistics import median

import msgspec

from flaky_detector.model import Evidence, Execution, Executions, Outcome, Symptom
from flaky_detector.stages.correlate.papers import Papers

LONG_SECONDS, LONG_RATIO = 0.5, 3.0
TIME, OUTCOME, TRAIT, IN_TEST_SOURCE, NAME = 200.0, 20.0, 500.0, 500.0, 4.0

MISSING_ROWS = re.compile(r"DoesNotExist\b|matching query does not exist|violates foreign key constraint|FOREIGN KEY constraint failed")
REFERRED = re.compile(r'is not present in table "(?P<table>[\w.]+)"|^(?P<model>\w+) matching query does not exist', re.MULTILINE)
TRANSACTIONAL = re.compile(
    r"transaction\s*=\s*True|\btransactional_db\b|\bTransactionTestCase\b|\bLiveServerTestCase\b|\blive_server\b|\bmigrator\b|\breset_sequences\b"
)
NAMED = re.compile(r"(?<![a-z])(?:transaction(?:al)?|migrations?|migrator|live_server)(?![a-z])")


class Reason(msgspec.Struct, frozen=True):
    """One piece of evidence and how much it multiplies the odds."""

    odds: float
    evidence: Evidence


class Circumstances(msgspec.Struct, frozen=True):
    """What a family's failures are about, and how long tests of its runs take."""

    rows_are_missing: bool
    is_django: bool
    usual_seconds: float


def circumstances(symptoms: Iterable[Symptom], orders: Iterable[Executions]) -> Circumstances:
    """Read once for a family; `orders` are those of its workers."""
    told = [symptom.example for symptom in symptoms if symptom.example]
    missing = any(MISSING_ROWS.search(f"{failure.exception}: {failure.message}") for failure in told)
    is_django = any("django" in f"{failure.exception} {failure.raised_at} {failure.text}" for failure in told)
    taken_by = (pair for rows in orders for pair in zip(rows.durations, rows.outcomes, strict=True))
    seconds = [taken for taken, outcome in taken_by if taken and outcome is not Outcome.SKIPPED]
    return Circumstances(missing, is_django, median(seconds) if seconds else 0.0)


def missing_rows(symptoms: Iterable[Symptom]) -> tuple[str, ...]:
    """Tables and models whose rows the failures miss, the most often named first."""
    counts: dict[str, int] = {}
    for symptom in symptoms:
        for found in REFERRED.finditer(f"{symptom.example.message}" if symptom.example else ""):
            name = found["table"] or found["model"]
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


def reasons(row: Execution, about: Circumstances, papers: Papers) -> Iterator[Reason]:
    """Everything that speaks against one execution, beside when it ran."""
    if row.outcome is Outcome.SKIPPED and row.duration_seconds >= max(LONG_SECONDS, LONG_RATIO * about.usual_seconds):
        text = f"was skipped, yet took {row.duration_seconds:.1f} s: something was set up before it skipped, and torn down after"
        yield Reason(TIME, Evidence("time", text))
    if any(failure.phase == "teardown" for failure in row.failures):
        yield Reason(OUTCOME, Evidence("outcome", "its own teardown failed, so what that should undo may have stayed"))
    if about.rows_are_missing:
        yield from _database(row, papers)


def _database(row: Execution, papers: Papers) -> Iterator[Reason]:
    source = papers.function(row.test)
    found = TRANSACTIONAL.search(source) if source else None
    if "transactional_db" in row.traits:
        yield Reason(TRAIT, Evidence("database", "uses a transactional database, which is emptied after it"))
    elif found:
        yield Reason(
            IN_TEST_SOURCE, Evidence("database", f"its source asks for a transactional database (`{found[0]}`), which is emptied after it")
        )
    named = NAMED.search(row.test)
    if named:
        yield Reason(NAME, Evidence("name", f"its name holds `{named[0]}`, as those of tests with a transactional database often do"))
