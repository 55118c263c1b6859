"""What a workflow run left on GitHub.

Owns the download. An artifact may come from anybody's fork: no name in it becomes a path, and what is too large is left where it is.
"""

import http.client
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from github import Github, GithubException
from github.Artifact import Artifact

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.errors import NothingLeft

MIB = 1024 * 1024
LARGEST_BYTES = 512 * MIB
LARGEST_IN_ALL_BYTES = 2048 * MIB
MOST_ARTIFACTS = 1000
CHUNK_BYTES = MIB


def download_artifacts(target: Target, run_id: int, folder: Path, sleep: Callable[[float], None] = time.sleep) -> tuple[Path, ...]:
    """The zips of all artifacts of a run, in `folder`.

    Raises:
        GitHubError: GitHub refused or could not be reached, or the run has no artifact that still can be had.
    """
    patience = Patience()
    waiting = Waiting(target, patience, sleep)
    folder.mkdir(parents=True, exist_ok=True)
    with connected(target, patience) as client:
        found = waiting.until_answered(f"list the artifacts of run {run_id}", lambda: _of_run(client, target.repository, run_id))
        usable = _bounded([each for each in found if not each.expired])
        if not usable:
            raise NothingLeft(f"run {run_id} of {target.repository} has no artifacts to analyse", "they expire; is it the run's id?")
        return tuple(
            waiting.until_answered(f"download {each.name!r}", partial(_download, client, each, folder, patience.timeout_seconds))
            for each in usable
        )


def _bounded(artifacts: list[Artifact]) -> list[Artifact]:
    """Those that are not too large, as many as are not too much together."""
    taken: list[Artifact] = []
    for each in artifacts[:MOST_ARTIFACTS]:
        if each.size_in_bytes <= min(LARGEST_BYTES, LARGEST_IN_ALL_BYTES - sum(other.size_in_bytes for other in taken)):
            taken.append(each)
    return taken


def _of_run(client: Github, repository: str, run_id: int) -> list[Artifact]:
    return list(client.get_repo(repository).get_workflow_run(run_id).get_artifacts())


def _download(client: Github, artifact: Artifact, folder: Path, timeout_seconds: int) -> Path:
    """GitHub answers with the address of a store, which is asked without the token. PyGithub would refuse the store's host."""
    path = folder / f"{artifact.id}-{re.sub(r'[^A-Za-z0-9_.-]', '_', artifact.name)[:80]}.zip"
    code, headers, _ = client.requester.requestJson("GET", artifact.archive_download_url)
    address = str(headers.get("location", ""))
    if code != 302 or not address.startswith(("https://", "http://")):
        raise GithubException(code, None, headers, "no address of an archive")
    try:
        with urllib.request.urlopen(address, timeout=timeout_seconds) as answer, path.open("wb") as file:  # noqa: S310 -- the scheme is checked
            _copy(answer, file)
    except urllib.error.HTTPError as error:
        error.close()
        raise GithubException(error.code, None, dict(error.headers), "the store of artifacts refuses") from None
    return path


def _copy(answer: http.client.HTTPResponse, file: BinaryIO) -> None:
    """At most what is allowed, whatever the list said of the size; and all of it: http.client tells nobody when a body ends too early."""
    told, size = answer.headers.get("Content-Length", ""), 0
    while chunk := answer.read(CHUNK_BYTES):
        size += len(chunk)
        if size > LARGEST_BYTES:
            raise GithubException(413, {"message": f"it is larger than {LARGEST_BYTES // MIB} MiB"}, {}, "too large")
        file.write(chunk)
    if told.isdecimal() and size != int(told):
        raise ConnectionError(f"{size} of {told} bytes")
