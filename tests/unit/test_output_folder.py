"""The output folder: ours is renewed, everything else is left alone, no reader sees half a file."""

from pathlib import Path

import pytest

from flaky_detector.adapters.pages import MARKER, prepare, write
from flaky_detector.errors import SettingsError


def tree(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_missing_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    assert prepare(tmp_path / "a/b") == tmp_path / "a/b"
    assert tree(tmp_path) == [f"a/b/runs/{MARKER}"]


def test_the_runs_of_an_earlier_report_are_removed(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "runs/01-own").mkdir()
    (tmp_path / "runs/01-own/junit.xml").write_text("old")
    (tmp_path / "findings.json").write_text("old")
    prepare(tmp_path)
    assert tree(tmp_path) == ["findings.json", f"runs/{MARKER}"]


def test_a_folder_called_runs_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/mine.txt").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    prepare(tmp_path)
    assert tree(tmp_path) == ["notes.txt", f"runs/{MARKER}", "runs/mine.txt"]


def test_a_relative_folder_is_told_by_its_whole_path(tmp_path: Path) -> None:
    assert prepare(tmp_path / "a/../b") == (tmp_path / "b").resolve()


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_in_the_way_is_told_and_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SettingsError, match="cannot write to the output folder"):
        prepare(tmp_path / name)
    assert (tmp_path / "file").read_text() == "mine"


def test_every_text_goes_into_its_file_and_replaces_what_stood_there(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("a longer text than the new one")
    write(tmp_path, {"a.md": "ä→", "b.html": ""})
    assert {name: (tmp_path / name).read_text(encoding="utf-8") for name in tree(tmp_path)} == {"a.md": "ä→", "b.html": ""}


def test_a_file_that_cannot_be_replaced_is_told_and_no_part_stays(tmp_path: Path) -> None:
    (tmp_path / "a.md").mkdir()
    with pytest.raises(SettingsError) as raised:
        write(tmp_path, {"a.md": "text"})
    assert raised.value.message.startswith(f"cannot write '{tmp_path}/a.md': ")
    assert tree(tmp_path) == []


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot write .*: No such file or directory"):
        write(tmp_path / "gone", {"a.md": "text"})
