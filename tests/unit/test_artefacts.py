"""Files, folders and archives: what is found in them, what belongs together, what is refused."""

import gc
import gzip
import io
import warnings
import zipfile
from pathlib import Path

import pytest

from flaky_detector.adapters import artefacts
from flaky_detector.adapters.artefacts import gather
from flaky_detector.adapters.sources import reader
from flaky_detector.errors import SettingsError

JUNIT = b"<testsuites><testsuite><testcase classname='a' name='t'/></testsuite></testsuites>"
LOG = b"==== test session starts ====\n[gw0] [ 50%] PASSED a.py::t \n"


def put(folder: Path, **files: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name.replace("__", ".").replace("_", "-")).write_bytes(data)


def zipped(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def found(*paths: Path) -> list[tuple[str, list[str]]]:
    return [(bundle.name, [paper.name for paper in bundle.papers]) for bundle in gather(paths)[0]]


def gaps(*paths: Path) -> list[tuple[str, str]]:
    return [(gap.source, gap.text) for gap in gather(paths)[1]]


def test_a_folder_with_a_journal_is_one_run_of_ours(tmp_path: Path) -> None:
    put(tmp_path / "runs/01", journal_main__jsonl=b"{}", junit__xml=JUNIT, console__log=b"x")
    assert found(tmp_path / "runs") == [("runs/01", ["console.log", "journal-main.jsonl", "junit.xml"])]


def test_a_foreign_junit_file_goes_with_the_console_log_beside_it(tmp_path: Path) -> None:
    put(tmp_path / "ci", junit__xml=JUNIT, console__log=LOG)
    assert found(tmp_path / "ci") == [("ci", ["junit.xml", "console.log"])]


def test_several_junit_files_are_several_runs_each_with_the_log_that_is_called_alike(tmp_path: Path) -> None:
    put(tmp_path / "ci", junit_3__12__xml=JUNIT, junit_3__13__xml=JUNIT, console_3__13__log=LOG)
    assert found(tmp_path / "ci") == [
        ("ci/junit-3.12.xml", ["junit-3.12.xml"]),
        ("ci/junit-3.13.xml", ["junit-3.13.xml", "console-3.13.log"]),
    ]


def test_a_log_may_say_which_junit_file_is_its_own(tmp_path: Path) -> None:
    said = LOG + b"- generated xml file: /home/runner/work/b.xml -\n"
    put(tmp_path / "ci", a__xml=JUNIT, b__xml=JUNIT, job__txt=said)
    assert found(tmp_path / "ci") == [("ci/a.xml", ["a.xml"]), ("ci/b.xml", ["b.xml", "job.txt"])]


def test_two_runs_in_one_log_are_two_bundles(tmp_path: Path) -> None:
    put(tmp_path / "ci", job__log=b"set up\n" + LOG + LOG)
    assert found(tmp_path / "ci") == [("ci/job.log#1", ["job.log#1"]), ("ci/job.log#2", ["job.log#2"])]


def test_a_run_that_a_test_started_does_not_count_as_another(tmp_path: Path) -> None:
    inner = b"==== test session starts ====\nrootdir: /tmp/pytest-of-me/pytest-0\n"
    put(tmp_path / "ci", job__log=LOG + inner)
    assert found(tmp_path / "ci") == [("ci", ["job.log"])]


def test_other_files_of_a_folder_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "ci", junit__xml=JUNIT, coverage__xml=b"<coverage/>", notes__txt=b"hello", true_order__json=b"{}", image__png=b"\x89PNG")
    put(tmp_path / "ci/.git", junit__xml=JUNIT)
    assert found(tmp_path / "ci") == [("ci", ["junit.xml"])]
    assert gaps(tmp_path / "ci") == []


def test_archives_within_archives_and_packed_logs_are_opened(tmp_path: Path) -> None:
    inner = zipped(junit__xml=JUNIT, console__log__gz=gzip.compress(LOG, mtime=0))
    put(tmp_path, all__zip=zipped(linux__zip=inner))
    assert found(tmp_path / "all.zip") == [(f"{tmp_path.name}/all.zip/linux.zip", ["junit.xml", "console.log"])]


def test_a_path_that_does_not_exist_is_a_mistake_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no '.*gone'"):
        gather([tmp_path / "gone"])


def test_folders_that_are_called_alike_are_kept_apart(tmp_path: Path) -> None:
    put(tmp_path / "a/ci", junit__xml=JUNIT)
    put(tmp_path / "b/ci", junit__xml=JUNIT)
    assert found(tmp_path / "a/ci", tmp_path / "b/ci") == [("ci", ["junit.xml"]), (f"{tmp_path}/b/ci".lstrip("/"), ["junit.xml"])]


def test_a_file_given_by_name_that_is_no_evidence_is_named(tmp_path: Path) -> None:
    put(tmp_path, notes__md=b"hello")
    assert gaps(tmp_path / "notes.md") == [
        (str(tmp_path / "notes.md"), "is neither JUnit XML, nor a journal, nor a pytest console log: left out")
    ]


