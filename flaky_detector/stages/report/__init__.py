"""Says it: one digest of the result, in several voices. No I/O: pages come out as text."""

from flaky_detector.model import Result
from flaky_detector.stages.report.annotations import annotations
from flaky_detector.stages.report.answers import request_failed, request_met
from flaky_detector.stages.report.comment import comment, comment_of, tells_the_same
from flaky_detector.stages.report.digest import digest
from flaky_detector.stages.report.findings_json import read_findings, write_findings
from flaky_detector.stages.report.html import html
from flaky_detector.stages.report.issues import issue_comment, issues
from flaky_detector.stages.report.pages import Annotation, Context, IssuePage, Pages, Redraw
from flaky_detector.stages.report.published import schema
from flaky_detector.stages.report.summary import summary
from flaky_detector.stages.report.terminal import terminal

__all__ = [
    "Annotation",
    "Context",
    "IssuePage",
    "Pages",
    "digest",
    "issue_comment",
    "read_findings",
    "report",
    "request_failed",
    "request_met",
    "schema",
    "tells_the_same",
    "write_findings",
]


def report(result: Result, context: Context) -> Pages:
    """Every page of one result. From what `read_findings` reads back, the same pages come out, byte for byte."""
    told = digest(result)
    return Pages(
        findings_json=write_findings(result, context.version),
        comment=comment(told, context),
        summary=summary(told, context),
        html=html(told, context),
        annotations=annotations(told, context),
        terminal=terminal(told),
        issues=issues(told, context),
        redraw=Redraw(result, context, comment_of),
    )
