"""A chain: one test's failure breaks the next, which is itself only a victim.

Owns the sentence that says so. Where a set of polluters holds a test that is proven to fail after those before it, its failure is a
link, and whoever mends the first test mends the whole.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from flaky_detector.model import Finding, TestId, short_name


def with_links(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, each with a note for every polluter that is a victim of the ones before it."""
    causes = {finding.test: finding.polluters for finding in findings if finding.kind == "victim" and finding.confidence == "proven"}
    return [replace(finding, notes=(*finding.notes, *_notes(finding, causes))) for finding in findings]


def _notes(finding: Finding, causes: dict[TestId, tuple[tuple[TestId, ...], ...]]) -> list[str]:
    return [
        f"a chain: {short_name(link)} is itself a victim of {' and '.join(map(short_name, first))}, and what its failure leaves behind is"
        " what this test trips over"
        for tests in finding.polluters
        for place, link in enumerate(tests)
        for first in causes.get(link, ())
        if set(first) <= set(tests[:place])
    ]
