"""What a workflow run left on GitHub.

Owns the download. An artifact may come from anybody's fork: no name in it becomes a path, and what is too large is left where it is.
"""

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from github import Github, GithubException
from github.Artifact import Artifact

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.adapters.github.store import MIB, Bounds, address_of, copy_from_store
from flaky_detector.errors import NothingLeft

LARGEST_BYTES = 512 * MIB
LARGEST_IN_ALL_BYTES = 2048 * MIB
MOST_ARTIFACTS = 1000


def download_artifacts(target: Target, run_id: int, folder: Path, sleep: Callable[[float], None] = time.sleep) -> tuple[Path, ...]:
    """The zips of all artifacts of a run, in `folder`.

    Raises:
        GitHubError: GitHub refused or could not be reached, or the run has no artifact that still can be had.
    """
    patience = Patience()
    waiting = Waiting(target, patience, sleep)
    folder.mkdir(parents=True, exist_ok=True)
    with connected(target, patience) as client:
        found = waiting.until_answered(f"list the artifacts of run {run_id}", lambda: artifacts_of_run(client, target.repository, run_id))
        usable = bounded([each for each in found if not each.expired])
        if not usable:
            raise NothingLeft(f"run {run_id} of {target.repository} has no artifacts to analyse", "they expire; is it the run's id?")
        bounds = Bounds(most_bytes=LARGEST_BYTES, timeout_seconds=patience.timeout_seconds)
        return tuple(
            waiting.until_answered(f"download {each.name!r}", partial(save_artifact, client, each, folder, bounds)) for each in usable
        )


def bounded(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Those that are not too large, as many as are not too much together."""
    taken: list[Artifact] = []
    for each in artifacts[:MOST_ARTIFACTS]:
        if each.size_in_bytes <= min(LARGEST_BYTES, LARGEST_IN_ALL_BYTES - sum(other.size_in_bytes for other in taken)):
            taken.append(each)
    return taken


def artifacts_of_run(client: Github, repository: str, run_id: int) -> list[Artifact]:
    """All that GitHub lists of the run, of all its attempts."""
    return list(client.get_repo(repository).get_workflow_run(run_id).get_artifacts())


def save_artifact(client: Github, artifact: Artifact, folder: Path, bounds: Bounds) -> Path:
    """The zip of one artifact, in `folder`.

    Raises:
        GithubException, OSError: it cannot be had whole.
    """
    path = folder / f"{artifact.id}-{re.sub(r'[^A-Za-z0-9_.-]', '_', artifact.name)[:80]}.zip"
    why_cut = "it did not arrive"
    try:
        why_cut = copy_from_store(address_of(client, artifact.archive_download_url), path, bounds)
    finally:
        if why_cut:
            path.unlink(missing_ok=True)  # half an archive is none
    if why_cut:
        raise GithubException(413, {"message": why_cut}, {}, "too large")
    return path
