"""What git says to have changed, in real repositories, and what a hunt makes of it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from flaky_detector.adapters.changes import changed_since
from flaky_detector.cli import main
from tests.support.hunting import flaky_detector

ROOT = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(("git", *identity, *arguments), cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A branch that left main, which has gone on since: the branch changed one file and brought one, and removed one."""
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q")
    write(folder, test_a="", test_b="def test_b(): pass\n", test_gone="")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    git(folder, "checkout", "-qb", "topic")
    write(folder, test_a="A = 1\n", test_new="def test_new(): pass\n")
    (folder / "notes.txt").write_text("no Python")
    (folder / "test_gone.py").unlink()
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "topic")
    git(folder, "checkout", "-q", "main")
    write(folder, test_b="B = 1\n")
    git(folder, "commit", "-qam", "main goes on")
    git(folder, "checkout", "-q", "topic")
    return folder


def test_only_what_the_branch_itself_changed_counts(project: Path) -> None:
    assert changed_since(project, ("main",)) == (("test_a.py", "test_new.py"), "main", "")
    commit = git(project, "rev-parse", "main")
    assert changed_since(project, (commit,)) == (("test_a.py", "test_new.py"), commit[:12], "")


def test_what_is_not_committed_counts_too(project: Path) -> None:
    write(project, test_b="B = 2\n", test_today="")
    assert changed_since(project, ("main",)).files == ("test_a.py", "test_b.py", "test_new.py", "test_today.py")


def test_paths_are_told_from_the_folder_and_files_outside_are_left_out(project: Path) -> None:
    (project / "sub").mkdir()
    write(project / "sub", test_c="")
    assert changed_since(project / "sub", ("main",)).files == ("test_c.py",)


def test_the_next_name_is_tried_where_the_first_is_not_there(project: Path) -> None:
    assert changed_since(project, ("f" * 40, "main")).since == "main"


def test_in_a_merge_made_for_a_pull_request_two_commits_are_enough(project: Path, tmp_path: Path) -> None:
    git(project, "checkout", "-q", "--detach", "main")
    git(project, "merge", "-q", "--no-edit", "topic")
    git(project, "branch", "merged")
    git(tmp_path, "clone", "-q", "--depth", "2", "--branch", "merged", f"file://{project}", "shallow")
    told = changed_since(tmp_path / "shallow", ("f" * 40, "origin/main"))
    assert told == (("test_a.py", "test_new.py"), "HEAD^1", "")


# What actions/checkout does, and how deep our workflow files have it go. GitHub's merge has the base as first parent and the pull request
# as second, and lies under a ref of its own that only the server has.


