"""A run in the user's own tree: afterwards it is as it was, also after a kill."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from flaky_detector.adapters.workspace import guarded, restore_left_over
from flaky_detector.errors import SuiteError
from flaky_detector.model import Gap

OLD_NS = 1_600_000_000_000_000_007


@pytest.fixture
def project(tmp_path: Path) -> Path:
    rootdir = tmp_path / "project"
    (rootdir / "pkg").mkdir(parents=True)
    for name in ("changed.py", "vanishing.py", "pkg/inner.py", "same_size.py", "untouched.py"):
        (rootdir / name).write_text(f"# {name}\n")
        os.utime(rootdir / name, ns=(OLD_NS, OLD_NS))
    (rootdir / "link").symlink_to("changed.py")
    return rootdir


def picture(folder: Path) -> Mapping[str, tuple[str, int, int]]:
    """Contents, modes and times of everything."""
    return {
        path.relative_to(folder).as_posix(): (
            str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else "",
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
    }


def do_damage(rootdir: Path) -> None:
    (rootdir / "changed.py").write_text("changed\n")
    (rootdir / "changed.py").chmod(0o755)
    (rootdir / "vanishing.py").unlink()
    (rootdir / "pkg" / "inner.py").unlink()
    (rootdir / "pkg").rmdir()
    (rootdir / "same_size.py").write_text("# SAME_SIZE.PY\n")
    os.utime(rootdir / "same_size.py", ns=(OLD_NS, OLD_NS))
    (rootdir / "new.py").write_text("new\n")
    (rootdir / "new_folder" / "deep").mkdir(parents=True)
    (rootdir / "new_folder" / "deep" / "file").write_text("")
    (rootdir / "__pycache__").mkdir()
    (rootdir / "link").unlink()
    (rootdir / "link").symlink_to("new.py")


def do_damage_and_fail(rootdir: Path) -> None:
    do_damage(rootdir)
    (rootdir / "vanishing.py").read_text()


def test_what_appeared_changed_or_vanished_is_put_back(project: Path, tmp_path: Path) -> None:
    before = picture(project)
    with guarded(project, state=tmp_path / "state") as place:
        assert (place.rootdir, place.tree, place.original_tree) == (project, project, project)
        do_damage(project)
    assert picture(project) == before


def test_the_tree_is_put_back_when_the_run_fails(project: Path, tmp_path: Path) -> None:
    before = picture(project)
    with pytest.raises(FileNotFoundError), guarded(project, state=tmp_path / "state"):
        do_damage_and_fail(project)
    assert picture(project) == before


def test_nothing_is_touched_where_nothing_happened(project: Path, tmp_path: Path) -> None:
    before = {path: path.lstat().st_ctime_ns for path in project.rglob("*") if not path.is_dir()}
    gaps: list[Gap] = []
    with guarded(project, state=tmp_path / "state", tell=gaps.append):
        pass
    assert {path: path.lstat().st_ctime_ns for path in project.rglob("*") if not path.is_dir()} == before
    assert gaps == []


def test_a_file_that_became_a_folder_and_the_reverse_are_put_back(project: Path, tmp_path: Path) -> None:
    before = picture(project)
    with guarded(project, state=tmp_path / "state"):
        (project / "changed.py").unlink()
        (project / "changed.py").mkdir()
        (project / "changed.py" / "inside").write_text("")
        (project / "pkg" / "inner.py").unlink()
        (project / "pkg").rmdir()
        (project / "pkg").write_text("now a file")
    assert picture(project) == before


def test_what_was_overwritten_is_kept_aside_and_told(project: Path, tmp_path: Path) -> None:
    gaps: list[Gap] = []
    with guarded(project, state=tmp_path / "state", tell=gaps.append):
        (project / "changed.py").write_text("an hour's work\n")
    assert (project / "changed.py").read_text() == "# changed.py\n"
    (aside,) = (tmp_path / "state").glob("*/aside-*/changed.py")
    assert aside.read_text() == "an hour's work\n"
    assert [gap.text for gap in gaps] == [f"what the run in place had changed was moved to {aside.parent}"]


def test_the_report_environments_and_git_are_left_alone(project: Path, tmp_path: Path) -> None:
    (project / ".git").mkdir()
    (project / "env").mkdir()
    (project / "env" / "pyvenv.cfg").write_text("")
    with guarded(project, exclude=[project / "out" / "report"], state=tmp_path / "state"):
        (project / ".git" / "index").write_text("staged")
        (project / "env" / "installed").write_text("")
        (project / "out" / "report").mkdir(parents=True)
        (project / "out" / "report" / "junit.xml").write_text("<x/>")
        (project / "out" / "stray").write_text("")
    assert (project / ".git" / "index").exists()
    assert (project / "env" / "installed").exists()
    assert [path.name for path in sorted((project / "out").rglob("*"))] == ["report", "junit.xml"]


KILLED = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from flaky_detector.adapters.workspace import guarded
with guarded(Path(sys.argv[2]), state=Path(sys.argv[3])):
    Path(sys.argv[2], "changed.py").write_text("changed")
    Path(sys.argv[2], "vanishing.py").unlink()
    Path(sys.argv[2], "new.py").write_text("new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed_run(project: Path, state: Path) -> None:
    command = (sys.executable, "-c", KILLED, str(Path(__file__).parents[2]), str(project), str(state))
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL


def test_what_a_killed_run_left_is_put_back_at_the_next_start(project: Path, tmp_path: Path) -> None:
    before = picture(project)
    killed_run(project, tmp_path / "state")
    assert picture(project) != before
    gaps = restore_left_over(project, state=tmp_path / "state")
    assert picture(project) == before
    assert len(gaps) == 1
    assert restore_left_over(project, state=tmp_path / "state") == ()


def test_a_run_in_place_begins_by_putting_back_what_a_killed_one_left(project: Path, tmp_path: Path) -> None:
    before = picture(project)
    killed_run(project, tmp_path / "state")
    with guarded(project, state=tmp_path / "state"):
        assert picture(project) == before


def test_what_the_user_did_after_the_kill_is_left_alone(project: Path, tmp_path: Path) -> None:
    killed_run(project, tmp_path / "state")
    (beat,) = (tmp_path / "state").glob("*/beat")
    os.utime(beat, (1, 1))  # as if the kill was long ago and everything happened since
    gaps = restore_left_over(project, state=tmp_path / "state")
    assert (project / "changed.py").read_text() == "changed"
    assert "changed.py changed after the run in place had been killed, and was left as it is" in [gap.text for gap in gaps]


def test_two_runs_in_one_tree_are_refused(project: Path, tmp_path: Path) -> None:
    with guarded(project, state=tmp_path / "state"), pytest.raises(SuiteError, match="another run is under way in this tree"):
        restore_left_over(project, state=tmp_path / "state")


def test_a_snapshot_that_was_not_finished_is_never_used(project: Path, tmp_path: Path) -> None:
    killed_run(project, tmp_path / "state")
    (survey,) = (tmp_path / "state").glob("*/survey.json")
    survey.rename(survey.with_suffix(".half"))
    left = picture(project)
    assert restore_left_over(project, state=tmp_path / "state") == ()
    assert picture(project) == left
