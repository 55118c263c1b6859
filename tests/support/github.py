"""A GitHub on loopback: keeps comments, pull requests and issues, and holds every exchange against GitHub's own description.

    with FakeGitHub() as github:
        ...  # talk to github.url
    assert github.violations == []

Owns state, authors, pages, permissions and failures on demand. A request that the description does not allow is answered with 418 (which
nobody retries) and kept in `violations`. `python -m tests.support.github STATE.json` serves one until it is terminated, for a container to
talk to.
"""

import io
import json
import math
import re
import threading
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.support.description import Answered, Asked, description

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
HEAD = "5f0c1d2e3b4a59687786958473625140f1e2d3c4"
BOT = "github-actions[bot]"
REPOSITORY = "/repos/{owner}/{repo}"
COMMENTS = REPOSITORY + "/issues/{issue_number}/comments"
COMMENT = REPOSITORY + "/issues/comments/{comment_id}"
ISSUES = REPOSITORY + "/issues"
ISSUE = REPOSITORY + "/issues/{issue_number}"
PULLS = REPOSITORY + "/pulls"
PULL = REPOSITORY + "/pulls/{pull_number}"
RUN = REPOSITORY + "/actions/runs/{run_id}"
ARTIFACTS = REPOSITORY + "/actions/runs/{run_id}/artifacts"
ARCHIVE = REPOSITORY + "/actions/artifacts/{artifact_id}/{archive_format}"
NO_PERMISSION = "Resource not accessible by integration"


