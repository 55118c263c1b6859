"""How what a test leaves behind is told."""

import pytest

from flaky_detector.model import StateChange
from flaky_detector.model.words import leaves


def change(kind: str, key: str, way: str) -> StateChange:
    return StateChange(kind=kind, key=key, before=None if way == "adds" else "a", after=None if way == "removes" else "b")


@pytest.mark.parametrize(
    ("kind", "way", "told"),
    [
        ("django-setting", "changes", "changes the setting `x`"),
        ("django-setting", "adds", "sets the setting `x`"),
        ("django-signal", "adds", "connects the signal receiver `x`"),
        ("django-signal", "removes", "disconnects the signal receiver `x`"),
        ("django-urlconf", "adds", "sets Django's `x`"),
        ("django-language", "adds", "leaves another language active"),
        ("django-timezone", "adds", "leaves another time zone active"),
        ("django-cache", "adds", "fills the cache `x`"),
        ("table", "adds", "creates the table `x`"),
        ("table", "removes", "drops the table `x`"),
        ("rows", "adds", "leaves rows in the table `x`"),
        ("rows", "removes", "empties the table `x`"),
        ("rows", "changes", "leaves more or fewer rows in the table `x`"),
        ("django-migration", "removes", "takes back the record of the migration `x`"),
        ("module-global", "changes", "changes the module global `x`"),
        ("class-attribute", "adds", "adds the class attribute `x`"),
        ("module-attribute", "changes", "patches the attribute `x`"),
        ("cache", "adds", "fills the cache of `x`"),
        ("module", "adds", "fakes the module `x`"),
        ("module", "removes", "unloads the module `x`"),
        ("logging", "changes", "changes the logging setting `x`"),
        ("thread", "adds", "leaves running the thread `x`"),
        ("umask", "changes", "changes the process's umask"),
        ("temporary-file", "adds", "writes the temporary file `x`"),
        ("environ", "adds", "sets the environment variable `x`"),
        ("something-new", "changes", "changes something new `x`"),
    ],
)
def test_a_change_is_told_by_its_kind_and_its_way(kind: str, way: str, told: str) -> None:
    assert leaves([change(kind, "x", way)]) == told


def test_changes_of_one_kind_and_way_are_told_together() -> None:
    rows = [change("rows", f"t{number}", "removes") for number in range(5)]
    assert leaves([*rows, change("rows", "new", "adds")]) == (
        "leaves rows in the table `new` and empties the tables `t0`, `t1`, `t2` and 2 more"
    )
