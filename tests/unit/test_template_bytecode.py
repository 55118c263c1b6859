"""Templates are compiled once, and again when they change."""

import sys
from pathlib import Path

import jinja2
import pytest

from flaky_detector.stages.report.bytecode import Beside


@pytest.fixture(autouse=True)
def bytecode_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)


def drawn(folder: Path) -> str:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(folder), bytecode_cache=Beside()).get_template("page.md.j2").render()


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_bytecode_lies_where_python_keeps_its_own(tmp_path: Path) -> None:
    (tmp_path / "page.md.j2").write_text("one")
    assert drawn(tmp_path) == "one"
    assert kept(tmp_path) == [f"page.md.{sys.implementation.cache_tag}.pyc", "page.md.j2"]


def test_bytecode_is_used_for_the_very_same_source_only(tmp_path: Path) -> None:
    (tmp_path / "page.md.j2").write_text("one")
    drawn(tmp_path)
    (bytecode,) = (tmp_path / "__pycache__").iterdir()
    bytecode.write_bytes(bytecode.read_bytes().replace(b"one", b"two"))
    assert drawn(tmp_path) == "two"
    (tmp_path / "page.md.j2").write_text("six")
    assert drawn(tmp_path) == "six"


@pytest.mark.parametrize("damage", [b"", b"no bytecode", None])
def test_bytecode_that_is_damaged_or_cannot_be_kept_does_no_harm(tmp_path: Path, damage: bytes | None) -> None:
    (tmp_path / "page.md.j2").write_text("one")
    drawn(tmp_path)
    (bytecode,) = (tmp_path / "__pycache__").iterdir()
    if damage is None:
        bytecode.unlink()
        bytecode.parent.rmdir()
        bytecode.parent.write_text("a file in the way")
    else:
        bytecode.write_bytes(damage)
    assert drawn(tmp_path) == "one"


def test_none_is_written_where_python_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "page.md.j2").write_text("one")
    drawn(tmp_path)
    assert kept(tmp_path) == ["page.md.j2"]
