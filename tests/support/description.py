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
    """Checks exchanges. Requests are closed: GitHub ignores what it does not know in a query or a body, a test wants to hear of it."""

    def __init__(self) -> None:
        self.document = json.loads(gzip.decompress(FILE.read_bytes()))
        for operations in self.document["paths"].values():
            for operation in operations.values():
                _close(operation)
        _mend_conclusion(self.document)
        self._api = OpenAPI.from_dict(self.document)

    def example(self, name: str) -> dict[str, Any]:
        """A fresh copy of one of GitHub's own example responses."""
        return json.loads(json.dumps(self.document["components"]["examples"][name]["value"]))

    def knows(self, template: str, method: str, status: int) -> bool:
        """Whether the description tells of such an answer."""
        return str(status) in self.document["paths"][template][method.lower()]["responses"]

    def request_trouble(self, asked: Asked, template: str) -> str:
        """What is wrong with a request to the operation of that path, or nothing."""
        if unknown := set(asked.parameters.query) - self._parameters(template, asked.method):
            return f"request {asked.method} {asked.path}: the query holds {', '.join(sorted(unknown))}, which GitHub does not know"
        try:
            self._api.validate_request(asked)
        except OpenAPIError as error:
            return f"request {asked.method} {asked.path}: {_reasons(error)}"
        return ""

    def _parameters(self, template: str, method: str) -> set[str]:
        item = self.document["paths"][template]
        listed = [*item.get("parameters", []), *item[method].get("parameters", [])]
        known = self.document["components"].get("parameters", {})
        whole = [known[each["$ref"].rsplit("/", 1)[1]] if "$ref" in each else each for each in listed]
        return {each["name"] for each in whole if each["in"] == "query"}

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


def _mend_conclusion(document: dict[str, Any]) -> None:
    """A job that is still running has the conclusion null: the description calls that allowed, and leaves it out of the list of words."""
    conclusion = document["components"]["schemas"]["job"]["properties"]["conclusion"]
    assert conclusion["nullable"]
    conclusion["enum"].append(None)


def _close(operation: Any) -> None:
    if isinstance(operation, dict):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            _close_schema(media["schema"])


def _close_schema(schema: dict[str, Any]) -> None:
    """Members that a schema does not name are refused, in objects within objects too; a reference stays open, for answers share it."""
    ways = [way for key in ("oneOf", "anyOf", "allOf") for way in schema.get(key, [])]
    if schema.get("properties") and not any(way.get("properties") for way in ways):
        schema.setdefault("additionalProperties", False)
    inner = [*ways, *schema.get("properties", {}).values(), *([schema["items"]] if "items" in schema else [])]
    for each in inner:
        if "$ref" not in each:
            _close_schema(each)


def _reasons(error: BaseException) -> str:
    told = [f"{type(error).__name__}: {error}"[:300]]
    cause = error.__cause__
    while cause is not None:
        schema_errors = getattr(cause, "schema_errors", None) or ()
        told += [f"{'/'.join(map(str, each.absolute_path)) or '.'}: {each.message[:200]}" for each in schema_errors]
        cause = cause.__cause__
    return "; ".join(told)
