"""GitHub Actions as a process sees it: where it runs, and what it can tell the runner.

Owns environment variables, the event file, workflow commands, outputs and the job summary. Must not talk to GitHub. What a pull request's
author can choose (branch names, test names, error texts) goes through `command` or a random delimiter, never raw into a line that the
runner reads.
"""

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from flaky_detector.model.secret import Secret

SUMMARY_LIMIT_BYTES = 1024 * 1024
ANNOTATIONS_A_LEVEL = 10
"""The runner shows no more of one level for a step."""

DEPENDABOT = "dependabot[bot]"
REQUEST = re.compile(r"/flaky-hunt(?:[ \t]+([0-9A-Fa-f]{7,40}))?[ \t]*(?:\r?\n|$)")
COMMIT = re.compile(r"[0-9a-f]{40}")
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})")

CUT_NOTE = "\n\n_The rest did not fit: GitHub shows 1 MiB of a summary. It is in the report's folder._\n"


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where this process runs. Everything is empty outside of GitHub Actions.

    `pull_request` is 0 where there is none; `head_sha` the pull request's own commit (`GITHUB_SHA` is a merge made for the run), "" where
    neither the event nor the input `commit` tells; `from_fork` means that the pull request's branch is in another repository. `head`
    (`owner:branch`) is given where a `workflow_run` event names no pull request. `run_url` is the run that left what is told: under
    `workflow_run` the one before this. `comment` is the id of the comment that the event is about, 0 for other events.
    `base` are names of the commit that a `pull_request` event's branch is to be merged into, the exact one first.
    """

    repository: str = ""
    event: str = ""
    pull_request: int = 0
    head_sha: str = ""
    head: str = ""
    commit: str = ""
    from_fork: bool = False
    base: tuple[str, ...] = ()
    api_url: str = "https://api.github.com"
    server_url: str = "https://github.com"
    run_url: str = ""
    token: Secret = msgspec.field(default_factory=Secret)
    actor: str = ""
    comment: int = 0

    @property
    def may_only_read(self) -> str:
        """Whose pull request it is where its own event's token may not write, as part of a sentence; "" where it may."""
        if self.event != "pull_request":
            return ""
        return "a fork" if self.from_fork else "Dependabot" if self.actor == DEPENDABOT else ""

    @property
    def tells_of_others(self) -> bool:
        """Whether what is told here was left by another run, that of a pull request's own code: nothing in it is to be trusted."""
        return self.event in {"workflow_run", "issue_comment"}

    @property
    def repository_url(self) -> str:
        """The repository's page."""
        return f"{self.server_url}/{self.repository}" if self.repository else ""


def whereabouts(environ: Mapping[str, str]) -> Whereabouts:
    """Read the environment and the event file; a file that is missing or broken counts as empty."""
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    pull = _pull_request(event)
    repository = environ.get("GITHUB_REPOSITORY", "")
    server = environ.get("GITHUB_SERVER_URL", "").rstrip("/") or "https://github.com"
    head, base = _table(pull, "head"), _table(pull, "base")
    run_before = _table(event, "workflow_run")
    run = str(run_before.get("id") or environ.get("GITHUB_RUN_ID", ""))
    # The run's own commit comes first: its pull request may have a newer one by now.
    head_sha = str(run_before.get("head_sha") or head.get("sha") or _commit(environ.get("INPUT_COMMIT", "")))
    comment = _table(event, "comment").get("id")
    return Whereabouts(
        repository=repository,
        event=environ.get("GITHUB_EVENT_NAME", ""),
        pull_request=_number(pull, event, environ.get("GITHUB_REF", "")),
        head_sha=head_sha,
        head="" if pull else _head_of(run_before),
        commit=head_sha or environ.get("GITHUB_SHA", ""),
        from_fork=bool(base) and _table(head, "repo").get("id") != _table(base, "repo").get("id"),
        base=_base(_table(_table(event, "pull_request"), "base")),
        api_url=environ.get("GITHUB_API_URL", "").rstrip("/") or "https://api.github.com",
        server_url=server,
        run_url=f"{server}/{repository}/actions/runs/{run}" if repository and run else "",
        token=Secret(environ.get("INPUT_GITHUB-TOKEN", "").strip() or environ.get("GITHUB_TOKEN", "").strip()),
        actor=environ.get("GITHUB_ACTOR", ""),
        comment=comment if isinstance(comment, int) else 0,
    )


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A comment on a pull request that asks for a hunt, by whom and when; `commit` is how its commit begins, "" where none is named."""

    comment: int
    pull_request: int
    login: str
    created_at: str
    commit: str = ""


def request(environ: Mapping[str, str]) -> Request | None:
    """What the event's comment asks for; None where it asks for nothing, is no new one, is by an app, or stands on an issue."""
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    comment = _table(event, "comment")
    author = _table(comment, "user")
    asked = REQUEST.match(str(comment.get("body") or ""))
    number = _number({}, event, "")
    if environ.get("GITHUB_EVENT_NAME") != "issue_comment" or event.get("action") != "created" or not asked or not number:
        return None
    login, identity = str(author.get("login") or ""), comment.get("id")
    if author.get("type") != "User" or not LOGIN.fullmatch(login) or not isinstance(identity, int):
        return None
    told = (asked[1] or "").lower()
    return Request(comment=identity, pull_request=number, login=login, created_at=str(comment.get("created_at") or ""), commit=told)


