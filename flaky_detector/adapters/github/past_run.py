"""A workflow run that is over: the log of each of its jobs, and its artifacts, in folders.

Owns which jobs and artifacts there are and what lies where; a name that GitHub tells becomes a folder's name only after it was cleaned.
What cannot be had is a Gap, and the rest still counts. Must not read reports: of a log only the lines are looked at in which
`actions/upload-artifact` says what it made, since GitHub itself does not tell which job left an artifact.

    FOLDER/test (3.11)/log.txt                    job's log
    FOLDER/test (3.11)/1001-junit-3.11.zip        that job's log says `Artifact ID is 1001`
    FOLDER/test (3.11), attempt 2/log.txt         it was run again
    FOLDER/1002-junit-all.zip                     nobody says who uploaded it
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
from github import Github
from github.Artifact import Artifact
from github.PaginatedList import PaginatedList
from github.WorkflowJob import WorkflowJob

from flaky_detector.adapters.github.artifacts import LARGEST_BYTES, artifacts_of_run, bounded, save_artifact
from flaky_detector.adapters.github.connection import Patience, Target, Waiting, connected
from flaky_detector.adapters.github.store import MIB, Bounds, address_of, copy_from_store
from flaky_detector.errors import GitHubError, NothingLeft
from flaky_detector.model import Gap

LARGEST_LOG_BYTES = 2048 * MIB
LOGS_IN_ALL_BYTES = 4096 * MIB
MOST_JOBS = 1000
LOG = "log.txt"
LONGEST_LINE = 2000
UPLOADED = re.compile(rb"Artifact ID (?:is )?(\d{1,19})\b|Artifact download URL: [^\s]{1,300}/artifacts/(\d{1,19})\b")
NO_LOG = frozenset(("skipped",))
BAD = frozenset(("failure", "timed_out", "cancelled"))
GONE = {
    403: "the token may not read it: give the job `permissions: actions: read`, or a token that may",
    404: "it is not there: the job has written none, or it was deleted",
    410: "it has expired",
}


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """Which run is meant. Of `attempt` and `job` 0 stands for all of them."""

    run_id: int
    attempt: int = 0
    job: int = 0


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What was had of a run: the folders of its jobs, by name, and what is missing."""

    jobs: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()


def fetch_run(target: Target, past: Past, folder: Path, seconds: float, sleep: Callable[[float], None] = time.sleep) -> Fetched:
    """Logs and artifacts of a run, in `folder`, as much as can be had in so many seconds.

    Raises:
        GitHubError: GitHub refused or could not be reached, or nothing is left of the run.
    """
    patience = Patience()
    with connected(target, patience) as client:
        return _Fetch(client, target, past, folder).all(Waiting(target, patience, sleep), time.monotonic() + seconds)


