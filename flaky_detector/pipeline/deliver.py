"""The last step: pages written, the night remembered, GitHub told, the terminal told, and the exit code.

Owns the policy of `--fail-on`. Must not change what was found.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from flaky_detector import __version__
from flaky_detector.adapters import pages as paper
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import SettingsError
from flaky_detector.model import Result
from flaky_detector.pipeline.nightly import Memory, retold, save
from flaky_detector.pipeline.publish import context, publish
from flaky_detector.pipeline.tending import Night, tend
from flaky_detector.settings import Settings
from flaky_detector.stages.report import Pages, report
from flaky_detector.stages.report.findings_json import write_findings


def deliver(result: Result, settings: Settings, environ: Mapping[str, str], voice: Voice, memory: Memory | None = None) -> int:
    """Everything that a finished (or interrupted) run owes its user.

    The pages and the history are written before GitHub is asked, so that no trouble there can lose them, and again with what was done
    there. Returns the exit code.
    """
    try:
        paper.write(settings.output, {"findings.json": write_findings(result, __version__)})  # before anything is drawn from it
        pages = _written(result, settings, environ)
    except SettingsError:
        voice.result(report(result, context(settings, environ)).terminal)  # no room for it, or no right: it was dear to find
        raise
    in_actions = environ.get("GITHUB_ACTIONS") == "true"
    if memory is not None:
        save(memory)
        if in_actions:
            tend(Night(memory, result, pages, settings, environ), voice.raw)
            save(memory)
        result = retold(result, memory)
        pages = _written(result, settings, environ)
        settings = replace(settings, issue="off")  # they are tended
    if in_actions:
        publish(result, pages, settings, environ, voice.raw)
    else:
        voice.result(pages.terminal)
    voice.say(f"report: {settings.output}/report.html, comment.md, findings.json")
    return exit_code(result, settings.fail_on)


def _written(result: Result, settings: Settings, environ: Mapping[str, str]) -> Pages:
    pages = report(result, context(settings, environ))
    texts = {"findings.json": pages.findings_json, "comment.md": pages.comment, "summary.md": pages.summary, "report.html": pages.html}
    paper.write(settings.output, texts)
    return pages


def exit_code(result: Result, fail_on: str) -> int:
    """130 when interrupted; 1 when there are findings of the kind that `--fail-on` names; else 0."""
    if result.status == "interrupted":
        return 130
    levels = {"proven": ("proven",), "suspected": ("proven", "likely", "suspected"), "never": ()}[fail_on]
    return int(any(finding.confidence in levels for finding in result.findings))
