"""The tables of the history file, SQLite, in every version that there was.

Owns their shape and the way there and back: `decoded(encoded(history)) == history`. A file is looked at in
memory, and is what somebody else may have written: whatever does not hold together is refused. Must not touch the disk.
"""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import msgspec

from flaky_detector.model import CauseNight, History, KnownCause, KnownIssue, KnownOrder, TestId, path_of

APPLICATION_ID = 0x464C4459
MAGIC = b"SQLite format 3\0"

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE night (date TEXT PRIMARY KEY);
    CREATE TABLE cause (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL);
    CREATE TABLE cause_night (cause INTEGER NOT NULL REFERENCES cause, date TEXT NOT NULL, verdict TEXT NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (cause, date));
    CREATE TABLE fingerprint (cause INTEGER NOT NULL REFERENCES cause, place INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (cause, place));
    CREATE TABLE named (cause INTEGER NOT NULL REFERENCES cause, place INTEGER NOT NULL, tests TEXT NOT NULL, PRIMARY KEY (cause, place));
    CREATE TABLE failing (cause INTEGER NOT NULL REFERENCES cause, place INTEGER NOT NULL, test TEXT NOT NULL, PRIMARY KEY (cause, place));
    CREATE TABLE minimal_order (cause INTEGER NOT NULL REFERENCES cause, place INTEGER NOT NULL, test TEXT NOT NULL,
        fingerprint TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (cause, place));
    """,
    """
    CREATE TABLE issue (cause INTEGER PRIMARY KEY REFERENCES cause, repository TEXT NOT NULL, number INTEGER NOT NULL, url TEXT NOT NULL,
        written TEXT NOT NULL, closed TEXT NOT NULL, is_declined INTEGER NOT NULL);
    """,
)
"""Step n makes version n of version n - 1. Only ever appended to: files of every version are about."""

VERSION = len(STEPS)


class UnusableError(Exception):
    """A file that is no history of ours; the text says why."""


class NewerError(Exception):
    """A history of a later version, which is the text."""


def encoded(history: History) -> bytes:
    """The file's content."""
    with closing(sqlite3.connect(":memory:")) as database:
        _upgrade(database, 0)
        database.executemany("INSERT INTO night VALUES (?)", [(date,) for date in history.nights])
        for cause in history.causes:
            _insert(database, cause)
        database.commit()
        return database.serialize()


def _insert(database: sqlite3.Connection, cause: KnownCause) -> None:
    database.execute("INSERT INTO cause VALUES (?, ?, ?, ?)", (cause.number, cause.kind, cause.first_seen, cause.last_seen))
    rows: dict[str, Sequence[Sequence[object]]] = {
        "cause_night": [(night.date, night.verdict, night.note) for night in cause.nights],
        "fingerprint": list(enumerate(cause.fingerprints)),
        "named": [(place, _json(tests)) for place, tests in enumerate(cause.sets)],
        "failing": list(enumerate(map(_storable, cause.tests))),
        "minimal_order": [(place, _storable(order.test), order.fingerprint, _json(order)) for place, order in enumerate(cause.orders)],
    }
    if cause.issue:
        issue = cause.issue
        rows["issue"] = [(issue.repository, issue.number, issue.url, issue.written, issue.closed, int(issue.is_declined))]
    for table, members in rows.items():
        for row in members:
            marks = ", ".join("?" * (len(row) + 1))
            database.execute(f"INSERT INTO {table} VALUES ({marks})", (cause.number, *row))  # noqa: S608 -- names of our own


def _json(value: object) -> str:
    return _storable(json.dumps(msgspec.to_builtins(value), ensure_ascii=False))


def _storable(text: str) -> str:
    """Half a surrogate pair, from a name that was not UTF-8, becomes a question mark: such a test is remembered and not found again."""
    return text.encode("utf-8", "replace").decode()


def decoded(data: bytes) -> History:
    """What a file holds.

    Raises:
        UnusableError: it is damaged, or not ours.
        NewerError: a later program wrote it.
    """
    if not data.startswith(MAGIC):
        raise UnusableError("it is empty" if not data else "it is no SQLite file")
    try:
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(data)
            database.execute("PRAGMA trusted_schema = OFF")
            version = _version(database)
            _upgrade(database, version)
            return _history(database)
    except (sqlite3.Error, msgspec.ValidationError, ValueError, TypeError, RecursionError) as error:
        raise UnusableError(f"it is damaged ({' '.join(str(error).split())[:120]})") from None


def _version(database: sqlite3.Connection) -> int:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    if database.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise UnusableError("it is another program's SQLite file")
    if version > VERSION:
        raise NewerError(version)
    damage = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if damage != "ok" or version < 1:
        raise UnusableError(f"it is damaged ({damage if damage != 'ok' else 'it holds no tables'})")
    return version


def _upgrade(database: sqlite3.Connection, version: int) -> None:
    for step in STEPS[version:]:
        database.executescript(step)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {VERSION}")


def _history(database: sqlite3.Connection) -> History:
    nights = tuple(date for (date,) in database.execute("SELECT date FROM night ORDER BY date"))
    causes = [_cause(database, row) for row in database.execute("SELECT number, kind, first_seen, last_seen FROM cause ORDER BY number")]
    return msgspec.convert(msgspec.to_builtins(History(causes=tuple(causes), nights=nights)), History)  # every type is checked


def _cause(database: sqlite3.Connection, row: Sequence[Any]) -> KnownCause:
    number, kind, first_seen, last_seen = row

    def rows(columns: str, table: str, order: str) -> list[Any]:
        return database.execute(f"SELECT {columns} FROM {table} WHERE cause = ? ORDER BY {order}", (number,)).fetchall()  # noqa: S608 -- our own

    issue = rows("repository, number, url, written, closed, is_declined", "issue", "cause")
    return KnownCause(
        number=number,
        kind=kind,
        first_seen=first_seen,
        last_seen=last_seen,
        fingerprints=tuple(text for (text,) in rows("text", "fingerprint", "place")),
        sets=tuple(tuple(map(_test, json.loads(tests))) for (tests,) in rows("tests", "named", "place")),
        tests=tuple(_test(test) for (test,) in rows("test", "failing", "place")),
        orders=tuple(_order(text) for (text,) in rows("document", "minimal_order", "place")),
        nights=tuple(CauseNight(*night) for night in rows("date, verdict, note", "cause_night", "date")),
        issue=KnownIssue(
            **dict(zip(("repository", "number", "url", "written", "closed"), issue[0], strict=False)), is_declined=bool(issue[0][5])
        )
        if issue
        else None,
    )


def _order(text: str) -> KnownOrder:
    order = msgspec.convert(json.loads(text), KnownOrder)
    for step in order.order:
        _test(step.test)
    if not order.order or order.order[-1].test != order.test:
        raise ValueError("an order does not end with its test")
    return order


def _test(name: str) -> TestId:
    """What a file names is handed to pytest: no option, and no file outside the project."""
    path = path_of(TestId(name))
    if not name or name.startswith("-") or path.startswith("/") or ".." in path.split("/") or "\0" in name:
        raise ValueError(f"{name[:60]!r} is no test of a project")
    return TestId(name)
