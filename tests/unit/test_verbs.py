"""What the verbs make of their arguments, before anything is run."""

import argparse
import io
import json
from pathlib import Path

import msgspec
import pytest

from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import SettingsError
from flaky_detector.model import RunSpec
from flaky_detector.pipeline import verbs
from flaky_detector.settings import Settings
from tests.support.records import ran, record

SPECS = tuple(RunSpec(id=f"{n:02d}", python="3.12") for n in range(1, 6))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("1/1", ["01", "02", "03", "04", "05"]),
        ("1/2", ["01", "03", "05"]),
        ("2/2", ["02", "04"]),
        ("5/5", ["05"]),
        ("6/7", []),
    ],
)
def test_a_slice_takes_every_nth_run(text: str, ids: list[str]) -> None:
    assert [spec.id for spec in verbs._slice(SPECS, text)] == ids


def test_all_slices_together_are_the_plan() -> None:
    assert sorted(spec.id for n in (1, 2, 3) for spec in verbs._slice(SPECS, f"{n}/3")) == ["01", "02", "03", "04", "05"]


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/0", "-1/2", "a/b", "1/2/3", "", "²/3"])
def test_a_slice_that_is_none_is_told(text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        verbs._slice(SPECS, text)
    assert raised.value.message == f"bad value {text!r} for the option --slice"
    assert raised.value.hint == "give I/N with I from 1 to N, such as 2/4"


def test_an_order_file_holds_a_node_id_a_line(tmp_path: Path) -> None:
    (tmp_path / "order.txt").write_text("a.py::test_1\n\n  a.py::test_2[x y]@group \r\nä.py::test_3\n", encoding="utf-8")
    assert verbs._order_file(tmp_path / "order.txt") == ("a.py::test_1", "a.py::test_2[x y]", "ä.py::test_3")
    assert verbs._order_file(None) == ()


def test_an_order_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "order.bin").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "order.bin", tmp_path / "none.txt", tmp_path):
        with pytest.raises(SettingsError, match="cannot read the order"):
            verbs._order_file(path)


def test_a_plan_in_a_file_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(msgspec.json.encode({"v": 1, "runs": SPECS}))
    assert verbs._read_plan(tmp_path / "plan.json") == SPECS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"runs": 3}', '{"runs": [{"id": "1"}]}', "null"])
def test_a_file_that_holds_no_plan_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(SettingsError, match="cannot read the plan"):
        verbs._read_plan(tmp_path / "plan.json")


def test_the_table_stands_in_columns() -> None:
    specs = (
        RunSpec(id="01-own", python="", why="the own order"),
        RunSpec(id="02-3.12-load", python="3.12", workers=2, distribution="load", seed=0, why="shuffled"),
    )
    assert verbs._table(specs).splitlines() == [
        "id            python   workers  dist  seed  what for",
        "01-own        default  -        no    -     the own order",
        "02-3.12-load  3.12     2        load  0     shuffled",
        "",
        "After the first run the plan is asked again: tests that left state behind are then run first, before everything else.",
    ]


def planned(form: str, capsys: pytest.CaptureFixture[str], **settings: object) -> str:
    call = verbs.Call(
        settings=Settings(runs=2, **settings),  # type: ignore[arg-type]
        arguments=argparse.Namespace(format=form, slices=0, save=None, after=[]),
        environ={},
        voice=Voice(stream=io.StringIO()),
    )
    assert verbs.plan(call) == 0
    return capsys.readouterr().out


def test_a_plan_as_a_matrix_has_a_slice_for_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(planned("matrix", capsys, python=("3.12",))) == {
        "include": [
            {"slice": "1/2", "id": "01-3.12-own", "python": "3.12"},
            {"slice": "2/2", "id": "02-3.12-shuffled-seed1-worksteal-2", "python": "3.12"},
        ]
    }


def test_a_plan_as_json_is_what_run_reads(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(planned("json", capsys))
    assert [spec.id for spec in verbs._read_plan(tmp_path / "plan.json")] == ["01-own", "02-shuffled-seed1-worksteal-2"]


def test_a_plan_as_json_tells_how_many_pairs_will_have_met(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = json.loads(planned("json", capsys, output=tmp_path / "none"))["pairs"]
    assert told == {
        "tests": 0,
        "at_least": 0.5,
        "at_most": 1.0,
        "runs": [["01-own", 0.5, 0.5], ["02-shuffled-seed1-worksteal-2", 0.5, 1.0]],
    }


def test_a_plan_as_a_table_names_the_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert planned("table", capsys).splitlines()[1] == (
        "01-own                         default  -        no         -     the project's own order in one process"
    )


RAN = record(ran("a"), ran("t.py::b"), ran("c"), gw0=(ran("x"), ran("y"), ran("x", attempt=1)), run="r7")


def test_a_replay_takes_what_the_worker_ran_each_test_once() -> None:
    assert verbs._tests_of(RAN, "gw1", None) == ("a", "t.py::b", "c")
    assert verbs._tests_of(RAN, "gw0", None) == ("x", "y")
    assert verbs._tests_of(RAN, "gw1", "t.py::b@group") == ("a", "t.py::b")


def test_a_worker_that_was_not_there_is_told_with_those_that_were() -> None:
    with pytest.raises(SettingsError) as raised:
        verbs._tests_of(RAN, "gw7", None)
    assert (raised.value.message, raised.value.hint) == ("no worker 'gw7' in r7", "its workers are gw0, gw1")


def test_a_test_that_the_worker_did_not_run_is_told() -> None:
    with pytest.raises(SettingsError, match="gw1 did not run 'x' in r7"):
        verbs._tests_of(RAN, "gw1", "x")
