"""What a workflow run left on GitHub.

Owns the download. An artifact may come from anybody's fork: its name never becomes a path as it stands, its content is not looked at here,
and what is too large is left where it is.
"""

import re
import shutil
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path

from github import Github, GithubException
from github.Artifact import Artifact

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.errors import GitHubError

LARGEST_BYTES = 512 * 1024 * 1024


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
        usable = [each for each in found if not each.expired and each.size_in_bytes <= LARGEST_BYTES]
        if not usable:
            raise GitHubError(f"run {run_id} of {target.repository} has no artifacts to analyse", "they expire; is it the run's id?")
        return tuple(
            waiting.until_answered(f"download {each.name!r}", partial(_download, client, each, folder, patience.timeout_seconds))
            for each in usable
        )


def _of_run(client: Github, repository: str, run_id: int) -> list[Artifact]:
    return list(client.get_repo(repository).get_workflow_run(run_id).get_artifacts())


def _download(client: Github, artifact: Artifact, folder: Path, timeout_seconds: int) -> Path:
    """GitHub answers with the address of a store, which is asked without the token. PyGithub would refuse the store's host."""
    path = folder / f"{artifact.id}-{re.sub(r'[^A-Za-z0-9_.-]', '_', artifact.name)[:80]}.zip"
    code, headers, _ = client.requester.requestJson("GET", artifact.archive_download_url)
    address = str(headers.get("location", ""))
    if code != 302 or not address.startswith(("https://", "http://")):
        raise GithubException(code, None, headers, "no address of an archive")
    with urllib.request.urlopen(address, timeout=timeout_seconds) as answer, path.open("wb") as file:  # noqa: S310 -- the scheme is checked
        shutil.copyfileobj(answer, file)
    return path