@pytest.fixture
def origin(project: Path) -> Path:
    """The server: main went on after the event, and the merge was made with it."""
    git(project, "checkout", "-q", "--detach", "main")
    git(project, "merge", "-q", "--no-ff", "--no-edit", "topic")
    git(project, "update-ref", "refs/pull/7/merge", "HEAD")
    git(project, "update-ref", "refs/pull/7/head", "topic")
    git(project, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(project, "checkout", "-q", "topic")
    return project


def checked_out(origin: Path, folder: Path, commit: str, depth: str) -> Path:
    folder.mkdir()
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", f"file://{origin}")
    refs = f"+{git(origin, 'rev-parse', commit)}:refs/remotes/pull/7/merge"
    more = [] if depth == "0" else [f"--depth={depth}"]
    git(folder, "fetch", "-q", "--no-tags", "--prune", "--no-recurse-submodules", *more, "origin", refs)
    git(folder, "checkout", "-q", "--force", "refs/remotes/pull/7/merge")
    return folder


def depth_of_checkout(file: Path, job: str) -> str:
    """Of the job's first step, which checks out what is hunted in."""
    given = yaml.safe_load(file.read_text())["jobs"][job]["steps"][0]["with"]
    return str(given.get("fetch-depth", 1))


def test_the_reusable_workflow_plans_where_the_pull_requests_merge_and_its_base_are(origin: Path, tmp_path: Path) -> None:
    depth = depth_of_checkout(ROOT / ".github" / "workflows" / "flake-hunt.yml", "plan")
    folder = checked_out(origin, tmp_path / "runner", "refs/pull/7/merge", depth)
    base = git(origin, "rev-parse", "main~1")  # that of the event, older than the merge
    told = changed_since(folder, (base, "origin/main"), git(origin, "rev-parse", "topic"))
    assert told == (("test_a.py", "test_new.py"), "HEAD^1", "")
    assert git(folder, "rev-list", "--count", "HEAD") == "3"


def test_what_init_drafts_for_pull_requests_knows_what_they_change(origin: Path, tmp_path: Path) -> None:
    write(origin, test_x="def test_x(): pass\n")
    assert main(["init", "--write", "--quiet", "--action", "acme/flaky-detector@v1", "--rootdir", str(origin)], {}) == 0
    place = origin / ".github" / "workflows"
    folder = checked_out(origin, tmp_path / "runner", "refs/pull/7/merge", depth_of_checkout(place / "flaky-detector.yml", "hunt"))
    assert changed_since(folder, ("f" * 40,), git(origin, "rev-parse", "topic")).files == ("test_a.py", "test_new.py")
    assert depth_of_checkout(place / "flaky-detector-nightly.yml", "hunt") == "1"


def test_a_hunt_on_request_knows_it_from_the_pull_requests_own_commits(origin: Path, tmp_path: Path) -> None:
    git(origin, "merge", "-q", "--no-edit", "main")  # into the branch, as people do
    write(origin, test_later="L = 1\n")
    git(origin, "add", "test_later.py")
    git(origin, "commit", "-qm", "one more")
    write(origin, test_b="B = 3\n")
    git(origin, "checkout", "-q", "main", "--force")
    write(origin, test_b="B = 4\n")
    git(origin, "commit", "-qam", "main goes on again")
    base = git(origin, "merge-base", "main", "topic")
    ahead_by = int(git(origin, "rev-list", "--count", "main..topic"))
    folder = checked_out(origin, tmp_path / "runner", "topic", str(ahead_by + 1))
    assert changed_since(folder, (base,)) == (("test_a.py", "test_later.py", "test_new.py"), base[:12], "")


def test_a_branch_that_ends_in_a_merge_of_its_own_is_not_taken_for_the_merge_of_the_pull_request(origin: Path, tmp_path: Path) -> None:
    git(origin, "merge", "-q", "--no-edit", "main")
    folder = checked_out(origin, tmp_path / "runner", "topic", "2")
    told = changed_since(folder, ("f" * 40,), git(origin, "rev-parse", "topic"))
    assert told.files == ()
    assert "is not in this checkout" in told.trouble


def test_a_checkout_of_one_commit_is_told_and_nothing_fails(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "topic", f"file://{project}", "shallow")
    told = changed_since(tmp_path / "shallow", ("f" * 40, "origin/main"))
    assert told.files == ()
    assert told.trouble == (
        f"{'f' * 40} or origin/main is not in this checkout, or has no commit in common with it; it holds the newest commits only:"
        " give `fetch-depth: 0` to actions/checkout"
    )


def test_a_folder_without_git_is_told(tmp_path: Path) -> None:
    assert changed_since(tmp_path, ("main",)).trouble == "this is no checkout that git can read"


@pytest.mark.parametrize("name", ["--output=x", "--upload-pack=x", "main..topic", "", "a b"])
def test_a_name_that_is_none_is_not_taken_for_an_option(project: Path, name: str) -> None:
    assert changed_since(project, (name,)).files == ()
    assert not (project / "x").exists()


@pytest.mark.slow
def test_in_a_pull_request_the_tests_that_it_brings_run_first_and_last(project: Path, tmp_path: Path) -> None:
    write(project, test_a="def test_a(): pass\n", test_z="def test_z(): pass\n")
    git(project, "add", ".")
    git(project, "commit", "-qm", "tests")
    event: dict[str, Any] = {
        "pull_request": {"number": 7, "head": {"sha": "a" * 40}, "base": {"sha": git(project, "rev-parse", "main"), "ref": "main"}}
    }
    (tmp_path / "event.json").write_text(json.dumps(event))
    environ = {"GITHUB_EVENT_PATH": str(tmp_path / "event.json"), "GITHUB_EVENT_NAME": "pull_request"}
    found = flaky_detector("hunt", "--no-confirm", "--runs", 3, "--dist", "no", cwd=project, environ=environ).findings
    since = event["pull_request"]["base"]["sha"][:12]
    assert [run["why"] for run in found["runs"][1:]] == [
        f"the 3 tests of files that changed since {since} first, then the others, in the own order",
        f"the 3 tests of files that changed since {since} last, after the others, in the own order",
    ]
    assert found["gaps"] == []
    assert found["pairs"]["runs"] == [["01-python-own", 0.5], ["02-python-changed-first", 0.6667], ["03-python-changed-last", 0.75]]


@pytest.mark.slow
def test_a_pull_request_in_a_checkout_of_one_commit_is_hunted_all_the_same(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "topic", f"file://{project}", "shallow")
    (tmp_path / "event.json").write_text(json.dumps({"pull_request": {"number": 7, "base": {"sha": "f" * 40, "ref": "main"}}}))
    environ = {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
    found = flaky_detector("hunt", "--no-confirm", "--runs", 1, cwd=tmp_path / "shallow", environ=environ)
    assert found.exit_code == 0
    assert [gap["source"] for gap in found.findings["gaps"]] == ["changed-since"]
    off = flaky_detector("hunt", "--no-confirm", "--runs", 1, "--changed-since", "off", cwd=tmp_path / "shallow", environ=environ)
    assert off.findings["gaps"] == []