@dataclass(frozen=True)
class Call:
    """One request as it came in, and the code that answered it."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Any
    code: int = 0


@dataclass
class Trouble:
    """A failure to answer with instead; `carried_out` does the work first and fails only then, as a proxy that gives up does."""

    method: str
    code: int
    message: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    carried_out: bool = False
    hang_up: bool = False


@dataclass(frozen=True)
class Reply:
    """What goes back."""

    code: int
    document: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeGitHub:
    """One repository with one open pull request."""

    def __init__(self, *, login: str = "", prefix: str = "", pull_request: int = 7) -> None:
        """
        Args:
            login: whose token it is; "" is the workflow's own, which may not ask who it is.
            prefix: path before the API, `/api/v3` on GitHub Enterprise Server.
            pull_request: number of the open pull request.
        """
        self.login = login
        self.prefix = prefix
        self.pull_request = pull_request
        self.head_sha = HEAD
        self.head = "ann:mend-it"
        self.comments: dict[int, dict[str, Any]] = {}
        self.issues: dict[int, dict[str, Any]] = {}
        self.artifacts: dict[int, dict[str, Any]] = {}
        self.stored: dict[str, bytes] = {}
        self.store_saw: list[str] = []
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.troubles: list[Trouble] = []
        self._number = 1000
        self._lock = threading.RLock()
        self._answers: dict[tuple[str, str], Callable[[Call, dict[str, str]], Reply]] = {
            ("GET", "/user"): self._user,
            ("GET", PULL): self._pull,
            ("GET", PULLS): self._list_pulls,
            ("GET", COMMENTS): self._list_comments,
            ("POST", COMMENTS): self._create_comment,
            ("GET", COMMENT): self._read_comment,
            ("PATCH", COMMENT): self._edit_comment,
            ("GET", ISSUES): self._list_issues,
            ("POST", ISSUES): self._create_issue,
            ("PATCH", ISSUE): self._edit_issue,
            ("GET", RUN): self._run,
            ("GET", ARTIFACTS): self._list_artifacts,
            ("GET", ARCHIVE): self._archive,
        }
        self._patterns = [(_pattern(path), path) for path in description().document["paths"]]

    # What a test says and asks.

    def add_comment(self, author: str, body: str) -> int:
        """Somebody comments on the pull request."""
        return self._comment(self.pull_request, author, body)["id"]

    def add_issue(self, author: str, body: str, labels: list[str]) -> int:
        """Somebody opens an issue."""
        return self._issue(author, "by hand", body, labels)["number"]

    def add_artifact(self, run_id: int, name: str, files: Mapping[str, str], *, expired: bool = False) -> None:
        """A run leaves an artifact; it is kept in a store under another host name, as GitHub does."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for path, text in files.items():
                archive.writestr(path, text)
        self._number += 1
        artifact = description().example("artifact-paginated")["artifacts"][0]
        artifact |= {"id": self._number, "name": name, "size_in_bytes": len(packed.getvalue()), "expired": expired}
        artifact["workflow_run"]["id"] = run_id
        artifact["archive_download_url"] = f"{self.url}/repos/acme/shop/actions/artifacts/{self._number}/zip"
        self.artifacts[self._number] = artifact
        self.stored[f"/store/{self._number}"] = packed.getvalue()

    def fail(self, method: str, code: int, message: str = "", *, times: int = 1, **more: Any) -> None:
        """The next `times` requests of that method fail so."""
        self.troubles += [Trouble(method, code, message, **more) for _ in range(times)]

    def forbid_writing(self) -> None:
        """From now on this token may only read, as on a fork's pull request."""
        for method, path in self._answers:
            if method != "GET":
                self._answers[method, path] = lambda _call, _names: Reply(403, _error(NO_PERMISSION))

    def bodies(self) -> list[str]:
        """The comments that stand on the pull request."""
        return [comment["body"] for comment in self.comments.values()]

    def methods(self) -> list[str]:
        """The requests so far, such as `POST comments 201`."""
        return [f"{call.method} {call.path.rsplit('/', 1)[1]} {call.code}" for call in self.calls]

    def writes(self) -> list[str]:
        """The requests so far that change something."""
        return [line for line in self.methods() if not line.startswith("GET")]

    # The server.

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{self.prefix}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply | None:
        """One exchange; None hangs up."""
        with self._lock:
            address = urlsplit(target)
            path = address.path.removeprefix(self.prefix)
            call = Call(method, path, parse_qs(address.query), json.loads(body) if body else None)
            reply = self._checked(call, headers, body) if address.path.startswith(self.prefix) else self._violation(f"{target}: wrong base")
            self.calls.append(Call(call.method, call.path, call.query, call.body, reply.code if reply else 0))
            return reply

    def _checked(self, call: Call, headers: Mapping[str, str], body: bytes) -> Reply | None:
        if headers.get("Authorization") not in {f"token {TOKEN}", f"Bearer {TOKEN}"}:
            return Reply(401, _error("Bad credentials"))
        found = [(pattern.match(call.path), path) for pattern, path in self._patterns]
        match, template = next(((match, path) for match, path in found if match), (None, ""))
        if match is None or (call.method, template) not in self._answers:
            return self._violation(f"{call.method} {call.path}: no such operation here")
        asked = Asked(call.method, call.path, call.query, headers, body)
        if trouble := description().request_trouble(asked):
            return self._violation(trouble)
        return self._work(call, template, match.groupdict(), asked)

    def _work(self, call: Call, template: str, names: dict[str, str], asked: Asked) -> Reply | None:
        trouble = next((each for each in self.troubles if each.method == call.method), None)
        if trouble:
            self.troubles.remove(trouble)
        if trouble and not trouble.carried_out:
            reply = Reply(trouble.code, _error(trouble.message), trouble.headers)
        else:
            reply = self._answers[call.method, template](call, names)
        if reply.document is not None and (not trouble or description().knows(template, call.method, reply.code)):
            answered = Answered(reply.code, json.dumps(reply.document).encode(), reply.headers)
            if why := description().response_trouble(asked, answered):
                return self._violation(why)
        if trouble:
            return None if trouble.hang_up else Reply(trouble.code, _error(trouble.message), trouble.headers)
        return reply

    def _violation(self, text: str) -> Reply:
        self.violations.append(text)
        return Reply(418, _error(text))

    # The operations.

    def _user(self, _call: Call, _names: dict[str, str]) -> Reply:
        if not self.login:
            return Reply(403, _error(NO_PERMISSION))
        document = description().example("private-user-response-with-public-and-private-profile-information")
        return Reply(200, document | {"login": self.login, "user_view_type": "private"})  # the example lacks the discriminator

    def _pull(self, _call: Call, names: dict[str, str]) -> Reply:
        if int(names["pull_number"]) != self.pull_request:
            return Reply(404, _error("Not Found"))
        document = description().example("pull-request")
        document["requested_teams"] = []  # the example's own lack a member that the schema asks for
        document["number"] = self.pull_request
        document["head"]["sha"] = self.head_sha
        return Reply(200, document)

    def _list_pulls(self, call: Call, _names: dict[str, str]) -> Reply:
        document = description().example("pull-request-simple-items")[0]
        document["requested_teams"] = []  # as above
        document["number"] = self.pull_request
        document["head"]["sha"] = self.head_sha
        return self._page(call, [document] if call.query.get("head") == [self.head] else [])

    def _list_comments(self, call: Call, names: dict[str, str]) -> Reply:
        end = f"/issues/{names['issue_number']}"
        return self._page(call, [comment for comment in self.comments.values() if comment["issue_url"].endswith(end)])

    def _create_comment(self, call: Call, names: dict[str, str]) -> Reply:
        if len(call.body["body"]) > 65536:
            return Reply(422, _error("Validation Failed") | {"errors": [{"code": "unprocessable", "message": "Body is too long"}]})
        comment = self._comment(int(names["issue_number"]), self.login or BOT, call.body["body"])
        return Reply(201, comment, {"Location": comment["url"]})

    def _read_comment(self, _call: Call, names: dict[str, str]) -> Reply:
        comment = self.comments.get(int(names["comment_id"]))
        return Reply(200, comment) if comment else Reply(404, _error("Not Found"))

    def _edit_comment(self, call: Call, names: dict[str, str]) -> Reply:
        comment = self.comments[int(names["comment_id"])]
        comment["body"] = call.body["body"]
        comment["updated_at"] = _now()
        return Reply(200, comment)

    def _list_issues(self, call: Call, _names: dict[str, str]) -> Reply:
        state, labels = call.query.get("state", ["open"])[0], {name for names in call.query.get("labels", []) for name in names.split(",")}
        found = [issue for issue in self.issues.values() if labels <= {label["name"] for label in issue["labels"]}]
        return self._page(call, [issue for issue in found if state in {"all", issue["state"]}])

    def _create_issue(self, call: Call, _names: dict[str, str]) -> Reply:
        return Reply(201, self._issue(self.login or BOT, call.body["title"], call.body.get("body"), call.body.get("labels", [])))

    def _issue(self, author: str, title: str, body: str, labels: list[str]) -> dict[str, Any]:
        self._number += 1
        issue = description().example("issue-items")[0]
        del issue["pull_request"]
        issue["user"] |= {"login": author, "type": "Bot" if author.endswith("[bot]") else "User"}
        issue["labels"] = [issue["labels"][0] | {"name": label} for label in labels]
        issue |= {"number": self._number, "title": title, "body": body, "state": "open"}
        issue |= {
            "url": f"{self.url}/repos/acme/shop/issues/{self._number}",
            "html_url": f"https://github.com/acme/shop/issues/{self._number}",
        }
        self.issues[self._number] = issue
        return issue

    def _edit_issue(self, call: Call, names: dict[str, str]) -> Reply:
        issue = self.issues[int(names["issue_number"])]
        issue.update({key: value for key, value in call.body.items() if key in {"title", "body", "state", "state_reason"}})
        return Reply(200, issue)

    def _run(self, _call: Call, names: dict[str, str]) -> Reply:
        here = f"{self.url}/repos/acme/shop/actions/runs/{names['run_id']}"
        document = description().example("workflow-run")
        return Reply(200, document | {"id": int(names["run_id"]), "url": here, "artifacts_url": f"{here}/artifacts"})

    def _list_artifacts(self, call: Call, names: dict[str, str]) -> Reply:
        items = [each for each in self.artifacts.values() if each["workflow_run"]["id"] == int(names["run_id"])]
        reply = self._page(call, items)
        return Reply(200, {"total_count": len(items), "artifacts": reply.document}, reply.headers)

    def _archive(self, _call: Call, names: dict[str, str]) -> Reply:
        port = self._server.server_address[1]
        return Reply(302, None, {"Location": f"http://localhost:{port}/store/{names['artifact_id']}"})

    def _comment(self, number: int, author: str, body: str) -> dict[str, Any]:
        self._number += 1
        comment = description().example("issue-comment")
        here = f"{self.url}/repos/acme/shop/issues"
        comment["user"] |= {"login": author, "type": "Bot" if author.endswith("[bot]") else "User"}
        comment |= {"id": self._number, "body": body, "created_at": _now(), "updated_at": _now()}
        comment |= {"url": f"{here}/comments/{self._number}", "issue_url": f"{here}/{number}"}
        comment["html_url"] = f"https://github.com/acme/shop/pull/{number}#issuecomment-{self._number}"
        self.comments[self._number] = comment
        return comment

    def _page(self, call: Call, items: list[dict[str, Any]]) -> Reply:
        size = min(int(call.query.get("per_page", ["30"])[0]), 100)
        page = int(call.query.get("page", ["1"])[0])
        last = max(1, math.ceil(len(items) / size))
        where = {"prev": page - 1, "next": page + 1, "first": 1, "last": last}
        links = [f'<{self.url}{call.path}?per_page={size}&page={to}>; rel="{name}"' for name, to in where.items() if 1 <= to <= last]
        return Reply(200, items[(page - 1) * size : page * size], {"Link": ", ".join(links)} if last > 1 else {})


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")


def _error(message: str) -> dict[str, Any]:
    return {"message": message, "documentation_url": "https://docs.github.com/rest"}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _handler(github: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def exchange(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path in github.stored:
                github.store_saw.append(str(self.headers.get("Authorization")))
                self.give(Reply(200, None), github.stored[self.path], "application/zip")
                return
            reply = github.answer(self.command, self.path, dict(self.headers), body)
            if reply is None:
                self.close_connection = True
                return
            data = b"" if reply.document is None else json.dumps(reply.document).encode()
            self.give(reply, data, "application/json; charset=utf-8")

        def give(self, reply: Reply, data: bytes, kind: str) -> None:
            self.send_response(reply.code)
            own = {"Content-Type": kind, "Content-Length": str(len(data))}
            for name, value in {**reply.headers, **own}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = exchange  # noqa: N815 -- the names that http.server calls

    return Handler
