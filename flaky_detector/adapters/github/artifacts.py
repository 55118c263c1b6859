"""What a workflow run left on GitHub.

Owns the download. An artifact may come from anybody's fork: no name in it becomes a path, and what is too large is left where it is.
"""

import contextlib
import re
import shutil
import time
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from github import Github, GithubException
from github.Artifact import Artifact

from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.errors import GitHubError

LARGEST_BYTES = 512 * 1024 * 1024
LARGEST_MEMBER_BYTES = 64 * 1024 * 1024


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


def member_of(archives: Iterable[Path], name: str, into: Path) -> Path:
    """The first member with that file name in any of the zips, written to `into`, a path of ours.

    Raises:
        GitHubError: there is none, it is too large, or no zip can be read.
    """
    for path in archives:
        with contextlib.suppress(zipfile.BadZipFile, zlib.error, RuntimeError, OSError), zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.filename.rsplit("/", 1)[-1] == name and member.file_size <= LARGEST_MEMBER_BYTES:
                    into.write_bytes(archive.read(member))
                    return into
    raise GitHubError(f"no artifact of that run holds a {name}", "upload the folder flaky-detector-report as an artifact")


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
