"""Room on the disks: what counts as full, who waits for room, and the reserve for the report."""

import errno
import os
from pathlib import Path

import pytest

from flaky_detector.adapters import space
from flaky_detector.errors import Interrupted, NoSpaceError


def test_a_disk_with_room_is_not_full_nor_is_one_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert space.full_one(tmp_path, tmp_path / "not/yet") is None


def test_a_refusal_for_want_of_room_is_told_with_the_disk_and_a_hint(tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError) as caught, space.full_disks_told(tmp_path), Path("/dev/full").open("wb", 0) as file:
        file.write(b"x")
    assert caught.value.message == f"no space is left on the disk at {space.disk_of(tmp_path)}"
    assert caught.value.hint == "free some space there, or give other folders to --output and to the variable TMPDIR"
    assert isinstance(caught.value, Interrupted)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("number", [errno.EACCES, errno.ENOENT])
def test_any_other_refusal_stays_what_it_is(tmp_path: Path, number: int) -> None:
    with pytest.raises(OSError, match=os.strerror(number)) as caught, space.full_disks_told(tmp_path):
        raise OSError(number, os.strerror(number))
    assert not isinstance(caught.value, NoSpaceError)


def test_a_quota_that_is_used_up_is_a_full_disk(tmp_path: Path) -> None:
    with pytest.raises(NoSpaceError, match="no space is left on the disk at /"), space.full_disks_told(tmp_path):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), str(tmp_path / "file"))


def test_a_reserve_takes_room_and_gives_it_back(tmp_path: Path) -> None:
    with space.reserve(tmp_path):
        (reserved,) = tmp_path.iterdir()
        assert reserved.stat().st_size == 1 << 20
        assert reserved.stat().st_blocks * 512 >= 1 << 20
    assert list(tmp_path.iterdir()) == []


def test_a_reserve_that_cannot_be_had_is_done_without(tmp_path: Path) -> None:
    with space.reserve(tmp_path / "missing"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_tick_is_passed_on(tmp_path: Path) -> None:
    heard: list[float] = []
    watch = space.Watch(tmp_path)
    watch.ticking(heard.append)(1.5)
    watch.ticking(None)(2.5)
    assert heard == [1.5]
    assert watch.full is None
