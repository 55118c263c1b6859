"""The history file: there and back, and what is done with one that cannot be used."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from flaky_detector.adapters import history
from flaky_detector.adapters.history.tables import APPLICATION_ID, STEPS
from flaky_detector.errors import HistoryError
from flaky_detector.model import CauseNight, History, KnownCause, KnownIssue, KnownOrder, Signature, Step
from flaky_detector.model import TestId as Id

TODAY = "2025-01-06"
P, V, W = Id("tests/test_b.py::test_p[a b]"), Id("tests/test_a.py::test_v"), Id("tests/test_a.py::test_w")
ORDER = KnownOrder(
    fingerprint="f1",
    test=V,
    signature=Signature(rule="migration-drift", resources=("shop.A", "shop.B"), exception="SystemExit: 1"),
    order=(Step(0, W), Step(0, P), Step(1, V)),
    warm_up=(W,),
    python="3.12",
    rate=0.75,
    app_labels=("shop",),
)
CAUSE = KnownCause(
    number=7,
    kind="polluter",
    fingerprints=("f1", "f2"),
    sets=((P,), (P, W)),
    tests=(V, W),
    orders=(ORDER,),
    first_seen="2025-01-01",
    last_seen="2025-01-04",
    nights=(CauseNight("2025-01-01", "proven"), CauseNight("2025-01-05", "quiet", "re-run: 0 of 3")),
    issue=KnownIssue(repository="acme/shop", number=12, url="https://x/12", written="2025-01-04", closed="2025-01-05", is_declined=True),
)
WHOLE = History(causes=(CAUSE, replace(CAUSE, number=9, kind="state-setter", issue=None)), nights=("2025-01-01", "2025-01-05"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nights.sqlite"


def made(path: Path, *scripts: str, application: int = APPLICATION_ID, version: int = len(STEPS)) -> Path:
    """A SQLite file by hand."""
    with closing(sqlite3.connect(path)) as database:
        for script in scripts:
            database.executescript(script)
        database.execute(f"PRAGMA application_id = {application}")
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()
    return path


def test_what_is_written_is_read_back(path: Path) -> None:
    history.write(path, WHOLE)
    assert history.read(path, TODAY) == history.Opened(history=WHOLE)
    history.write(path, replace(WHOLE, causes=()))
    assert history.read(path, TODAY).history == History(nights=("2025-01-01", "2025-01-05"))


def test_it_is_a_sqlite_file_that_anybody_can_ask(path: Path) -> None:
    history.write(path, WHOLE)
    with closing(sqlite3.connect(path)) as database:
        asked = "SELECT date, verdict FROM cause_night JOIN cause ON cause = number WHERE kind = 'polluter' ORDER BY date"
        assert database.execute(asked).fetchall() == [("2025-01-01", "proven"), ("2025-01-05", "quiet")]
        assert database.execute("PRAGMA user_version").fetchone() == (2,)


def test_nothing_but_the_file_is_left_in_its_folder_which_is_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "nights.sqlite"
    history.write(path, WHOLE)
    assert [each.name for each in path.parent.iterdir()] == ["nights.sqlite"]


def test_no_file_is_the_first_night(path: Path) -> None:
    assert history.read(path, TODAY) == history.Opened(is_new=True)


def test_a_file_of_the_first_version_is_brought_up_to_date(path: Path) -> None:
    """Version 1 knew no issues."""
    rows = """
    INSERT INTO night VALUES ('2025-01-01');
    INSERT INTO cause VALUES (3, 'polluter', '2025-01-01', '2025-01-01');
    INSERT INTO cause_night VALUES (3, '2025-01-01', 'proven', '');
    INSERT INTO fingerprint VALUES (3, 0, 'f1');
    INSERT INTO named VALUES (3, 0, '["t.py::p"]');
    INSERT INTO failing VALUES (3, 0, 't.py::v');
    """
    (cause,) = history.read(made(path, STEPS[0], rows, version=1), TODAY).history.causes
    assert (cause.number, cause.sets, cause.nights, cause.issue) == (3, (("t.py::p",),), (CauseNight("2025-01-01", "proven"),), None)
    history.write(path, History(causes=(replace(cause, issue=CAUSE.issue),), nights=("2025-01-01",)))
    assert history.read(path, TODAY).history.causes[0].issue == CAUSE.issue


def test_a_file_of_a_later_version_is_left_as_it_is_and_the_night_is_not_remembered(path: Path) -> None:
    before = made(path, *STEPS, version=3).read_bytes()
    opened = history.read(path, TODAY)
    assert (opened.may_write, opened.history, path.read_bytes() == before) == (False, History(), True)
    assert opened.gaps[0].text.endswith(
        "was written by a newer flaky-detector (version 3, this one knows 2): it is left as it is, and tonight is not remembered"
    )


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def scribbled(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:12288] = b"\xff" * 8192
    path.write_bytes(data)


def changed(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path)) as database:
            database.execute(statement)
            database.commit()

    return change


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_text("# Notes of mine\n"), "it is no SQLite file"),
        (lambda path: path.write_bytes(path.read_bytes()[:50]), "it is damaged"),
        (truncated, "it is damaged"),
        (scribbled, "it is damaged"),
        (changed("DROP TABLE fingerprint"), "it is damaged (no such table: fingerprint)"),
        (changed("UPDATE cause SET kind = 'nobody'"), "it is damaged (Invalid enum value 'nobody'"),
        (changed("UPDATE minimal_order SET document = '{'"), "it is damaged (Expecting property name"),
        (changed("UPDATE minimal_order SET document = '[]'"), "it is damaged (Expected `object`, got `array`"),
        (changed("UPDATE failing SET test = '--collect-only'"), "it is damaged ('--collect-only' is no test of a project)"),
        (changed("UPDATE failing SET test = '/etc/x.py::test'"), "it is damaged ('/etc/x.py::test' is no test of a project)"),
        (changed("UPDATE failing SET test = 'a/../../x.py::t'"), "it is damaged ('a/../../x.py::t' is no test of a project)"),
        (changed("PRAGMA application_id = 0"), "it is another program's SQLite file"),
        (changed("PRAGMA user_version = 0"), "it is damaged (it holds no tables)"),
    ],
)
def test_what_cannot_be_used_is_moved_aside_whole_and_told(path: Path, harm: Callable[[Path], object], why: str) -> None:
    history.write(path, WHOLE)
    harm(path)
    harmed = path.read_bytes()
    opened = history.read(path, TODAY)
    aside = path.with_name("nights.sqlite.unusable-2025-01-06")
    assert (opened.history, opened.may_write, opened.is_new) == (History(), True, False)
    assert opened.gaps[0].source == "history"
    assert opened.gaps[0].text.startswith(f"{path} cannot be used: {why}")
    assert opened.gaps[0].text.endswith("; it was moved aside to nights.sqlite.unusable-2025-01-06, and a new one is begun")
    assert (path.exists(), aside.read_bytes() == harmed) == (False, True)


def test_what_was_moved_aside_before_is_not_written_over(path: Path) -> None:
    for number in range(3):
        path.write_text(f"unusable {number}")
        history.read(path, TODAY)
    assert {each.name: each.read_text() for each in path.parent.iterdir()} == {
        "nights.sqlite.unusable-2025-01-06": "unusable 0",
        "nights.sqlite.unusable-2025-01-06-2": "unusable 1",
        "nights.sqlite.unusable-2025-01-06-3": "unusable 2",
    }


def test_a_folder_in_its_place_is_told_and_left(path: Path) -> None:
    path.mkdir()
    opened = history.read(path, TODAY)
    assert (opened.may_write, opened.gaps[0].text) == (False, f"{path} cannot be read (Is a directory): tonight is not remembered")


def test_where_nothing_can_be_written_the_old_file_stays_and_nothing_is_left_behind(path: Path) -> None:
    path.mkdir()
    (path / "x").touch()
    with pytest.raises(HistoryError, match=r"the history .*nights\.sqlite could not be written: Is a directory"):
        history.write(path, WHOLE)
    assert [each.name for each in path.parent.iterdir()] == ["nights.sqlite"]


def test_a_name_that_no_file_can_hold_is_remembered_without_what_is_wrong_with_it(path: Path) -> None:
    odd = Id("t.py::test_\ud800")
    history.write(path, History(causes=(KnownCause(number=1, kind="polluter", fingerprints=("f",), sets=((odd,),), tests=(odd,)),)))
    assert history.read(path, TODAY).history.causes[0].tests == ("t.py::test_?",)
