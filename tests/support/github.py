"""A GitHub on loopback: keeps comments, pull requests and issues, and holds every exchange against GitHub's own description.

    with FakeGitHub() as github:
        github.fail("POST", 502, route=COMMENTS, carried_out=True)
        ...  # talk to github.url
    assert github.violations == []

Owns the server, authors' tokens and failures on demand. A request that the description does not allow is answered with 418 (which nobody
retries) and kept in `violations`, and so is an answer of its own that the description does not know. What it keeps is in `github_state`,
what it can do in `github_operations`.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.description import Answered, Asked, description
from tests.support.github_operations import (
    ARCHIVE,
    COMMENT,
    COMMENTS,
    COMPARE,
    ISSUE,
    ISSUES,
    JOB_LOG,
    JOBS,
    NO_PERMISSION,
    OPERATIONS,
    PERMISSION,
    PULL,
    REACTIONS,
    RUN,
)
from tests.support.github_state import BOT, GHOST, HEAD, State, Stored
from tests.support.github_wire import Call, Reply, Trouble, Troubles, error, pattern

__all__ = [
    "ARCHIVE",
    "BOT",
    "COMMENT",
    "COMMENTS",
    "COMPARE",
    "GHOST",
    "HEAD",
    "ISSUE",
    "ISSUES",
    "JOBS",
    "JOB_LOG",
    "NO_PERMISSION",
    "PERMISSION",
    "PULL",
    "REACTIONS",
    "RUN",
    "STORE",
    "TOKEN",
    "FakeGitHub",
]

TOKEN = "ghs_0123456789abcdefghijklmnopqrstuvwxyz"
STORE = "/store/{number}"
"""Where archives lie: another host's, so no operation of the API."""


class FakeGitHub(State):
    """One repository with one open pull request."""

    def __init__(self, *, login: str = "", prefix: str = "", pull_request: int = 7) -> None:
        """
        Args:
            login: whose token it is; "" is the workflow's own, which may not ask who it is.
            prefix: path before the API, `/api/v3` on GitHub Enterprise Server.
            pull_request: number of the open pull request.
        """
        super().__init__(login, pull_request)
        self.prefix = prefix
        self.store_saw: list[str] = []
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self._troubles = Troubles()
        self._may_write = True
        self._lock = threading.RLock()
        self._patterns = [(pattern(path), path) for path in description().document["paths"]]

    # What a test says and asks.

    def fail(self, method: str, code: int, message: str = "", *, times: int = 1, **more: Any) -> None:
        """The next `times` requests of that method fail so; `more` are fields of `Trouble`, such as the `route`."""
        for number in range(times):
            self._troubles.add(Trouble(method, code, message, **(more if number == 0 else {**more, "skip": 0})))

    def forbid_writing(self) -> None:
        """From now on this token may only read, as on a fork's pull request."""
        self._may_write = False

    def allow_writing(self) -> None:
        """From now on it may write, as the token of the base repository."""
        self._may_write = True

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

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One exchange."""
        with self._lock:
            address = urlsplit(target)
            path = address.path.removeprefix(self.prefix)
            call = Call(method, path, parse_qs(address.query), json.loads(body) if body else None)
            reply = self._checked(call, headers, body) if address.path.startswith(self.prefix) else self._violation(f"{target}: wrong base")
            self.calls.append(Call(call.method, call.path, call.query, call.body, 0 if reply.hang_up else reply.code))
            return reply

    def fetch(self, path: str, authorization: str) -> tuple[Reply, Stored]:
        """What the store has under a path."""
        with self._lock:
            self.store_saw.append(authorization)
            trouble = self._troubles.meeting("GET", STORE)
            reply = trouble.reply(Reply(200, None)) if trouble else Reply(200, None)
            return reply, self.stored[path]

    def _checked(self, call: Call, headers: Mapping[str, str], body: bytes) -> Reply:
        if headers.get("Authorization") not in {f"token {TOKEN}", f"Bearer {TOKEN}"}:
            return Reply(401, error("Bad credentials"))
        found = [(fitting.match(call.path), path) for fitting, path in self._patterns]
        match, template = next(((match, path) for match, path in found if match and (call.method, path) in OPERATIONS), (None, ""))
        if match is None:
            return self._violation(f"{call.method} {call.path}: no such operation here")
        asked = Asked(call.method, call.path, call.query, headers, body)
        if trouble := description().request_trouble(asked, template):
            return self._violation(trouble)
        return self._work(call, template, {name: unquote(value) for name, value in match.groupdict().items()}, asked)

    def _work(self, call: Call, template: str, names: dict[str, str], asked: Asked) -> Reply:
        trouble = self._troubles.meeting(call.method, template)
        if trouble and trouble.code and not trouble.carried_out:
            return trouble.reply(Reply(trouble.code, None))
        if call.method != "GET" and not self._may_write:
            reply = Reply(403, error(NO_PERMISSION))
        else:
            reply = OPERATIONS[call.method, template](self, call, names)
        is_told = reply.code < 400 or description().knows(template, call.method, reply.code)  # refusals are told of some operations only
        if reply.document is not None and is_told:
            answered = Answered(reply.code, json.dumps(reply.document).encode(), reply.headers)
            if why := description().response_trouble(asked, answered):
                return self._violation(why)
        return trouble.reply(reply) if trouble else reply

    def _violation(self, text: str) -> Reply:
        self.violations.append(text)
        return Reply(418, error(text))


def _handler(github: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: else the second waits for the first one's acknowledgement, 40 ms

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

        def exchange(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path in github.stored:
                reply, data = github.fetch(self.path, str(self.headers.get("Authorization")))
                if callable(data):
                    self.give_piece_by_piece(data)
                else:
                    self.give(reply, data, "application/octet-stream")
                return
            reply = github.answer(self.command, self.path, dict(self.headers), body)
            data = b"" if reply.document is None else json.dumps(reply.document).encode()
            self.give(reply, data, "application/json; charset=utf-8")

        def give(self, reply: Reply, data: bytes, kind: str) -> None:
            time.sleep(reply.slow_seconds)
            self.close_connection = reply.hang_up or reply.cut
            if reply.hang_up:
                return
            self.send_response(reply.code)
            own = {"Content-Type": kind, "Content-Length": str(len(data))} if reply.code != 204 else {}
            for name, value in {**reply.headers, **own}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if reply.cut else data)

        def give_piece_by_piece(self, pieces: Callable[[], Iterator[bytes]]) -> None:
            self.close_connection = True
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in pieces():
                self.wfile.write(piece)

        def handle(self) -> None:
            """A client that lost its patience is gone; that is no error of ours."""
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = exchange  # noqa: N815 -- the names that http.server calls

    return Handler
