"""A hunt that somebody asks for in a comment: the door before it, and the answer after it.

Owns which reaction means what: eyes for taken, a thumb down or confusion for refused, then a rocket or confusion for how it went. Must not
run anything of the pull request, nor word a page.

The workflow has three jobs, so that code of a pull request never meets a token that may write: this module's `consider` decides with such a
token and runs nothing, the hunt runs with a token that may only read, and `answer` posts what it left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flaky_detector.adapters import actions, github
from flaky_detector.adapters.actions import Whereabouts
from flaky_detector.errors import FlakyDetectorError, GitHubError
from flaky_detector.settings import from_inputs
from flaky_detector.stages.report import request_failed, request_met

Say = Callable[[str], None]


def consider(environ: Mapping[str, str], say: Say) -> int:
    """Whether the event's comment asks for a hunt that may be had; the commit to hunt in becomes an output, empty for none.

    So do the commit since which it changes files, and how deep a checkout must be to hold that one too.

    Raises:
        GitHubError: GitHub refused or could not be reached.
    """
    asked = actions.request(environ)
    if asked is None:
        _decided(environ, github.Verdict(why_not="no new comment on a pull request begins with /flaky-hunt"), say)
        return 0
    target = _target(actions.whereabouts(environ), asked.pull_request)
    verdict = github.weigh(target, asked.login, asked.created_at, asked.commit)
    github.react(target, asked.comment, verdict.reaction)
    _decided(environ, verdict, say)
    return 0


def answer_failure(environ: Mapping[str, str], trouble: FlakyDetectorError) -> None:
    """The hunt that was asked for left nothing to tell: say so where it was asked for. A refusal of GitHub's is told in the log."""
    place = actions.whereabouts(environ)
    if place.event != "issue_comment" or not place.pull_request or not place.token:
        return
    body = request_failed(trouble.message, place.run_url, place.head_sha)
    _keep(place, github.Note(key=_key(environ), body=body), "confused")


def answer_success(environ: Mapping[str, str]) -> None:
    """The report stands in the sticky comment; an earlier failure must not go on being told."""
    place = actions.whereabouts(environ)
    if place.event == "issue_comment" and place.pull_request and place.token:
        _keep(place, github.Note(key=_key(environ), body=request_met(place.run_url, place.head_sha), create=False), "rocket")


def _keep(place: Whereabouts, note: github.Note, reaction: str) -> None:
    target = _target(place, place.pull_request)
    if place.comment:
        github.react(target, place.comment, reaction)
    try:
        github.keep_comment(target, note)
    except GitHubError as trouble:
        print(actions.command("warning", f"no answer: {trouble}"))  # noqa: T201 -- the runner reads it


def _decided(environ: Mapping[str, str], verdict: github.Verdict, say: Say) -> None:
    say(f"hunt at {verdict.commit}" if verdict.commit else f"no hunt: {verdict.why_not}")
    actions.write_outputs(environ, {"commit": verdict.commit, "base": verdict.base, "depth": str(verdict.depth)})
    if verdict.why_not:
        actions.write_summary(environ, f"No hunt: {verdict.why_not}.\n")


def _key(environ: Mapping[str, str]) -> str:
    return f"{from_inputs(environ).get('comment_key', 'default')}-request"


def _target(place: Whereabouts, pull_request: int) -> github.Target:
    return github.Target(
        api_url=place.api_url, repository=place.repository, pull_request=pull_request, head_sha=place.head_sha, token=place.token
    )
