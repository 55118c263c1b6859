"""The release: what is stamped, what is checked, what is tagged, on real files and a real repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "scripts"))

from check_release import disagreements  # noqa: E402 -- it is no package
from stamp_release import main  # noqa: E402

DIGEST = "sha256:" + "0123456789abcdef" * 4
IMAGE = f"docker://ghcr.io/acme/flaky-detector@{DIGEST}"
VERSION = "v" + re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]  # type: ignore[index]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """What the scripts look at, in a repository of its own."""
    for name in (
        "action.yml",
        "pyproject.toml",
        "CHANGELOG.md",
        "flaky_detector/__init__.py",
        "scripts/stamp_release.py",
        "scripts/tag_release.sh",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "-m", "main")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.org", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def inputs(root: Path, name: str) -> dict[str, str]:
    told = yaml.safe_load((root / ".github" / "workflows" / name).read_text())
    return {key: about["default"] for key, about in told[True]["workflow_call"]["inputs"].items()}


def test_a_stamped_tree_starts_the_image_and_its_workflows_know_the_release(tree: Path) -> None:
    assert main(["--root", str(tree), "--image", IMAGE, "--repository", "acme/flaky-detector", "--version", "v1.2.3"]) == 0
    assert yaml.safe_load((tree / "action.yml").read_text())["runs"] == {"using": "docker", "image": IMAGE}
    before, after = inputs(ROOT, "flake-hunt.yml"), inputs(tree, "flake-hunt.yml")
    assert (before["action-repository"], before["action-ref"]) == ("", "")
    assert after == before | {"action-repository": "acme/flaky-detector", "action-ref": "v1.2.3"}


def test_a_tree_is_stamped_once(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--root", str(tree), "--image", IMAGE, "--repository", "acme/flaky-detector", "--version", "v1.2.3"]
    assert (main(arguments), main(arguments)) == (0, 2)
    assert "was this tree stamped already?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("docker://ghcr.io/acme/flaky-detector:v1.2.3", "v1.2.3"),
        ("ghcr.io/acme/flaky-detector@" + DIGEST, "v1.2.3"),
        (IMAGE + "\n  entrypoint: sh", "v1.2.3"),
        (IMAGE, "1.2.3"),
        (IMAGE, 'v1.2.3"'),
    ],
)
def test_only_an_image_by_digest_and_a_version_are_taken(tree: Path, image: str, version: str) -> None:
    with pytest.raises(SystemExit):
        main(["--root", str(tree), "--image", image, "--repository", "acme/flaky-detector", "--version", version])
    assert git(tree, "status", "--porcelain") == ""


def test_a_version_must_be_what_the_checkout_says(tree: Path) -> None:
    version = VERSION.removeprefix("v")
    assert disagreements(VERSION, tree) == [f"CHANGELOG.md has no section ## [{version}]"]
    (tree / "CHANGELOG.md").write_text(f"# Changelog\n\n## [{version}] - 2030-01-01\n\n- all\n")
    assert disagreements(VERSION, tree) == []
    assert disagreements("v9.9.9", tree)[:2] == [f"pyproject.toml says {version}", f"flaky_detector/__init__.py says {version}"]
    assert disagreements("latest", tree)[0] == "latest is no tag of a release, such as v1.2.3"
    git(tree, "tag", VERSION)
    assert disagreements(VERSION, tree) == [f"the tag {VERSION} is there already: a release never changes"]


def tag(tree: Path, version: str, remote: Path) -> int:
    environ = {**os.environ, "GITHUB_REPOSITORY": "acme/flaky-detector", "REMOTE": str(remote)}
    return subprocess.run(["scripts/tag_release.sh", version, IMAGE], cwd=tree, env=environ, check=False, capture_output=True).returncode


def test_both_tags_point_to_a_commit_beside_main_and_a_release_never_changes(tree: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(tree, "init", "--quiet", "--bare", str(remote))
    main_commit = git(tree, "rev-parse", "HEAD")
    git(tree, "push", "--quiet", str(remote), "main")
    assert tag(tree, "v1.2.3", remote) == 0
    released = git(remote, "rev-parse", "v1.2.3")
    assert (git(remote, "rev-parse", "v1"), git(remote, "rev-parse", "v1.2.3^"), git(remote, "rev-parse", "main")) == (
        released,
        main_commit,
        main_commit,
    )
    assert f"image: {IMAGE}" in git(remote, "show", "v1.2.3:action.yml")
    assert "image: Dockerfile" in git(remote, "show", "main:action.yml")
    git(tree, "checkout", "--quiet", main_commit)
    git(tree, "tag", "--delete", "v1.2.3", "v1")
    (tree / "README.md").write_text("another tree")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "-m", "more")
    assert tag(tree, "v1.2.3", remote) != 0
    assert (git(remote, "rev-parse", "v1.2.3"), git(remote, "rev-parse", "v1")) == (released, released)


def test_the_next_release_moves_the_short_tag_and_a_pre_release_does_not(tree: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(tree, "init", "--quiet", "--bare", str(remote))
    start = git(tree, "rev-parse", "HEAD")
    for version in ("v1.2.3", "v1.3.0rc1", "v1.3.0"):
        git(tree, "checkout", "--quiet", "--detach", start)
        assert tag(tree, version, remote) == 0, version
        expected = {"v1.2.3": "v1.2.3", "v1.3.0rc1": "v1.2.3", "v1.3.0": "v1.3.0"}[version]
        assert git(remote, "rev-parse", "v1") == git(remote, "rev-parse", expected), version
    assert len(git(remote, "tag").splitlines()) == 4
