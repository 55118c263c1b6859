"""What is to be analysed: paths, and workflow runs of GitHub that are over, by id or address.

Owns which server a token may go to: the configured one and no other, whatever an address says. Must not read papers, nor talk to GitHub
itself.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from flaky_detector.adapters import artefacts, github
from flaky_detector.adapters.actions import whereabouts
from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import SettingsError
from flaky_detector.model import Gap
from flaky_detector.model.secret import Secret
from flaky_detector.stages.ingest import Bundle

GITHUB = "github.com"
ADDRESS = re.compile(r"https?://", re.IGNORECASE)
RUN = re.compile(r"/(?P<repository>[^/]+/[^/]+)/actions/runs/(?P<run>\d+)(?:/attempts/(?P<attempt>\d+))?(?:/jobs?/(?P<job>\d+))?(?:/.*)?")
REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
HOW = "https://github.com/OWNER/REPO/actions/runs/N, or with /attempts/A or /job/J behind it"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asked to be analysed. `repository` is that of the ids; "" for the one that this process runs in."""

    given: tuple[str, ...] = ()
    run_ids: tuple[int, ...] = ()
    repository: str = ""


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """The GitHub that is configured: its pages, its API, and the token that goes to that API alone; `variable` is where else one may be."""

    host: str
    api_url: str
    token: Secret
    variable: str = "GH_TOKEN"


@contextmanager
def gathered(subject: Subject, environ: Mapping[str, str], seconds: float, voice: Voice) -> Iterator[tuple[list[Bundle], list[Gap]]]:
    """The bundles of everything that was asked for, and what is missing. What was downloaded is gone afterwards.

    Raises:
        SettingsError: a path does not exist, an address is none of a run, or is on another server than the token.
        GitHubError: GitHub refused, could not be reached, or has nothing left of a run.
    """
    paths = [Path(each) for each in subject.given if not ADDRESS.match(each)]
    runs = _runs(subject, environ)
    if not paths and not runs:
        raise SettingsError("the following arguments are required: PATH, URL or --run-id N", f"a run's URL is {HOW}")
    with tempfile.TemporaryDirectory(prefix="flaky-detector-runs-") as name:
        folder = Path(name)
        places = [folder / f"{past.run_id}{f' ({number})' if number else ''}" for number, (_, past) in enumerate(runs)]
        fetched = [_fetch(*run, place, seconds / len(runs), voice) for run, place in zip(runs, places, strict=True)]
        bundles, gaps = artefacts.gather([*paths, *places])
        named = {f"{place.name}/{job}": job for place, one in zip(places, fetched, strict=True) for job in one.jobs}
        yield [_of_its_job(bundle, named) for bundle in bundles], [*(gap for one in fetched for gap in one.gaps), *gaps]


def _of_its_job(bundle: Bundle, jobs: Mapping[str, str]) -> Bundle:
    """Only folders that were made here name a job: no name within an archive can."""
    place = "/".join(bundle.name.split("/")[:2])
    return msgspec.structs.replace(bundle, job=jobs.get(place, ""))


def _fetch(target: github.Target, past: github.Past, place: Path, seconds: float, voice: Voice) -> github.Fetched:
    voice.say(f"reading run {past.run_id} of {target.repository}")
    place.mkdir()
    fetched = github.fetch_run(target, past, place, seconds)
    voice.say(f"  {len(fetched.jobs)} job{'' if len(fetched.jobs) == 1 else 's'}")
    return fetched


def _runs(subject: Subject, environ: Mapping[str, str]) -> list[tuple[github.Target, github.Past]]:
    addresses = [each for each in subject.given if ADDRESS.match(each)]
    if not addresses and not subject.run_ids:
        return []
    server = server_of(environ)
    asked = [_addressed(each, server) for each in addresses]
    repository = subject.repository or environ.get("GITHUB_REPOSITORY", "")
    if subject.run_ids and not REPOSITORY.fullmatch(repository):
        raise SettingsError(f"of which repository is run {subject.run_ids[0]}?", "give --repo OWNER/NAME, or the run's address")
    asked += [(repository, github.Past(run_id=number)) for number in subject.run_ids]
    if not server.token:
        raise SettingsError(
            f"there is no token for {server.host}, which hands out logs and artifacts to nobody else",
            f"set GITHUB_TOKEN or {server.variable} to one that may read actions, such as the one that `gh auth token` prints",
        )
    return [(github.Target(api_url=server.api_url, repository=name, token=server.token), past) for name, past in asked]


def _addressed(address: str, server: Server) -> tuple[str, github.Past]:
    parts = urlsplit(address)
    if parts.netloc.lower() != server.host:
        raise SettingsError(
            f"that run is on {parts.hostname}, and the token for {server.host} goes nowhere else",
            f"for a GitHub of your own set GITHUB_SERVER_URL={parts.scheme}://{parts.hostname} and a token of that server",
        )
    found = RUN.fullmatch(parts.path)
    if not found:
        raise SettingsError(f"{parts.path} on {server.host} is no workflow run", f"give {HOW}")
    return found["repository"], github.Past(run_id=int(found["run"]), attempt=int(found["attempt"] or 0), job=int(found["job"] or 0))


def server_of(environ: Mapping[str, str]) -> Server:
    """From GITHUB_SERVER_URL and GITHUB_API_URL; where only one is set, the other follows from it.

    As for GitHub's own command line GH_TOKEN is a token of github.com and of ghe.com, GH_ENTERPRISE_TOKEN one of other servers.
    """
    page = environ.get("GITHUB_SERVER_URL", "").rstrip("/").lower()
    api = environ.get("GITHUB_API_URL", "").rstrip("/")
    host = urlsplit(page).netloc or _host_of_api(api)
    own = "GH_TOKEN" if host == GITHUB or host.endswith(".ghe.com") else "GH_ENTERPRISE_TOKEN"
    token = whereabouts(environ).token or Secret(environ.get(own, "").strip())
    return Server(host=host, api_url=api or _api_of_host(page or f"https://{host}"), token=token, variable=own)


def _host_of_api(api_url: str) -> str:
    parts = urlsplit(api_url)
    if not parts.netloc:
        return GITHUB
    return parts.netloc.lower().removeprefix("api.") if not parts.path else parts.netloc.lower()


def _api_of_host(page: str) -> str:
    parts = urlsplit(page)
    is_cloud = parts.netloc == GITHUB or parts.netloc.endswith(".ghe.com")
    return f"{parts.scheme}://api.{parts.netloc}" if is_cloud else f"{page}/api/v3"


def subject_of(given: Sequence[str], run_ids: Sequence[int], repository: str) -> Subject:
    """As the command line says it."""
    if repository and not REPOSITORY.fullmatch(repository):
        raise SettingsError(f"bad value {repository!r} for the option --repo", "give OWNER/NAME")
    return Subject(given=tuple(given), run_ids=tuple(run_ids), repository=repository)
