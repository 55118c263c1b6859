"""What a hunt inside GitHub Actions tells: comment, issues, annotations, job summary, outputs.

Owns whether a comment or an issue is wanted and what is said where none could be made. A refusal of GitHub's never fails the run: it is
told in the summary. Must not word any page: that is the report's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import msgspec
from msgspec.structs import replace

from flaky_detector import __version__
from flaky_detector.adapters import actions, github
from flaky_detector.adapters.actions import Whereabouts
from flaky_detector.errors import GitHubError
from flaky_detector.model.findings import Result
from flaky_detector.settings import Settings
from flaky_detector.stages.report import tells_the_same
from flaky_detector.stages.report.pages import Annotation, Context, Pages

Say = Callable[[str], None]


class _Outcome(msgspec.Struct, frozen=True):
    """The comment's address, what the summary adds about it, and what only the log says."""

    url: str = ""
    for_summary: str = ""
    for_log: str = ""


def context(settings: Settings, environ: Mapping[str, str]) -> Context:
    """Where the report will be read, as far as the runner tells."""
    place = actions.whereabouts(environ)
    folder = actions.in_workspace(environ, settings.rootdir)
    return Context(
        key=settings.comment_key,
        commit=place.commit,
        repository_url=place.repository_url,
        folder="" if folder == "." or folder.startswith("/") else folder,
        run_url=place.run_url,
        version=__version__,
        can_comment=bool(place.token and place.pull_request) and not place.may_only_read,
        wants_comment=bool(place.pull_request) and settings.comment != "off",
        of_others=place.tells_of_others,
    )


def publish(result: Result, pages: Pages, settings: Settings, environ: Mapping[str, str], say: Say) -> str:
    """Tell GitHub and the runner.

    Args:
        result: what was found.
        pages: the same, worded.
        settings: whether a comment is wanted, and where the report's folder is.
        environ: the process environment, as the runner set it.
        say: takes one line for the log; it must not wrap or decorate it, since the runner reads workflow commands from there.

    Returns:
        The comment's address, "" where there is none.
    """
    place = actions.whereabouts(environ)
    outcome = _comment(result, pages, settings, place)
    if outcome.for_log:
        _say_instead(pages.comment, outcome.for_log, environ, say)
    elif outcome.url:
        say(f"comment: {outcome.url}")
    if environ.get("GITHUB_ACTIONS") == "true":
        _annotate(pages.annotations, say)
    notes = [outcome.for_summary] * bool(outcome.for_summary) + _issues(pages, settings, place, say)
    actions.write_summary(environ, pages.summary + "".join(f"\n\n> [!NOTE]\n> {note}\n" for note in notes))
    actions.write_outputs(environ, outputs(result, settings, environ, outcome.url))
    return outcome.url


def outputs(result: Result, settings: Settings, environ: Mapping[str, str], comment_url: str) -> dict[str, str]:
    """The step's outputs; paths are relative to the workspace, since the workspace is elsewhere inside the container."""
    proven = [finding for finding in result.findings if finding.confidence == "proven"]
    polluters = dict.fromkeys(test for finding in proven for polluters in finding.polluters for test in polluters)
    return {
        "findings": actions.in_workspace(environ, settings.output / "findings.json"),
        "findings-count": str(len(result.findings)),
        "proven-count": str(len(proven)),
        "polluters": json.dumps(list(polluters)),
        "report": actions.in_workspace(environ, settings.output / "report.html"),
        "comment-url": comment_url,
    }


def wanted(setting: str, findings: int) -> tuple[bool, bool]:
    """Whether to write a comment at all, and whether to create one where there is none.

    `auto` creates one when something was found, and always updates an existing one: a comment must not go on accusing a test after it
    was mended.
    """
    if setting == "off" or (setting == "on-findings" and not findings):
        return False, False
    return True, setting == "always" or findings > 0


def _comment(result: Result, pages: Pages, settings: Settings, place: Whereabouts) -> _Outcome:
    write, create = wanted(settings.comment, len(result.findings))
    if not write:
        return _Outcome()
    if not (place.pull_request or place.head):
        return _Outcome(for_log="no comment: this run belongs to no pull request")
    if not place.token:
        return _Outcome(for_log="no comment: there is no token", for_summary="No comment was posted: the input `github-token` is empty.")
    try:
        if not place.pull_request:
            place = replace(place, pull_request=github.find_pull_request(_target(place), place.head))
        if not place.pull_request:
            return _Outcome(for_log=f"no comment: no open pull request of {place.head} is at the commit that was tested")
        posted = github.keep_comment(_target(place), _note(pages, settings, create=create))
    except GitHubError as trouble:
        return _refused(trouble, place)
    return _told(posted)


def _note(pages: Pages, settings: Settings, *, create: bool) -> github.Note:
    return github.Note(key=settings.comment_key, body=pages.comment, create=create, after=pages.redraw, same=tells_the_same)


def _target(place: Whereabouts) -> github.Target:
    return github.Target(
        api_url=place.api_url,
        repository=place.repository,
        pull_request=place.pull_request,
        head_sha=place.head_sha,
        token=place.token,
    )


def _issues(pages: Pages, settings: Settings, place: Whereabouts, say: Say) -> list[str]:
    """Keep an issue for each cause; what the summary says of them. None for a pull request, which has its comment and may never land."""
    if settings.issue == "off" or not pages.issues or place.pull_request or place.head:
        return []
    if not place.token:
        return ["No issue was opened: the input `github-token` is empty."]
    notes = [github.IssueNote(title=page.title, body=page.body, fingerprints=page.fingerprints) for page in pages.issues]
    try:
        kept = github.keep_issues(_target(place), notes)
    except GitHubError as trouble:
        say(f"no issue: {trouble}")
        return [f"No issue was opened: {trouble.message}. Hint: {trouble.hint}."]
    for posted in kept:
        say(f"issue {posted.done}: {posted.url}")
    return [f"Issues: {', '.join(f'{posted.url} ({posted.done})' for posted in kept)}"]


def _refused(trouble: GitHubError, place: Whereabouts) -> _Outcome:
    """A token that may only read is no fault of the user's: what comes next is told, not what GitHub said."""
    if place.may_only_read and trouble.status in {403, 404}:
        why = f"the token of a pull request from {place.may_only_read} may only read"
        return _Outcome(for_log=f"no comment: {why}; the workflow pr-comment posts it", for_summary=READ_ONLY.format(why=why))
    return _Outcome(
        for_log=f"no comment: {trouble}",
        for_summary=f"No comment was posted: {trouble.message}. Hint: {trouble.hint}. The report's folder has it as comment.md.",
    )


READ_ONLY = (
    "No comment was posted from here: {why}. Upload the report's folder as an artifact, and the workflow `pr-comment` posts it"
    " (see docs/github.md); it is in there as comment.md."
)


def _told(posted: github.Posted) -> _Outcome:
    if posted.done == "stale":
        return _Outcome(for_summary="The comment was left alone: the pull request has a newer commit than the one tested here.")
    return _Outcome(url=posted.url)


def _say_instead(comment: str, why: str, environ: Mapping[str, str], say: Say) -> None:
    in_actions = environ.get("GITHUB_ACTIONS") == "true"
    say(why)
    for line in actions.plain(comment) if in_actions else comment.splitlines():
        say(line)


def _annotate(annotations: tuple[Annotation, ...], say: Say) -> None:
    for each, shown in zip(annotations, actions.first_of_each_level(one.level for one in annotations), strict=True):
        if shown:
            say(actions.command(each.level, each.message, file=each.path, line=each.line, title=each.title))