def _commit(text: str) -> str:
    return text.strip() if COMMIT.fullmatch(text.strip()) else ""


def _event(path: str) -> dict[str, Any]:
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return event if isinstance(event, dict) else {}


def _table(parent: Mapping[str, Any], name: str) -> dict[str, Any]:
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


def _pull_request(event: dict[str, Any]) -> dict[str, Any]:
    """The event's pull request; `workflow_run` lists those of its run (none where it came from a fork).

    A branch may be proposed to other repositories as well: only a pull request to this one counts, the others' numbers mean nothing here.
    """
    pulls, here = _table(event, "workflow_run").get("pull_requests"), _table(event, "repository").get("id")
    listed = [pull for pull in pulls if isinstance(pull, dict)] if isinstance(pulls, list) else []
    ours = [pull for pull in listed if here is None or _table(_table(pull, "base"), "repo").get("id") == here]
    return _table(event, "pull_request") or (ours[0] if ours else {})


def _head_of(run: dict[str, Any]) -> str:
    owner, branch = _table(_table(run, "head_repository"), "owner").get("login"), run.get("head_branch")
    return f"{owner}:{branch}" if run.get("event") == "pull_request" and owner and branch else ""


def _base(base: Mapping[str, Any]) -> tuple[str, ...]:
    branch = base.get("ref")
    return tuple(str(name) for name in (base.get("sha"), branch and f"origin/{branch}") if name)


def _number(pull: dict[str, Any], event: dict[str, Any], ref: str) -> int:
    issue = _table(event, "issue")
    if not pull and issue.get("pull_request"):
        pull = issue
    number = pull.get("number")
    if isinstance(number, int):
        return number
    match = re.fullmatch(r"refs/pull/(\d+)/(?:merge|head)", ref)
    return int(match[1]) if match else 0


def command(name: str, message: str = "", **properties: object) -> str:
    """A workflow command, escaped: one line that the runner understands on stdout."""
    told = ",".join(f"{key}={_escaped(str(value), more=':,')}" for key, value in properties.items() if value not in {"", None})
    return f"::{name}{' ' + told if told else ''}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def plain(text: str) -> Iterator[str]:
    """The lines of a text that the runner must show and not obey."""
    word = secrets.token_hex(16)
    yield command("stop-commands", word)
    yield from text.splitlines()
    yield f"::{word}::"


def first_of_each_level(levels: Iterable[str]) -> Iterator[bool]:
    """For each annotation, whether the runner would still show it."""
    seen: dict[str, int] = {}
    for level in levels:
        seen[level] = seen.get(level, 0) + 1
        yield seen[level] <= ANNOTATIONS_A_LEVEL


def write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Set the step's outputs; nothing where there is no file for them."""
    _write_named(environ.get("GITHUB_OUTPUT", ""), outputs)


def write_variables(environ: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Set variables for the steps that follow; nothing where there is no file for them."""
    _write_named(environ.get("GITHUB_ENV", ""), variables)


def _write_named(path: str, values: Mapping[str, str]) -> None:
    if not path:
        return
    with Path(path).open("a", encoding="utf-8") as file:
        for name, value in values.items():
            end = f"end-{secrets.token_hex(16)}"
            file.write(f"{name}<<{end}\n{value}\n{end}\n")


def write_summary(environ: Mapping[str, str], text: str) -> None:
    """Add to the job summary, at most as much as GitHub takes; nothing where there is no file for it."""
    path = environ.get("GITHUB_STEP_SUMMARY", "")
    if not path:
        return
    file = Path(path)
    room = SUMMARY_LIMIT_BYTES - (file.stat().st_size if file.exists() else 0)
    with file.open("ab") as stream:
        stream.write(_cut(text, room))


def _cut(text: str, room: int) -> bytes:
    data = text.encode("utf-8", "replace")
    if len(data) <= room:
        return data
    note = CUT_NOTE.encode()
    head = data[: max(0, room - len(note))]
    return head[: head.rfind(b"\n") + 1] + note if room >= len(note) else b""


def in_workspace(environ: Mapping[str, str], path: Path) -> str:
    """A path as later steps can use it: relative to the workspace, which is another folder inside the container than outside."""
    workspace = environ.get("GITHUB_WORKSPACE", "")
    whole = path.resolve()
    if workspace and whole.is_relative_to(Path(workspace).resolve()):
        return os.path.relpath(whole, Path(workspace).resolve())
    return str(path)
