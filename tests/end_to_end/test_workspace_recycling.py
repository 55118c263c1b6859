"""A copy that is lent again and again is as good as fresh, whatever was done in it."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from flaky_detector.adapters.workspace import Template, remove


@pytest.fixture
def template(tmp_path: Path) -> Iterator[Template]:
    rootdir = tmp_path / "project"
    for folder in ("pkg/deep", "locked"):
        (rootdir / folder).mkdir(parents=True)
    for name in ("module.py", "pkg/inner.py", "pkg/deep/x.py", "locked/file", "plain"):
        (rootdir / name).write_text(f"# {name}\n")
    (rootdir / "link").symlink_to("plain")
    (rootdir / "locked").chmod(0o555)
    subprocess.run(("git", "init", "-q"), cwd=rootdir, check=True)
    subprocess.run(("git", "add", "."), cwd=rootdir, check=True)
    with Template.of(rootdir, tmp_path / "ours") as template:
        yield template


def picture(folder: Path) -> Mapping[str, tuple[str, int, int]]:
    """Contents, modes and times of everything."""
    return {
        path.relative_to(folder).as_posix(): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes().hex() if path.is_file() else "",
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def test_an_untouched_copy_is_lent_again_as_it_is(template: Template) -> None:
    with template.lend() as first:
        before = {path: path.lstat().st_ino for path in first.tree.rglob("*")}
    with template.lend() as second:
        assert {path: path.lstat().st_ino for path in second.tree.rglob("*")} == before


def test_whatever_was_done_in_a_copy_is_undone_before_it_is_lent_again(template: Template) -> None:
    with template.lend() as first:
        root = first.rootdir
        before = picture(root)
        (root / "plain").write_text("# PLAIN\n")
        os.utime(root / "plain", ns=(before["plain"][2], before["plain"][2]))  # the same size and time
        (root / "module.py").chmod(0o777)
        (root / "link").unlink()
        (root / "link").mkdir()
        (root / "locked").chmod(0o755)
        (root / "locked" / "file").unlink()
        (root / "locked" / "new").write_text("")
        (root / "locked").chmod(0o555)
        (root / "pkg" / "deep" / "x.py").unlink()
        (root / "pkg" / "deep").rmdir()
        (root / "pkg" / "deep").write_text("now a file")
        (root / "pkg" / "inner.py").rename(root / "pkg" / "moved.py")
        (root / "new" / "folder").mkdir(parents=True)
        (root / "node_modules").mkdir()
        (root / ".pytest_cache" / "v").mkdir(parents=True)
        (root / "new.py").write_text("")
        os.mkfifo(root / "pipe")
        subprocess.run(("git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"), cwd=root, check=True)
        assert picture(root) != before
    with template.lend() as second:
        assert second.rootdir == root
        assert picture(root) == before


def test_a_folder_replaced_by_a_link_to_elsewhere_is_put_back_without_harm_there(template: Template, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "inner.py").write_text("mine")
    with template.lend() as first:
        (first.rootdir / "pkg").rename(first.rootdir / "pkg2")
        (first.rootdir / "pkg").symlink_to(tmp_path / "elsewhere")
    with template.lend() as second:
        assert (second.rootdir / "pkg" / "inner.py").read_text() == "# pkg/inner.py\n"
        assert not (second.rootdir / "pkg2").exists()
    assert (tmp_path / "elsewhere" / "inner.py").read_text() == "mine"


def test_a_module_compiled_from_a_changed_source_is_not_kept(template: Template) -> None:
    command = (sys.executable, "-c", "import module; print(module.__dict__.get('X'))")
    env = {"PATH": os.environ["PATH"]}
    with template.lend() as first:
        source = first.rootdir / "module.py"
        number = source.stat().st_mtime_ns
        source.write_text("X='evil!'\n\n\n")
        os.utime(source, ns=(number, number))
        assert source.stat().st_size == len("# module.py\n")
        assert subprocess.run(command, cwd=first.rootdir, env=env, check=True, capture_output=True).stdout == b"evil!\n"
    with template.lend() as second:
        assert subprocess.run(command, cwd=second.rootdir, env=env, check=True, capture_output=True).stdout == b"None\n"


def test_copies_lent_at_the_same_time_are_different_ones(template: Template) -> None:
    together = threading.Barrier(2, timeout=20)
    trees: list[Path] = []

    def run() -> None:
        with template.lend() as copy:
            together.wait()
            trees.append(copy.tree)
            together.wait()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(trees)) == 2


def test_a_copy_whose_run_was_interrupted_is_not_lent_again(template: Template) -> None:
    with pytest.raises(ZeroDivisionError), template.lend() as first:
        raise ZeroDivisionError
    with template.lend() as second:
        assert second.tree != first.tree


def test_a_copy_may_be_removed_by_the_run_itself(template: Template) -> None:
    with template.lend() as first:
        assert remove(first.tree)
    with template.lend() as second:
        assert (second.rootdir / "pkg" / "deep" / "x.py").read_text() == "# pkg/deep/x.py\n"


def test_a_socket_that_a_run_left_is_gone(template: Template) -> None:
    with template.lend() as first, socket.socket(socket.AF_UNIX) as listener:
        here = Path.cwd()
        os.chdir(first.rootdir)  # a socket's path must be short
        listener.bind("socket")
        os.chdir(here)
    with template.lend() as second:
        assert not (second.rootdir / "socket").exists()


def test_a_copy_that_is_kept_says_what_has_changed_and_is_brought_back_between_runs(template: Template) -> None:
    loan = template.take()
    before = picture(loan.copy.rootdir)
    assert loan.changes() == []
    (loan.copy.rootdir / "plain").write_text("# other\n")
    (loan.copy.rootdir / "new").touch()
    (loan.copy.rootdir / "pkg" / "__pycache__").mkdir()
    (loan.copy.rootdir / "pkg" / "__pycache__" / "inner.cpython-311.pyc").touch()
    (loan.copy.rootdir / ".benchmarks").mkdir()
    (loan.copy.rootdir / ".hypothesis" / "constants").mkdir(parents=True)
    assert loan.changes() == ["plain", "new"]
    assert loan.renew()
    assert loan.changes() == []
    assert (loan.copy.rootdir / "plain").read_text() == "# plain\n"
    assert {name: what[:2] for name, what in picture(loan.copy.rootdir).items() if "__pycache__" not in name} == {
        name: what[:2] for name, what in before.items()
    }
    template.give_back(loan)
    with template.lend() as copy:
        assert copy.tree == loan.copy.tree


def test_a_copy_that_had_to_be_made_anew_says_so(template: Template) -> None:
    loan = template.take()
    remove(loan.copy.tree)
    assert not loan.renew()
    assert loan.changes() == []
