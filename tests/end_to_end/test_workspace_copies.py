"""Real trees, copied: what is in a copy, what a copy keeps apart from the original, and how it goes away."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flaky_detector.adapters.workspace import Template, private_copy, remove
from flaky_detector.adapters.workspace import survey as survey_module
from flaky_detector.errors import SuiteError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git repository with the project in a subfolder."""
    rootdir = tmp_path / "repo" / "backend"
    rootdir.mkdir(parents=True)
    (rootdir / "test_a.py").write_text("def test_a(): pass\n")
    (tmp_path / "repo" / "shared.txt").write_text("shared\n")
    git(tmp_path / "repo", "init", "-q")
    return rootdir


def git(folder: Path, *arguments: str) -> str:
    name = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "safe.directory=*")
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return subprocess.run(("git", *name, *arguments), cwd=folder, check=True, capture_output=True, text=True, env=env).stdout


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if ".git/" not in path.as_posix())


def test_the_whole_repository_is_copied_and_the_rootdir_is_found_in_it(project: Path, tmp_path: Path) -> None:
    with private_copy(project, tmp_path / "ours") as copy:
        assert copy.rootdir == copy.tree / "backend"
        assert (copy.original_rootdir, copy.original_tree) == (project, project.parent)
        assert names(copy.tree) == [".git", "backend", "backend/test_a.py", "shared.txt"]
        assert copy.tree.is_relative_to(tmp_path / "ours")
        assert git(copy.tree, "status", "--short") == "?? backend/\n?? shared.txt\n"
    assert list((tmp_path / "ours").iterdir()) == []


def test_a_project_without_git_is_copied_alone(tmp_path: Path) -> None:
    rootdir = tmp_path / "outer" / "project"
    rootdir.mkdir(parents=True)
    (rootdir / "a.py").write_text("")
    (tmp_path / "outer" / "other.txt").write_text("")
    with private_copy(rootdir, tmp_path / "ours") as copy:
        assert (copy.rootdir, names(copy.rootdir)) == (copy.tree, ["a.py"])


def test_environments_caches_and_what_is_ours_are_left_out(project: Path, tmp_path: Path) -> None:
    for folder in ("env/lib", "conda/conda-meta", "node_modules/x", "__pycache__", ".pytest_cache", ".tox", "report/runs", "kept"):
        (project / folder).mkdir(parents=True)
        (project / folder / "file").write_text("")
    (project / "env/pyvenv.cfg").write_text("")
    with private_copy(project, project / "report" / "tmp", exclude=[project / "report"]) as copy:
        assert names(copy.rootdir) == ["kept", "kept/file", "test_a.py"]


def test_a_copy_may_be_made_inside_the_tree_that_it_is_a_copy_of(project: Path) -> None:
    with private_copy(project, project / "tmp") as copy:
        assert names(copy.rootdir) == ["test_a.py"]


def test_ignored_files_are_copied_too_but_not_huge_ones(project: Path, tmp_path: Path) -> None:
    (project / ".gitignore").write_text(".env\n/data/\n")
    (project / ".env").write_text("SECRET=1\n")
    (project / "data").mkdir()
    os.truncate(os.open(project / "data/huge", os.O_CREAT | os.O_WRONLY), 300 << 20)
    with private_copy(project, tmp_path / "ours") as copy:
        assert names(copy.rootdir) == [".env", ".gitignore", "test_a.py"]
        assert [gap.text for gap in copy.gaps] == ["backend/data is ignored by git, large (300 MB or more) and was not copied"]


def test_a_worktree_is_copied_without_its_link_to_the_repository(project: Path, tmp_path: Path) -> None:
    repository = project.parent
    git(repository, "add", "."), git(repository, "commit", "-qm", "all"), git(repository, "worktree", "add", "-q", str(tmp_path / "tree"))
    with private_copy(tmp_path / "tree" / "backend", tmp_path / "ours") as copy:
        assert names(copy.tree) == ["backend", "backend/test_a.py", "shared.txt"]
        assert [gap.text for gap in copy.gaps] == [
            ".git is a link to a repository elsewhere and was not copied: the copy is not a git checkout"
        ]


