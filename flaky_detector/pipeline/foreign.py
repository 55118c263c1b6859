"""A result that another run left, whose code was anybody's: what of it may be told.

Owns that its commands are made anew. Names and prose of such a result are shown as text, which the report sees to; a command is something
that a reader pastes into a shell, so it is never shown as it came: it is put together here from test ids, and left out where one of them
could be read as an option. A patch counts as tried only where this program tried it.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from flaky_detector.model import Diagnosis, Finding, Result, TestId
from flaky_detector.pipeline.conclude import command_of

LONGEST_ID = 1000


def retold(result: Result) -> Result:
    """The same with commands of our own making, and no claim about patches or earlier nights."""
    return replace(result, findings=tuple(_retold(finding) for finding in result.findings), nights=None)


def _retold(finding: Finding) -> Finding:
    harmless = all(not test.startswith("-") and 0 < len(test) <= LONGEST_ID and test.isprintable() for test in _named(finding))
    diagnosis = _untried(finding.diagnosis) if finding.diagnosis else None
    return replace(finding, reproduce=command_of(finding) if harmless else "", diagnosis=diagnosis)


def _named(finding: Finding) -> Iterator[TestId]:
    yield finding.test
    yield from (step.test for step in finding.minimal_order)
    yield from finding.counterparts[:1]
    yield from (suspect.test for suspect in finding.suspects[:1])


def _untried(diagnosis: Diagnosis) -> Diagnosis:
    return replace(diagnosis, remedies=tuple(replace(remedy, patch_verified=False) for remedy in diagnosis.remedies))