class _Fetch:
    """One run on its way here."""

    def __init__(self, client: Github, target: Target, past: Past, folder: Path) -> None:
        self._client = client
        self._repository = target.repository
        self._past = past
        self._folder = folder
        self._gaps: list[Gap] = []
        self._names: dict[int, str] = {}
        self._uploaded: dict[int, list[str]] = {}

    def all(self, waiting: Waiting, deadline: float) -> Fetched:
        run = self._past.run_id
        jobs = waiting.until_answered(f"list the jobs of run {run}", self._jobs)
        artifacts = self._listed(waiting)
        self._logs(jobs, waiting, deadline)
        self._archives(artifacts, waiting, deadline)
        if not any(path.is_file() for path in self._folder.rglob("*")):
            reasons = "; ".join(f"{gap.source}: {gap.text}" for gap in self._gaps[:3]) or "they expire; is it the run's id?"
            raise NothingLeft(f"run {run} of {self._repository} has neither logs nor artifacts to analyse", reasons)
        return Fetched(jobs=tuple(self._names.values()), gaps=_together(self._gaps))

    def _gap(self, source: str, text: str) -> None:
        self._gaps.append(Gap(source, text))

    # Jobs and their logs.

    def _jobs(self) -> list[WorkflowJob]:
        """Those that failed first: where there is no time for all, their logs are the ones that matter."""
        run = f"/repos/{self._repository}/actions/runs/{self._past.run_id}"
        url = f"{run}/attempts/{self._past.attempt}/jobs" if self._past.attempt else f"{run}/jobs"
        query = {} if self._past.attempt else {"filter": "all"}
        listed = list(PaginatedList(WorkflowJob, self._client.requester, url, query, list_item="jobs"))
        wanted = [job for job in listed if self._past.job in {0, job.id}]
        if self._past.job and not wanted:
            self._gap(f"job {self._past.job}", f"run {self._past.run_id} has no such job")
        return sorted(wanted, key=lambda job: job.conclusion not in BAD)

    def _logs(self, jobs: Sequence[WorkflowJob], waiting: Waiting, deadline: float) -> None:
        room = LOGS_IN_ALL_BYTES
        for number, job in enumerate(jobs):
            if number >= MOST_JOBS or room <= 0 or time.monotonic() > deadline:
                self._gap(
                    "logs", f"{len(jobs) - number} of {len(jobs)} jobs were too much, or too late, for this time: their logs were not read"
                )
                return
            if job.conclusion in NO_LOG:
                continue
            bounds = Bounds(most_bytes=min(LARGEST_LOG_BYTES, room), deadline=deadline)
            path = self._place_of(job) / LOG
            self._log(job, path, bounds, waiting)
            room -= self._taken(path)

    def _log(self, job: WorkflowJob, path: Path, bounds: Bounds, waiting: Waiting) -> None:
        name = f"log of {path.parent.name}"
        if job.status != "completed":
            self._gap(name, "the job is still running: its log is not there yet")
            return
        address = f"/repos/{self._repository}/actions/jobs/{job.id}/logs"
        try:
            why_cut = waiting.until_answered(f"read the {name}", lambda: copy_from_store(address_of(self._client, address), path, bounds))
        except GitHubError as trouble:
            self._gap(name, GONE.get(trouble.status, trouble.message) + (PART if path.is_file() else ""))
        else:
            if why_cut:
                self._gap(name, why_cut + PART)

    def _taken(self, path: Path) -> int:
        """The size of a log; what it says of artifacts is kept. A folder without a log goes."""
        if not path.is_file() or not path.stat().st_size:
            path.unlink(missing_ok=True)
            return 0
        for number in _uploaded(path):
            self._uploaded.setdefault(number, []).append(path.parent.name)
        return path.stat().st_size

    def _place_of(self, job: WorkflowJob) -> Path:
        base = re.sub(r"[^A-Za-z0-9_ .,()=+@-]", "_", job.name or "")[:80].strip(" .") or "job"
        name = base if (job.run_attempt or 1) == 1 else f"{base}, attempt {job.run_attempt}"
        if name.casefold() in {other.casefold() for other in self._names.values()}:
            name = f"{name} {job.id}"
        self._names[job.id] = name
        place = self._folder / name
        place.mkdir(parents=True)
        return place

    # Artifacts.

    def _listed(self, waiting: Waiting) -> list[Artifact]:
        ask = partial(artifacts_of_run, self._client, self._repository, self._past.run_id)
        try:
            return waiting.until_answered(f"list the artifacts of run {self._past.run_id}", ask)
        except GitHubError as trouble:
            self._gap("artifacts", GONE.get(trouble.status, trouble.message))
            return []

    def _archives(self, artifacts: Sequence[Artifact], waiting: Waiting, deadline: float) -> None:
        """Those of the jobs that are wanted, each in the folder of its job where that is known."""
        lasting = [each for each in artifacts if not each.expired]
        mine = [each for each in lasting if self._owner(each)] if self._past.attempt or self._past.job else lasting
        wanted = bounded(mine)
        told = Counter(
            {
                "have expired": len(artifacts) - len(lasting),
                "are of other jobs, or of nobody knows which: no log that was read tells of their upload": len(lasting) - len(mine),
                "are too large": len(mine) - len(wanted),
            }
        )
        for why, count in (+told).items():
            self._gap("artifacts", f"{count} of {len(artifacts)} {why}")
        for each in wanted:
            self._archive(each, waiting, deadline)

    def _archive(self, artifact: Artifact, waiting: Waiting, deadline: float) -> None:
        name = f"artifact {artifact.name}"
        if time.monotonic() > deadline:
            self._gap(name, "there was no time for it")
            return
        place = self._folder / self._owner(artifact)
        place.mkdir(parents=True, exist_ok=True)
        bounds = Bounds(most_bytes=LARGEST_BYTES, deadline=deadline)
        try:
            waiting.until_answered(f"download the {name}", partial(save_artifact, self._client, artifact, place, bounds))
        except GitHubError as trouble:
            self._gap(name, GONE.get(trouble.status, trouble.message))

    def _owner(self, artifact: Artifact) -> str:
        """The folder of the job that uploaded it; "" where none says so, or several do."""
        jobs = set(self._uploaded.get(artifact.id, ()))
        return next(iter(jobs)) if len(jobs) == 1 else ""


PART = "; what came of it is read"


def _together(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """One gap where many say the same: all logs of a run expire on one day."""
    sources: dict[str, list[str]] = {}
    for gap in gaps:
        sources.setdefault(gap.text, []).append(gap.source)
    return tuple(Gap(names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""), text) for text, names in sources.items())


def _uploaded(log: Path) -> set[int]:
    """Ids of artifacts whose upload the log tells."""
    with log.open("rb") as file:
        lines = iter(partial(file.readline, LONGEST_LINE), b"")
        return {int(found[1] or found[2]) for line in lines if b"Artifact" in line and (found := UPLOADED.search(line))}
