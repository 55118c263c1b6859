"""What the GitHub on loopback keeps, as GitHub shows it: one repository with its issues, comments, labels, reactions and artifacts.

Owns how a document is made: GitHub's own example with our values in it. Must not know requests.
"""

import io
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.description import description
from tests.support.github_wire import Call, Reply

HEAD = "5f0c1d2e3b4a59687786958473625140f1e2d3c4"
BOT = "github-actions[bot]"
GHOST = "ghost, whose account is gone"
"""As an author: GitHub then says that the user is null."""


Stored = bytes | Callable[[], Iterator[bytes]]
"""What the store has: bytes, or what makes them while they are sent, so that nobody tells how many there will be."""


class State:
    """One repository, acme/shop, with one open pull request."""

    url = ""
    largest_page = 100
    """Of any list; a test may make it smaller, to have many pages of few things."""

    def __init__(self, login: str, pull_request: int) -> None:
        self.login = login
        self.pull_request = pull_request
        self.pull_state = "open"
        self.head_sha = HEAD
        self.head = "ann:mend-it"
        self.head_pushed_at = "2024-01-01T00:00:00Z"
        self.merge_base = "0a" * 20
        self.ahead_by = 3
        self.permissions: dict[str, str] = {}
        self.comments: dict[int, dict[str, Any]] = {}
        self.issues: dict[int, dict[str, Any]] = {}
        self.labels: dict[str, dict[str, Any]] = {}
        self.reactions: list[tuple[int, str, str]] = []
        self.artifacts: dict[int, dict[str, Any]] = {}
        self.jobs: dict[int, dict[str, Any]] = {}
        self.expired: set[int] = set()
        self.stored: dict[str, Stored] = {}
        self._number = 1000

    @property
    def me(self) -> str:
        """Who writes with this token."""
        return self.login or BOT

    def next_number(self) -> int:
        """A number that nothing has yet."""
        self._number += 1
        return self._number

    # What a test puts there.

    def add_comment(self, author: str, body: str, number: int = 0) -> int:
        """Somebody comments, on the pull request where no other number is given."""
        return self.make_comment(number or self.pull_request, author, body)["id"]

    def add_issue(self, author: str, body: str, labels: list[str]) -> int:
        """Somebody opens an issue."""
        return self.make_issue(author, "by hand", body, labels)["number"]

    def add_artifact(self, run_id: int, name: str, files: Mapping[str, str | bytes], *, expired: bool = False) -> int:
        """A run leaves an artifact; it is kept in a store under another host name, as GitHub does."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        return self.add_archive(run_id, name, packed.getvalue(), expired=expired)

    def add_archive(self, run_id: int, name: str, data: bytes, *, expired: bool = False, size_told: int = -1) -> int:
        """The same with any bytes for its zip; `size_told` is the size that the API tells, where it is not the true one."""
        number = self.next_number()
        artifact = description().example("artifact-paginated")["artifacts"][0]
        artifact |= {"id": number, "name": name, "size_in_bytes": len(data) if size_told < 0 else size_told, "expired": expired}
        artifact["workflow_run"]["id"] = run_id
        artifact["archive_download_url"] = f"{self.url}/repos/acme/shop/actions/artifacts/{number}/zip"
        self.artifacts[number] = artifact
        self.stored[f"/store/{number}"] = data
        return number

    def add_job(self, run_id: int, name: str, log: "Stored | None", *, attempt: int = 1, conclusion: str | None = "success") -> int:
        """A run has a job; its log lies in the store, as soon as there is one. Without a conclusion it is still running."""
        number = self.next_number()
        job = description().example("job")
        job |= {"id": number, "run_id": run_id, "run_attempt": attempt, "name": name, "conclusion": conclusion}
        job["created_at"] = job["started_at"]  # the example lacks a member that the schema asks for
        job |= {"status": "completed" if conclusion else "in_progress", "completed_at": job["completed_at"] if conclusion else None}
        self.jobs[number] = job
        if log is not None:
            self.stored[f"/store/{number}"] = log
        return number

    def bodies(self) -> list[str]:
        """The comments that stand on the pull request."""
        return [comment["body"] for comment in self.comments_on(self.pull_request)]

    # What the operations make of it.

    def comments_on(self, number: int) -> list[dict[str, Any]]:
        """The comments of an issue or a pull request, oldest first."""
        return [comment for comment in self.comments.values() if comment["issue_url"].endswith(f"/issues/{number}")]

    def has_conversation(self, number: int) -> bool:
        """Whether something can be commented on by that number."""
        return number == self.pull_request or number in self.issues

    def make_comment(self, number: int, author: str, body: str) -> dict[str, Any]:
        """A comment, kept."""
        made = self.next_number()
        comment = description().example("issue-comment")
        here = f"{self.url}/repos/acme/shop/issues"
        comment["user"] = _user(comment["user"], author)
        comment |= {"id": made, "body": body, "created_at": now(), "updated_at": now()}
        comment |= {"url": f"{here}/comments/{made}", "issue_url": f"{here}/{number}"}
        comment["html_url"] = f"https://github.com/acme/shop/pull/{number}#issuecomment-{made}"
        self.comments[made] = comment
        return comment

    def make_issue(self, author: str, title: str, body: str | None, labels: list[str]) -> dict[str, Any]:
        """An issue, kept; labels that are not there yet are made, as GitHub does."""
        number = self.next_number()
        issue = description().example("issue-items")[0]
        for left_out in ("pull_request", "state_reason"):
            issue.pop(left_out, None)
        issue["user"] = _user(issue["user"], author)
        issue |= {"number": number, "title": title, "body": body, "state": "open"}
        issue |= {"labels": [self.label(name) for name in labels], "created_at": now(), "updated_at": now(), "closed_at": None}
        here = f"{self.url}/repos/acme/shop/issues/{number}"
        issue |= {"url": here, "comments_url": f"{here}/comments", "html_url": f"https://github.com/acme/shop/issues/{number}"}
        self.issues[number] = issue
        return issue

    def author(self, name: str) -> dict[str, Any]:
        """Somebody, as GitHub names the author of a thing."""
        return _user(description().example("issue-items")[0]["user"], name)

    def label(self, name: str, color: str = "ededed", text: str = "") -> dict[str, Any]:
        """The repository's label of that name; made where there is none."""
        document = description().example("label")
        return self.labels.setdefault(name, document | {"name": name, "color": color, "description": text, "default": False})

    def pull(self, document: dict[str, Any]) -> dict[str, Any]:
        """The pull request, from one of GitHub's examples."""
        document["requested_teams"] = []  # the example's own lack a member that the schema asks for
        document |= {"number": self.pull_request, "state": self.pull_state}
        document["head"]["sha"] = self.head_sha
        if document["head"].get("repo"):
            is_fork = not self.head.startswith("acme:")
            document["head"]["repo"] |= {"pushed_at": self.head_pushed_at, "id": document["base"]["repo"]["id"] + is_fork}
        return document


def page(state: State, call: Call, items: list[dict[str, Any]]) -> Reply:
    """One page of many, with the links to the others."""
    size = min(int(call.query.get("per_page", ["30"])[0]), state.largest_page)
    number = int(call.query.get("page", ["1"])[0])
    last = max(1, math.ceil(len(items) / size))
    where = {"prev": number - 1, "next": number + 1, "first": 1, "last": last}
    links = [f'<{state.url}{call.path}?per_page={size}&page={to}>; rel="{name}"' for name, to in where.items() if 1 <= to <= last]
    return Reply(200, items[(number - 1) * size : number * size], {"Link": ", ".join(links)} if last > 1 else {})


def now() -> str:
    """The time as GitHub writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _user(example: dict[str, Any], login: str) -> dict[str, Any] | None:
    return None if login == GHOST else example | {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}