def test_a_project_that_its_repository_ignores_is_copied_alone(project: Path, tmp_path: Path) -> None:
    (project.parent / ".gitignore").write_text("node_modules\n")
    inner = project.parent / "node_modules" / "inner"
    inner.mkdir(parents=True)
    with private_copy(inner, tmp_path / "ours") as copy:
        assert copy.rootdir == copy.tree


def test_of_a_huge_repository_only_the_project_is_copied(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey_module, "MAX_ENTRIES", 3)
    with private_copy(project, tmp_path / "ours") as copy:
        assert names(copy.tree) == ["test_a.py"]
        assert "too large to be copied for every run" in copy.gaps[0].text


def test_modes_and_times_are_kept(project: Path, tmp_path: Path) -> None:
    script = project / "script.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    os.utime(script, ns=(1_600_000_000_123_456_789, 1_600_000_000_123_456_789))
    (project / "locked").mkdir()
    (project / "locked" / "secret").write_text("x")
    (project / "locked").chmod(0o555)
    os.utime(project / "locked", ns=(1_500_000_000_000_000_001, 1_500_000_000_000_000_001))
    with private_copy(project, tmp_path / "ours") as copy:
        info = (copy.rootdir / "script.sh").stat()
        assert (info.st_mode & 0o777, info.st_mtime_ns) == (0o755, 1_600_000_000_123_456_789)
        info = (copy.rootdir / "locked").stat()
        assert (info.st_mode & 0o777, info.st_mtime_ns) == (0o555, 1_500_000_000_000_000_001)
        assert (copy.rootdir / "locked" / "secret").read_text() == "x"
    assert list((tmp_path / "ours").iterdir()) == []


