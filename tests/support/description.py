"""GitHub's own word on what a request and a response look like.

Owns the check of one exchange against the cut of GitHub's OpenAPI description beside this file (its licence too). Must not know what
the GitHub on loopback does with a request.
"""

import functools
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

FILE = Path(__file__).with_name("github_description.json.gz")


class Asked:
    """A request, in the form that openapi-core reads."""

    def __init__(self, method: str, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str], body: bytes) -> None:
        self.host_url = "http://localhost"
        self.method = method.lower()
        self.path = path
        self.body = body or None
        self.content_type = headers.get("Content-Type", "application/json").split(";")[0]
        pairs = [(name, value) for name, values in query.items() for value in values]
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(pairs), header=Headers(list(headers.items())), cookie=ImmutableMultiDict(), path={}
        )


class Answered:
    """A response, in the form that openapi-core reads."""

    def __init__(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.data = data
        self.headers = Headers(list(headers.items()))
        self.content_type = "application/json"


class Description:
    """Checks exchanges. Request bodies are closed: GitHub ignores members that it does not know, a test wants to hear of them."""

    def __init__(self) -> None:
        self.document = json.loads(gzip.decompress(FILE.read_bytes()))
        for operations in self.document["paths"].values():
            for operation in operations.values():
                _close(operation)
        self._api = OpenAPI.from_dict(self.document)

    def example(self, name: str) -> dict[str, Any]:
        """A fresh copy of one of GitHub's own example responses."""
        return json.loads(json.dumps(self.document["components"]["examples"][name]["value"]))

    def knows(self, template: str, method: str, status: int) -> bool:
        """Whether the description tells of such an answer."""
        return str(status) in self.document["paths"][template][method.lower()]["responses"]

    def request_trouble(self, asked: Asked) -> str:
        """What is wrong with a request, or nothing."""
        try:
            self._api.validate_request(asked)
        except OpenAPIError as error:
            return f"request {asked.method} {asked.path}: {_reasons(error)}"
        return ""

    def response_trouble(self, asked: Asked, answered: Answered) -> str:
        """What is wrong with a response, or nothing."""
        try:
            self._api.validate_response(asked, answered)
        except OpenAPIError as error:
            return f"response {answered.status_code} to {asked.method} {asked.path}: {_reasons(error)}"
        return ""


@functools.cache
def description() -> Description:
    """The description, read once a process: reading takes longer than a test."""
    return Description()


def _close(operation: Any) -> None:
    if isinstance(operation, dict):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            schema = media["schema"]
            if schema.get("type") == "object" and not {"oneOf", "anyOf"} & set(schema):
                schema.setdefault("additionalProperties", False)


def _reasons(error: BaseException) -> str:
    told = [f"{type(error).__name__}: {error}"[:300]]
    cause = error.__cause__
    while cause is not None:
        schema_errors = getattr(cause, "schema_errors", None) or ()
        told += [f"{'/'.join(map(str, each.absolute_path)) or '.'}: {each.message[:200]}" for each in schema_errors]
        cause = cause.__cause__
    return "; ".join(told)
