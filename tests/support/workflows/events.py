"""Events as GitHub sends them, cut to what is read of them."""

from typing import Any, NamedTuple

from tests.support.github import HEAD

RUN_BEFORE = 4711
SHOP = {"id": 1, "full_name": "acme/shop"}


class Event(NamedTuple):
    """Its name, and what comes with it."""

    name: str
    payload: dict[str, Any]


def pull_request(*, fork: bool) -> Event:
    """Pull request 7 of acme/shop, from a branch of its own or from ann's fork."""
    base = {"sha": "b" * 40, "ref": "main", "repo": SHOP}
    head = {"sha": HEAD, "ref": "mend-it", "repo": {"id": 2, "full_name": "ann/shop"} if fork else SHOP}
    pull = {"number": 7, "head": head, "base": base}
    return Event("pull_request", {"action": "opened", "number": 7, "pull_request": pull, "repository": SHOP})


def workflow_run(name: str = "flake-hunt") -> Event:
    """The workflow of that name is over on the fork's pull request; which pull request it was, GitHub does not say."""
    run = {
        "id": RUN_BEFORE,
        "name": name,
        "event": "pull_request",
        "conclusion": "success",
        "head_branch": "mend-it",
        "head_sha": HEAD,
        "head_repository": {"full_name": "ann/shop", "owner": {"login": "ann"}},
        "pull_requests": [],
    }
    return Event("workflow_run", {"action": "completed", "workflow_run": run, "repository": SHOP})


def schedule() -> Event:
    """It is night."""
    return Event("schedule", {"schedule": "17 3 * * *", "repository": SHOP})


def dispatch(**inputs: str) -> Event:
    """Somebody presses the button."""
    return Event("workflow_dispatch", {"inputs": inputs, "repository": SHOP})


def comment(number: int, author: str, body: str) -> Event:
    """Somebody comments on pull request 7, of which this event tells nothing but the number."""
    said = {"id": number, "body": body, "created_at": "2026-01-01T00:00:00Z", "user": {"login": author, "type": "User"}}
    issue = {"number": 7, "pull_request": {"url": "https://api.github.com/repos/acme/shop/pulls/7"}}
    return Event("issue_comment", {"action": "created", "issue": issue, "comment": said, "repository": SHOP})
