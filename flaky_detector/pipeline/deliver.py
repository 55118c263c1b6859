"""The last step: pages written, GitHub told, the terminal told, and the exit code.

Owns the policy of `--fail-on`. Must not change the result.
"""

from collections.abc import Mapping

from flaky_detector import __version__
from flaky_detector.adapters import pages as paper
from flaky_detector.adapters.voice import Voice
from flaky_detector.model import Result
from flaky_detector.pipeline.publish import context, publish
from flaky_detector.settings import Settings
from flaky_detector.stages.report import report
from flaky_detector.stages.report.findings_json import write_findings


def deliver(result: Result, settings: Settings, environ: Mapping[str, str], voice: Voice) -> int:
    """Everything that a finished (or interrupted) run owes its user.

    The pages are written before GitHub is asked, so that no trouble there can lose them. Returns the exit code.
    """
    paper.write(settings.output, {"findings.json": write_findings(result, __version__)})  # before anything is drawn from it
    pages = report(result, context(settings, environ))
    texts = {"findings.json": pages.findings_json, "comment.md": pages.comment, "summary.md": pages.summary, "report.html": pages.html}
    paper.write(settings.output, texts)
    if environ.get("GITHUB_ACTIONS") == "true":
        publish(result, pages, settings, environ, voice.raw)
    else:
        voice.result(pages.terminal)
    voice.say(f"report: {settings.output}/report.html, comment.md, findings.json")
    return exit_code(result, settings.fail_on)


def exit_code(result: Result, fail_on: str) -> int:
    """130 when interrupted; 1 when there are findings of the kind that `--fail-on` names; else 0."""
    if result.status == "interrupted":
        return 130
    levels = {"proven": ("proven",), "suspected": ("proven", "likely", "suspected"), "never": ()}[fail_on]
    return int(any(finding.confidence in levels for finding in result.findings))