def test_an_empty_folder_is_a_gap(tmp_path: Path) -> None:
    assert gaps(tmp_path) == [(str(tmp_path), "there is no JUnit XML, journal or pytest console log in it; give a run's artefacts")]


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.zip", b"PK\x03\x04 and then nothing", "is not a whole zip file (File is not a zip file); download it again"),
        ("a.xml.gz", gzip.compress(JUNIT, mtime=0)[:-12], "is not a whole gzip file ("),
    ],
)
def test_a_damaged_archive_is_a_gap(tmp_path: Path, name: str, data: bytes, text: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert gaps(tmp_path / name)[0][1].startswith(text)


def test_an_archive_bomb_costs_a_gap_and_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGEST_FILE", 1_000_000)
    put(tmp_path, all__zip=zipped(bomb__log=bytes(5_000_000), junit__xml=JUNIT), bomb__log__gz=gzip.compress(bytes(5_000_000), mtime=0))
    bundles, said = gather([tmp_path / "all.zip", tmp_path / "bomb.log.gz"])
    assert [paper.name for bundle in bundles for paper in bundle.papers] == ["junit.xml"]
    assert [gap.text for gap in said] == ["refused: it unpacks to more than 0 MiB"] * 2


def test_an_archive_too_deep_is_not_opened(tmp_path: Path) -> None:
    data = zipped(junit__xml=JUNIT)
    for _ in range(3):
        data = zipped(inner__zip=data)
    put(tmp_path, all__zip=data)
    assert gaps(tmp_path / "all.zip")[0][1] == "an archive within 3 archives: not opened"


def test_a_name_in_an_archive_that_climbs_out_is_only_a_name(tmp_path: Path) -> None:
    put(tmp_path, all__zip=zipped(**{"../../junit__xml": JUNIT}))
    assert len(found(tmp_path / "all.zip")) == 1
    assert not (tmp_path.parent / "junit.xml").exists()


def test_sources_are_read_below_the_rootdir_only(tmp_path: Path) -> None:
    put(tmp_path / "project", a__py=b"x = 1\n", image__py=b"\xff\xfe\x00")
    put(tmp_path, secret__py=b"y")
    read = reader(tmp_path / "project")
    assert [read("a.py"), read("image.py"), read("gone.py"), read("../secret.py"), read(str(tmp_path / "secret.py"))] == [
        "x = 1\n",
        None,
        None,
        None,
        None,
    ]


def test_papers_are_read_when_they_are_asked_for_and_not_kept(tmp_path: Path) -> None:
    put(tmp_path / "ci", junit__xml=JUNIT)
    ((bundle,), _) = gather([tmp_path / "ci"])
    put(tmp_path / "ci", junit__xml=JUNIT + b"<!-- more -->")
    assert bundle.papers[0].data == JUNIT + b"<!-- more -->"
    (tmp_path / "ci/junit.xml").unlink()
    assert bundle.papers[0].data == b""


def test_papers_of_archives_are_unpacked_again_in_any_order(tmp_path: Path) -> None:
    inner = zipped(junit__xml=JUNIT, console__log__gz=gzip.compress(LOG, mtime=0))
    put(tmp_path, all__zip=zipped(linux__zip=inner, mac__zip=zipped(junit__xml=JUNIT + b"\n")))
    linux, mac = gather([tmp_path / "all.zip"])[0]
    assert [mac.papers[0].data, linux.papers[1].data, linux.papers[0].data, mac.papers[0].data] == [
        JUNIT + b"\n",
        LOG,
        JUNIT,
        JUNIT + b"\n",
    ]


def test_an_archive_is_closed_when_nobody_can_read_it_any_more(tmp_path: Path) -> None:
    put(tmp_path, all__zip=zipped(junit__xml=JUNIT))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for _ in range(20):
            bundles, _gaps = gather([tmp_path / "all.zip"])
            ring: list[object] = [bundles]
            ring.append(ring)
        del bundles, ring
        gc.collect()
    assert [str(one.message) for one in said] == []


def test_an_archive_may_be_larger_than_any_one_file_of_it_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGEST_FILE", 1000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for number in range(20):
            archive.writestr(f"{number:02d}/junit.xml", JUNIT + b" " * 500)
    assert (tmp_path / "all.zip").stat().st_size > 10_000
    assert len(found(tmp_path / "all.zip")) == 20


def test_all_together_may_be_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefacts, "LARGEST_IN_ALL", 2 * len(JUNIT))
    put(tmp_path / "ci", a__xml=JUNIT, b__xml=JUNIT, c__xml=JUNIT)
    assert [name for name, _ in found(tmp_path / "ci")] == ["ci/a.xml", "ci/b.xml"]
    assert [source for source, _ in gaps(tmp_path / "ci")] == ["ci/c.xml"]
