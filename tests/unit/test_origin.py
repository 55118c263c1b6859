"""Where this copy of flaky-detector comes from, as far as that is certain."""

import subprocess
from pathlib import Path

import pytest

from flaky_detector.adapters.origin import origin_of, repository_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/flaky-detector.git", "acme/flaky-detector"),
        ("git+https://token@github.com/acme/flaky-detector", "acme/flaky-detector"),
        ("git@github.com:acme/flaky.detector.git", "acme/flaky.detector"),
        ("ssh://git@github.com/acme/x", "acme/x"),
        ("https://gitlab.com/acme/x", ""),
        ("https://github.com/acme", ""),
        ("", ""),
    ],
)
def test_a_repository_on_github_has_a_name(url: str, name: str) -> None:
    assert repository_of(url) == name


@pytest.mark.parametrize(
    ("noted", "found"),
    [
        ({"url": "https://github.com/a/b", "vcs_info": {"vcs": "git", "commit_id": COMMIT}}, ("a/b", COMMIT)),
        ({"url": "https://github.com/a/b", "vcs_info": {"vcs": "git", "commit_id": "main"}}, ("a/b", "")),
        ({"url": "file:///nowhere/at/all"}, ("", "")),
        ({}, ("", "")),
        ([], ("", "")),
    ],
)
def test_what_pip_noted_is_read(noted: object, found: tuple[str, str]) -> None:
    assert origin_of(noted) == found


def test_the_commit_of_a_checkout_counts_only_once_it_was_pushed(tmp_path: Path) -> None:
    checkout = tmp_path / "my checkout"
    git = ("git", "-C", str(checkout), "-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(("git", "init", "--quiet", str(checkout)), check=True)
    subprocess.run((*git, "commit", "--quiet", "--allow-empty", "-m", "a"), check=True)
    subprocess.run((*git, "remote", "add", "origin", "https://github.com/acme/flaky-detector.git"), check=True)
    noted = {"url": checkout.as_uri(), "dir_info": {}}
    assert origin_of(noted) == ("acme/flaky-detector", "")
    head = subprocess.run((*git, "rev-parse", "HEAD"), check=True, capture_output=True, text=True).stdout.strip()
    subprocess.run((*git, "update-ref", "refs/remotes/origin/main", head), check=True)
    assert origin_of(noted) == ("acme/flaky-detector", head)
