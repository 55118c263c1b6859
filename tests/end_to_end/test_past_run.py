"""A workflow run that is over, analysed by its id or its address: logs of its jobs and artifacts, from a GitHub on loopback."""

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flaky_detector.adapters.github import Fetched, Past, Target, fetch_run, past_run
from flaky_detector.cli import main
from flaky_detector.errors import GitHubError, NothingLeft
from flaky_detector.model.secret import Secret
from tests.support.github import JOB_LOG, JOBS, STORE, TOKEN, FakeGitHub
from tests.support.run_logs import SUITE, job_log, junit

VICTIM = SUITE[5]


def environ(github: FakeGitHub, **more: str) -> dict[str, str]:
    return {"GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "acme/shop", "GITHUB_TOKEN": TOKEN, **more}


def analysed(github: FakeGitHub, folder: Path, *arguments: str, code: int = 0, **more: str) -> dict[str, Any]:
    """What `analyze` finds out."""
    given = ["analyze", "--output", str(folder / "report"), "--rootdir", str(folder), *arguments]
    assert main(given, environ(github, **more)) == code
    assert github.violations == []
    return json.loads((folder / "report" / "findings.json").read_text(encoding="utf-8"))


def runs(told: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return sorted((run["id"], run["python"], run["tests"], run["failed"]) for run in told["runs"])


def gaps(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(gap["source"], gap["text"]) for gap in told["gaps"]]


def a_matrix(github: FakeGitHub) -> None:
    """A run in which one job of two failed, and passed when it was run again; both left JUnit files."""
    one = github.add_artifact(42, "junit-3.11", {"junit.xml": junit(VICTIM, minute=1)})
    two = github.add_artifact(42, "junit-3.12", {"junit.xml": junit(minute=2)})
    github.add_job(42, "lint", job_log(tests=()))
    github.add_job(42, "test (3.12)", job_log(minute=2, python="3.12.1", artifact=two))
    github.add_job(42, "test (3.11)", job_log(VICTIM, minute=1, artifact=one), conclusion="failure")
    github.add_job(42, "test (3.11)", job_log(minute=9), attempt=2)
    github.add_job(42, "deploy", None, conclusion="skipped")


def test_a_runs_jobs_are_its_runs_and_a_report_and_a_log_of_one_job_are_one(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        a_matrix(github)
        told = analysed(github, tmp_path, "--run-id", "42")
        assert set(github.store_saw) == {"None"}
    assert runs(told) == [
        ("42/test (3.11)", "3.11.7", 8, 1),
        ("42/test (3.11), attempt 2", "3.11.7", 8, 0),
        ("42/test (3.12)", "3.12.1", 8, 0),
    ]
    assert [finding["test"] for finding in told["findings"]] == [VICTIM]
    assert [gap for gap in gaps(told) if "counted" in gap[1]] == []


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ("", ["42/test (3.11)", "42/test (3.11), attempt 2", "42/test (3.12)"]),
        ("/attempts/1", ["42/test (3.11)", "42/test (3.12)"]),
        ("/attempts/2?pr=7", ["42/test (3.11), attempt 2"]),
        ("/job/{first}#step:4:11", ["42/test (3.11)"]),
    ],
)
def test_an_address_may_name_the_run_an_attempt_or_a_job(tmp_path: Path, behind: str, expected: list[str]) -> None:
    with FakeGitHub() as github:
        a_matrix(github)
        first = next(number for number, job in github.jobs.items() if job["name"] == "test (3.11)")
        address = f"{github.url}/acme/shop/actions/runs/42{behind.format(first=first)}"
        told = analysed(github, tmp_path, address, GITHUB_REPOSITORY="")
    assert [name for name, *_ in runs(told)] == expected


def test_of_one_job_only_the_artifacts_that_its_log_tells_of_are_read(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        a_matrix(github)
        told = analysed(github, tmp_path, f"{github.url}/acme/shop/actions/runs/42/attempts/2")
    assert ("artifacts", "2 of 2 are of other jobs, or of nobody knows which: no log that was read tells of their upload") in gaps(told)


def test_the_jobs_of_a_large_run_come_from_all_pages(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        github.largest_page = 2
        for number in range(5):
            github.add_job(42, f"part {number}", job_log(minute=number))
        told = analysed(github, tmp_path, "--run-id", "42", "--repo", "acme/shop", GITHUB_REPOSITORY="")
    assert len(runs(told)) == 5


def test_a_green_matrix_is_paired_by_who_says_to_have_uploaded_what_and_else_by_when_it_began(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        for minute in (1, 2, 3):
            said = github.add_artifact(42, f"junit-{minute}", {"junit.xml": junit(minute=minute)})
            github.add_job(42, f"test (3.1{minute})", job_log(minute=minute, artifact=said if minute == 1 else 0))
        told = analysed(github, tmp_path, "--run-id", "42")
    assert [name for name, *_ in runs(told)] == ["42/test (3.11)", "42/test (3.12)", "42/test (3.13)"]


def test_who_belongs_to_whom_in_a_green_matrix_may_stay_open_and_is_then_said(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        for minute in (1, 2):
            github.add_artifact(42, f"junit-{minute}", {"junit.xml": junit(minute=7 + minute)})
            github.add_job(42, f"test {minute}", job_log(minute=minute))
        told = analysed(github, tmp_path, "--run-id", "42")
    assert len(runs(told)) == 4
    assert len([text for _, text in gaps(told) if text.startswith("may be of the same run as a console log")]) == 2


def test_a_log_without_verbose_lines_and_its_jobs_report_are_one_run_too(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        for minute, failed in ((1, [VICTIM]), (2, [])):
            said = github.add_artifact(42, "junit", {"junit.xml": junit(*failed, minute=minute)})
            github.add_job(42, f"test {minute}", job_log(*failed, minute=minute, artifact=said, verbose=False))
        told = analysed(github, tmp_path, "--run-id", "42")
    assert runs(told) == [("42/test 1", "3.11.7", 8, 1), ("42/test 2", "3.11.7", 8, 0)]


def test_an_artifact_of_two_jobs_logs_belongs_to_neither(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        said = github.add_artifact(42, "junit", {"junit.xml": junit(minute=1)})
        for minute in (1, 2):
            github.add_job(42, f"test {minute}", job_log(minute=minute, artifact=said))
        fetched = fetch(github, tmp_path / "run")
    assert fetched.jobs == ("test 1", "test 2")
    assert (tmp_path / "run" / f"{said}-junit.zip").is_file()


def test_the_jobs_name_tells_the_python_where_nothing_else_does(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        said = github.add_artifact(42, "junit", {"junit.xml": junit(minute=1)})
        github.add_job(42, "test (3.9, django 4.2, ubuntu-22.04)", job_log(tests=(), artifact=said))
        told = analysed(github, tmp_path, "--run-id", "42")
    assert [python for _, python, *_ in runs(told)] == ["3.9"]


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: data])
def test_a_log_may_be_packed(tmp_path: Path, pack: Any) -> None:
    with FakeGitHub() as github:
        github.add_job(42, "test", pack(job_log()))
        told = analysed(github, tmp_path, "--run-id", "42")
    assert runs(told) == [("42/test", "3.11.7", 8, 0)]


def test_names_that_github_tells_are_no_paths(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        for name in ("../../../evil", "..", "/etc/passwd", "test\n::error::x", "TEST", "test", "x" * 300):
            github.add_job(42, name, job_log())
        fetched = fetch(github, tmp_path / "run")
    assert [name for name in fetched.jobs if "/" in name or name in {"", ".", ".."}] == []
    assert fetched.jobs[:6] == ("_.._.._evil", "job", "_etc_passwd", "test___error__x", "TEST", "test 1006")
    assert sorted(path.parent.parent for path in (tmp_path / "run").rglob("log.txt")) == [tmp_path / "run"] * 7


# Trouble.


def fetch(github: FakeGitHub, folder: Path, seconds: float = 60) -> Fetched:
    folder.mkdir(exist_ok=True)
    target = Target(api_url=github.url, repository="acme/shop", token=Secret(TOKEN))
    fetched = fetch_run(target, Past(run_id=42), folder, seconds, lambda seconds: None)
    assert github.violations == []
    return fetched


def two_jobs(github: FakeGitHub) -> tuple[int, int]:
    return github.add_job(42, "one", job_log(minute=1)), github.add_job(42, "two", job_log(minute=2))


def test_logs_that_are_not_there_any_more_cost_a_gap_and_the_rest_counts(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        expired, _ = two_jobs(github)
        github.expired.add(expired)
        github.add_job(42, "deleted", None)
        github.add_job(42, "running", None, conclusion=None)
        github.add_artifact(42, "old", {"junit.xml": junit()}, expired=True)
        told = analysed(github, tmp_path, "--run-id", "42")
    assert runs(told) == [("42/two", "3.11.7", 8, 0)]
    assert [gap for gap in gaps(told) if gap[0] != "42/two"] == [
        ("log of one", "it has expired"),
        ("log of deleted", "it is not there: the job has written none, or it was deleted"),
        ("log of running", "the job is still running: its log is not there yet"),
        ("artifacts", "1 of 1 have expired"),
    ]


def test_a_token_that_may_not_read_logs_is_told_once(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        two_jobs(github)
        github.add_artifact(42, "junit", {"junit.xml": junit()})
        github.fail("GET", 403, "Must have admin rights to Repository.", times=2, route=JOB_LOG)
        told = analysed(github, tmp_path, "--run-id", "42")
    assert len(runs(told)) == 1
    text = "the token may not read it: give the job `permissions: actions: read`, or a token that may"
    assert ("log of one and 1 more", text) in gaps(told)


@pytest.mark.parametrize(
    "trouble",
    [
        {"code": 429, "headers": {"Retry-After": "2"}, "route": JOB_LOG},
        {"code": 403, "message": "You have exceeded a secondary rate limit", "headers": {"Retry-After": "2"}, "route": JOB_LOG},
        {"code": 502, "route": JOB_LOG},
        {"code": 502, "route": JOBS},
        {"code": 0, "hang_up": True, "route": JOB_LOG},
        {"code": 503, "route": STORE},
        {"code": 0, "hang_up": True, "route": STORE},
        {"code": 0, "cut": True, "route": STORE},
        {"code": 0, "slow_seconds": 0.5, "route": STORE},
    ],
)
def test_passing_trouble_is_waited_for(tmp_path: Path, trouble: dict[str, Any]) -> None:
    with FakeGitHub() as github:
        two_jobs(github)
        github.fail("GET", **trouble)
        fetched = fetch(github, tmp_path / "run")
    assert fetched.gaps == ()
    assert (tmp_path / "run" / "one" / "log.txt").read_bytes() == job_log(minute=1)
    assert (tmp_path / "run" / "two" / "log.txt").read_bytes() == job_log(minute=2)


def test_a_log_that_is_cut_each_time_is_read_as_far_as_it_came(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        two_jobs(github)
        github.fail("GET", 0, times=5, cut=True, route=STORE)
        fetched = fetch(github, tmp_path / "run")
    assert [gap.source for gap in fetched.gaps] == ["log of one"]
    assert fetched.gaps[0].text.startswith("could not read the log of one on acme/shop: ConnectionError")
    assert fetched.gaps[0].text.endswith("; what came of it is read")
    whole = job_log(minute=1)
    assert (tmp_path / "run" / "one" / "log.txt").read_bytes() == whole[: len(whole) // 2]


def test_an_artifact_that_is_cut_each_time_is_left_out_and_the_logs_count(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        two_jobs(github)
        github.add_artifact(42, "junit", {"junit.xml": junit()})
        github.fail("GET", 0, times=5, cut=True, route=STORE, skip=2)
        fetched = fetch(github, tmp_path / "run")
    assert [gap.source for gap in fetched.gaps] == ["artifact junit"]
    assert sorted(path.name for path in (tmp_path / "run").rglob("*.*")) == ["log.txt", "log.txt"]


def test_artifacts_that_may_not_be_listed_cost_a_gap(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        two_jobs(github)
        github.fail("GET", 500, times=5, route="/artifacts")
        fetched = fetch(github, tmp_path / "run")
    assert fetched.jobs == ("one", "two")
    assert [gap.source for gap in fetched.gaps] == ["artifacts"]


def test_a_log_that_is_too_large_is_read_as_far_as_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_run, "LARGEST_LOG_BYTES", 500)
    with FakeGitHub() as github:
        two_jobs(github)
        fetched = fetch(github, tmp_path / "run")
    assert [(gap.source, gap.text) for gap in fetched.gaps] == [
        ("log of one and 1 more", "it is larger than 0 MiB; what came of it is read")
    ]
    assert (tmp_path / "run" / "one" / "log.txt").stat().st_size == 500


def test_a_log_that_comes_too_slowly_is_read_as_far_as_it_came_in_the_time(tmp_path: Path) -> None:
    def drop_by_drop() -> Iterator[bytes]:
        for line in job_log().splitlines(keepends=True) * 1000:
            yield line
            time.sleep(0.05)

    with FakeGitHub() as github:
        github.add_job(42, "one", drop_by_drop, conclusion="failure")
        github.add_job(42, "two", job_log())
        fetched = fetch(github, tmp_path / "run", seconds=1.5)
    assert [(gap.source, gap.text) for gap in fetched.gaps] == [
        ("log of one", "there was no time for the rest; what came of it is read"),
        ("logs", "1 of 2 jobs were too much, or too late, for this time: their logs were not read"),
    ]
    assert (tmp_path / "run" / "one" / "log.txt").stat().st_size > 0


def test_a_run_of_which_nothing_is_left_is_told_as_such(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        github.expired.add(github.add_job(42, "one", job_log()))
        with pytest.raises(NothingLeft) as caught:
            fetch(github, tmp_path / "run")
    assert str(caught.value) == "run 42 of acme/shop has neither logs nor artifacts to analyse (log of one: it has expired)"


def test_a_run_that_may_not_be_seen_is_told_with_what_to_do(tmp_path: Path) -> None:
    with FakeGitHub() as github:
        github.fail("GET", 404, "Not Found", route=JOBS)
        with pytest.raises(GitHubError) as caught:
            fetch(github, tmp_path / "run")
    assert caught.value.message == "could not list the jobs of run 42 on acme/shop: GitHub says 404 Not Found"
    assert "`actions: read`" in caught.value.hint


# Whose server, whose token.


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, **environment: str) -> str:
    assert main(["analyze", *arguments], environment) == 2
    return capsys.readouterr().err


RUN = "/acme/shop/actions/runs/42"


def test_a_token_goes_to_no_other_server_than_the_configured_one(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeGitHub() as evil:
        told = refused(capsys, f"{evil.url}{RUN}", GITHUB_TOKEN=TOKEN)
        assert evil.calls == []
        assert evil.store_saw == []
    assert "that run is on 127.0.0.1, and the token for github.com goes nowhere else" in told
    assert "that run is on evil.example" in refused(capsys, f"https://github.com@evil.example{RUN}", GITHUB_TOKEN=TOKEN)
    assert "that run is on github.com, and" in refused(
        capsys, f"https://github.com{RUN}", GITHUB_TOKEN=TOKEN, GITHUB_API_URL="https://ghe.example/api/v3"
    )
    assert "that run is on github.com.evil.example" in refused(capsys, f"https://github.com.evil.example{RUN}", GITHUB_TOKEN=TOKEN)
    assert TOKEN not in told


def test_without_a_token_it_says_which_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, f"https://github.com{RUN}", GH_ENTERPRISE_TOKEN=TOKEN)
    assert "there is no token for github.com" in told
    assert "set GITHUB_TOKEN or GH_TOKEN" in told


def test_a_token_of_github_com_goes_to_no_enterprise_server(capsys: pytest.CaptureFixture[str]) -> None:
    with FakeGitHub(prefix="/api/v3") as github:
        told = refused(capsys, f"{github.url.removesuffix('/api/v3')}{RUN}", GITHUB_API_URL=github.url, GH_TOKEN=TOKEN)
        assert github.calls == []
    assert "there is no token for 127.0.0.1" in told
    assert "GH_ENTERPRISE_TOKEN" in told


@pytest.mark.parametrize("known_by", ["GITHUB_API_URL", "GITHUB_SERVER_URL"])
def test_an_enterprise_server_is_known_by_its_pages_or_by_its_api(tmp_path: Path, known_by: str) -> None:
    with FakeGitHub(prefix="/api/v3") as github:
        github.add_job(42, "test", job_log())
        pages = github.url.removesuffix("/api/v3")
        environment = {known_by: github.url if known_by == "GITHUB_API_URL" else pages, "GH_ENTERPRISE_TOKEN": TOKEN}
        assert main(["analyze", "--output", str(tmp_path), f"{pages}{RUN}"], environment) == 0
        assert github.violations == []
    assert [run["id"] for run in json.loads((tmp_path / "findings.json").read_text())["runs"]] == ["42/test"]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--run-id", "42"], "of which repository is run 42?", "give --repo OWNER/NAME"),
        (["--run-id", "42", "--repo", "shop"], "bad value 'shop' for the option --repo", "give OWNER/NAME"),
        (["https://github.com/acme/shop/pull/7"], "/acme/shop/pull/7 on github.com is no workflow run", "actions/runs/N"),
        ([], "the following arguments are required: PATH, URL or --run-id N", "actions/runs/N"),
    ],
)
def test_what_is_no_run_is_told_with_what_to_give(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str, hint: str
) -> None:
    told = refused(capsys, *arguments, GITHUB_TOKEN=TOKEN)
    assert message in told
    assert hint in told
