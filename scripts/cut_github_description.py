"""Cuts GitHub's own OpenAPI description down to the operations that we use, for the GitHub on loopback of the tests.

    npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz
    python scripts/cut_github_description.py package/generated/api.github.com.json

Owns the list of operations. The cut keeps schemas and examples as they are; it only leaves things out.
"""

import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CUT = Path(__file__).parents[1] / "tests" / "support" / "github_description.json.gz"
REPOSITORY = "/repos/{owner}/{repo}"
OPERATIONS = {
    "/user": ["get"],
    "/rate_limit": ["get"],
    REPOSITORY: ["get"],
    REPOSITORY + "/pulls": ["get"],
    REPOSITORY + "/pulls/{pull_number}": ["get"],
    REPOSITORY + "/commits/{commit_sha}/pulls": ["get"],
    REPOSITORY + "/compare/{basehead}": ["get"],
    REPOSITORY + "/issues": ["get", "post"],
    REPOSITORY + "/issues/{issue_number}": ["get", "patch"],
    REPOSITORY + "/issues/{issue_number}/comments": ["get", "post"],
    REPOSITORY + "/issues/{issue_number}/labels": ["get", "post", "put"],
    REPOSITORY + "/issues/{issue_number}/labels/{name}": ["delete"],
    REPOSITORY + "/issues/comments/{comment_id}": ["get", "patch", "delete"],
    REPOSITORY + "/issues/comments/{comment_id}/reactions": ["get", "post"],
    REPOSITORY + "/labels": ["get", "post"],
    REPOSITORY + "/labels/{name}": ["get", "patch"],
    REPOSITORY + "/collaborators/{username}/permission": ["get"],
    REPOSITORY + "/contents/{path}": ["get", "put"],
    REPOSITORY + "/git/ref/{ref}": ["get"],
    REPOSITORY + "/git/refs": ["post"],
    REPOSITORY + "/actions/artifacts": ["get"],
    REPOSITORY + "/actions/artifacts/{artifact_id}": ["get"],
    REPOSITORY + "/actions/artifacts/{artifact_id}/{archive_format}": ["get"],
    REPOSITORY + "/actions/jobs/{job_id}": ["get"],
    REPOSITORY + "/actions/jobs/{job_id}/logs": ["get"],
    REPOSITORY + "/actions/runs": ["get"],
    REPOSITORY + "/actions/runs/{run_id}": ["get"],
    REPOSITORY + "/actions/runs/{run_id}/artifacts": ["get"],
    REPOSITORY + "/actions/runs/{run_id}/attempts/{attempt_number}/jobs": ["get"],
    REPOSITORY + "/actions/runs/{run_id}/jobs": ["get"],
    REPOSITORY + "/actions/runs/{run_id}/logs": ["get"],
    REPOSITORY + "/actions/workflows/{workflow_id}": ["get"],
    REPOSITORY + "/actions/workflows/{workflow_id}/dispatches": ["post"],
    REPOSITORY + "/actions/workflows/{workflow_id}/runs": ["get"],
}


def references(node: Any) -> Iterator[str]:
    """Every `$ref` beneath a node."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def cut(description: dict[str, Any]) -> dict[str, Any]:
    """The chosen operations with every component that they reach."""
    paths = {
        path: {"parameters": description["paths"][path].get("parameters", [])}
        | {method: _operation(description["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    components: dict[str, dict[str, Any]] = {}
    waiting = sorted(set(references(paths)))
    while waiting:
        _, _, kind, name = waiting.pop().split("/", 3)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = description["components"][kind][name]
            waiting.extend(references(components[kind][name]))
    kept = {key: description[key] for key in ("openapi", "info")}
    return kept | {"servers": [{"url": "/"}], "paths": paths, "components": components}


def _operation(operation: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in operation.items() if not key.startswith("x-") and key != "description"}


def main() -> None:
    """Read the whole description, write the cut."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    small = json.dumps(cut(json.loads(Path(sys.argv[1]).read_bytes())), separators=(",", ":"), sort_keys=True)
    CUT.write_bytes(gzip.compress(small.encode(), mtime=0))
    print(f"{CUT}: {len(small)} characters, {CUT.stat().st_size} bytes packed")


if __name__ == "__main__":
    main()
