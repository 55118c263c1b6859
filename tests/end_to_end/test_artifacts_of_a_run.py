"""The artifacts of a workflow run, downloaded from a GitHub on loopback."""

import json
import zipfile
from pathlib import Path

import pytest

from flaky_detector.adapters.github import Target, download_artifacts
from flaky_detector.cli import main
from flaky_detector.errors import GitHubError
from flaky_detector.model.secret import Secret
from flaky_detector.pipeline.action import act
from tests.support.github import TOKEN, FakeGitHub
from tests.support.run_logs import SUITE, job_log, junit


def download(github: FakeGitHub, run_id: int, folder: Path) -> tuple[Path, ...]:
    return download_artifacts(Target(api_url=github.url, repository="acme/shop", token=Secret(TOKEN)), run_id, folder, lambda seconds: None)


def test_every_artifact_of_the_run_is_downloaded_and_the_store_never_sees_the_token(tmp_path):
    with FakeGitHub() as github:
        github.add_artifact(42, "junit 3.11", {"junit.xml": "<testsuites/>"})
        github.add_artifact(42, "../../evil\n", {"junit.xml": "<testsuites/>"})
        github.add_artifact(42, "old", {"junit.xml": "<testsuites/>"}, expired=True)
        github.add_artifact(41, "of another run", {"junit.xml": "<testsuites/>"})
        paths = download(github, 42, tmp_path / "run")
    assert github.violations == []
    assert [path.name for path in paths] == ["1001-junit_3.11.zip", "1002-.._.._evil_.zip"]
    assert {path.parent for path in paths} == {tmp_path / "run"}
    assert zipfile.ZipFile(paths[0]).read("junit.xml") == b"<testsuites/>"
    assert github.store_saw == ["None", "None"]


def test_a_run_without_artifacts_is_told_as_such(tmp_path):
    with FakeGitHub() as github, pytest.raises(GitHubError) as caught:
        download(github, 7, tmp_path)
    assert caught.value.message == "run 7 of acme/shop has no artifacts to analyse"


def test_a_run_that_does_not_answer_is_told_as_such(tmp_path):
    with FakeGitHub() as github:
        github.fail("GET", 404, "Not Found")
        with pytest.raises(GitHubError) as caught:
            download(github, 8, tmp_path)
    assert caught.value.message == "could not list the artifacts of run 8 on acme/shop: GitHub says 404 Not Found"
    assert "for artifacts `actions: read`" in caught.value.hint


def test_the_action_analyses_logs_and_artifacts_of_a_run_beside_paths(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "junit.xml").write_text(junit(minute=1))
    with FakeGitHub() as github:
        github.add_artifact(42, "junit", {"junit.xml": junit(minute=2)})
        github.add_job(42, "test (3.11)", job_log(minute=2))
        github.add_job(42, "test (3.12)", job_log(SUITE[5], minute=3), conclusion="failure")
        inputs = {"INPUT_MODE": "analyze", "INPUT_ARTIFACTS": "reports 42", "INPUT_GITHUB-TOKEN": TOKEN}
        runner = {"GITHUB_WORKSPACE": str(tmp_path), "GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "acme/shop"}
        assert act({**inputs, **runner}, main) == 0
        told = json.loads((tmp_path / "flaky-detector-report" / "findings.json").read_text())
        assert act({**inputs, **runner, "INPUT_ARTIFACTS": "43"}, main) == 2
        assert github.violations == []
    assert sorted(run["id"] for run in told["runs"]) == ["42/test (3.11)", "42/test (3.12)", "reports"]
    assert [finding["test"] for finding in told["findings"]] == [SUITE[5]]
    assert "run 43 of acme/shop has neither logs nor artifacts to analyse" in capsys.readouterr().err


def test_the_action_words_the_findings_that_another_run_left(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    seen = []

    def command_line(arguments, environ):
        seen.append((arguments[0], Path(arguments[1]).name, Path(arguments[1]).read_text()))
        return 0

    with FakeGitHub() as github:
        github.add_artifact(42, "logs", {"../findings.json.txt": "no"})
        github.add_artifact(42, "report", {"../../etc/findings.json": '{"schema_version": 1}', "report.html": "<p>"})
        github.add_artifact(43, "logs", {"console.log": ""})
        inputs = {"INPUT_MODE": "report", "INPUT_ARTIFACTS": "42", "INPUT_GITHUB-TOKEN": TOKEN}
        runner = {"GITHUB_WORKSPACE": str(tmp_path), "GITHUB_API_URL": github.url, "GITHUB_REPOSITORY": "acme/shop"}
        assert act({**inputs, **runner}, command_line) == 0
        assert act({**inputs, **runner, "INPUT_ARTIFACTS": "43"}, command_line) == 2
    assert seen == [("report", "findings.json", '{"schema_version": 1}')]
    assert "no artifact of that run holds a findings.json" in capsys.readouterr().out