def test_links_lead_into_the_copy_or_to_what_was_not_copied(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (project / "env").mkdir()
    (project / "env/pyvenv.cfg").write_text("")
    for name, text in {
        "relative": "test_a.py",
        "absolute": str(project / "test_a.py"),
        "to-the-top": str(project.parent / "shared.txt"),
        "out-relative": "../../outside",
        "out-absolute": str(outside),
        "to-left-out": "env/pyvenv.cfg",
        "dangling": "nowhere",
        "dangling-absolute": str(project / "nowhere"),
    }.items():
        (project / name).symlink_to(text)
    template = Template.of(project, tmp_path / "ours")
    with template, template.copy(tmp_path / "ours") as copy:
        assert {path.name: str(path.readlink()) for path in copy.rootdir.iterdir() if path.is_symlink()} == {
            "relative": "test_a.py",
            "absolute": f"{copy.rootdir}/test_a.py",
            "to-the-top": f"{copy.tree}/shared.txt",
            "out-relative": str(outside),
            "out-absolute": str(outside),
            "to-left-out": f"{project}/env/pyvenv.cfg",
            "dangling": "nowhere",
            "dangling-absolute": f"{copy.rootdir}/nowhere",
        }


def test_a_linked_folder_stays_a_link(project: Path, tmp_path: Path) -> None:
    (project / "real").mkdir()
    (project / "real" / "file").write_text("1")
    (project / "linked").symlink_to(project / "real")
    with private_copy(project, tmp_path / "ours") as copy:
        (copy.rootdir / "linked" / "file").write_text("2")
        assert (copy.rootdir / "real" / "file").read_text() == "2"
    assert (project / "real" / "file").read_text() == "1"


def test_pipes_and_sockets_are_left_out(project: Path, tmp_path: Path) -> None:
    os.mkfifo(project / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(project)  # a socket's path must be short
        listener.bind("socket")
        os.chdir(here)
        with private_copy(project, tmp_path / "ours") as copy:
            assert names(copy.rootdir) == ["test_a.py"]


def test_copies_of_a_template_do_not_see_later_edits_nor_one_another(project: Path, tmp_path: Path) -> None:
    with Template.of(project, tmp_path / "ours") as template:
        (project / "test_a.py").write_text("edited\n")
        with template.copy(tmp_path / "ours") as first, template.copy(tmp_path / "ours") as second:
            (first.rootdir / "test_a.py").write_text("first\n")
            assert (second.rootdir / "test_a.py").read_text() == "def test_a(): pass\n"
            assert git(second.tree, "rev-parse", "--is-inside-work-tree") == "true\n"
    assert (project / "test_a.py").read_text() == "edited\n"
    assert list((tmp_path / "ours").iterdir()) == []


def test_a_commit_in_a_copy_does_not_reach_the_template(project: Path, tmp_path: Path) -> None:
    git(project.parent, "add", "."), git(project.parent, "commit", "-qm", "one")
    with Template.of(project, tmp_path / "ours") as template:
        with template.copy(tmp_path / "ours") as first:
            git(first.tree, "commit", "-qm", "two", "--allow-empty"), git(first.tree, "gc", "-q")
        with template.copy(tmp_path / "ours") as second:
            assert git(second.tree, "log", "--format=%s") == "one\n"
            assert git(second.tree, "fsck") == ""


def test_modules_that_one_run_compiled_are_compiled_in_other_copies_too(project: Path, tmp_path: Path) -> None:
    (project / "module.py").write_text("def where(): return where.__code__.co_filename\n")
    command = (sys.executable, "-c", "import module; print(module.__cached__, module.where())")
    env = {"PATH": os.environ["PATH"]}
    with Template.of(project, tmp_path / "ours") as template:
        with template.lend() as first:
            assert not (first.rootdir / "__pycache__").exists()
            subprocess.run(command, cwd=first.rootdir, env=env, check=True, capture_output=True)
            (first.rootdir / "__pycache__" / "test_a.cpython-311-pytest-8.0.0.pyc").write_text("")
        with template.lend(), template.copy(tmp_path / "ours") as second:
            (compiled,) = (second.rootdir / "__pycache__").iterdir()
            number = compiled.stat().st_ino
            ended = subprocess.run(command, cwd=second.rootdir, env=env, check=True, capture_output=True, text=True)
            assert ended.stdout.split() == [str(compiled), str(second.rootdir / "module.py")]
            assert compiled.stat().st_ino == number
    assert not (project / "__pycache__").exists()


def test_modules_that_the_user_has_compiled_are_compiled_in_a_copy(project: Path, tmp_path: Path) -> None:
    (project / "module.py").write_text("")
    env = {"PATH": os.environ["PATH"]}
    subprocess.run((sys.executable, "-c", "import module"), cwd=project, env=env, check=True)
    (compiled,) = (project / "__pycache__").iterdir()
    with private_copy(project, tmp_path / "ours") as copy:
        assert (copy.rootdir / "__pycache__" / compiled.name).read_bytes() == compiled.read_bytes()


@pytest.mark.slow
def test_five_thousand_files_take_about_a_second(project: Path, tmp_path: Path) -> None:
    for folder in range(100):
        (project / f"f{folder}").mkdir()
        for number in range(50):
            (project / f"f{folder}" / f"{number}.py").write_text("x = 1\n" * 200)
    with Template.of(project, tmp_path / "ours") as template:
        with template.lend() as copy:
            assert len(list(copy.rootdir.rglob("*.py"))) == 5001
        started = time.monotonic()
        with template.lend():
            seconds = time.monotonic() - started
    assert seconds < 5  # 0.1 on an idle machine


def test_read_only_and_very_deep_folders_are_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "locked" / "inner").mkdir(parents=True)
    (top / "locked" / "inner" / "file").write_text("")
    (top / "locked" / "inner").chmod(0o500)
    (top / "locked").chmod(0o100)
    here = Path.cwd()
    os.chdir(top)
    for _ in range(1500):
        Path("d" * 10).mkdir()
        os.chdir("d" * 10)
    os.chdir(here)
    assert remove(top)
    assert not top.exists()


def test_removing_does_not_follow_links(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    assert remove(tmp_path / "gone")
    assert (tmp_path / "kept" / "file").exists()


def test_a_copy_is_removed_when_the_run_in_it_fails(project: Path, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), private_copy(project, tmp_path / "ours"):
        raise ZeroDivisionError
    assert list((tmp_path / "ours").iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_with_a_hint(project: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(SuiteError, match=r"cannot write to .*: Not a directory \(give a writable folder"),
        private_copy(project, tmp_path / "file/x"),
    ):
        pass
