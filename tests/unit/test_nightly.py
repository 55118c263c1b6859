"""What of a result is remembered, and when; no suite, no GitHub."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from msgspec.structs import replace

from flaky_detector.adapters import history
from flaky_detector.model import Gap, History, Step, Trial
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.nightly import Memory, causes_of, collected_in, dossier_of, recall, retold, save, with_tonight
from flaky_detector.settings import Settings
from tests.support import shop_result
from tests.support.records import ran, record

NOON = datetime(2025, 1, 6, 12, tzinfo=UTC)
PULL = {"GITHUB_REF": "refs/pull/7/merge"}


def recalled(path: Path, environ: dict[str, str] | None = None, now: datetime = NOON) -> Memory:
    memory = recall(Settings(history=path), environ or {}, lambda: now)
    assert memory is not None
    return memory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nights.sqlite"


def test_without_a_history_nothing_is_remembered() -> None:
    assert recall(Settings(), {}, lambda: NOON) is None
    result = shop_result.shop()
    assert with_tonight(result, Dossier(), None) is result
    assert dossier_of(None, 60.0).known == ()


def test_the_first_night_says_so_and_the_second_knows_it(path: Path) -> None:
    memory = recalled(path)
    result = with_tonight(shop_result.shop(), dossier_of(memory, 60.0), memory)
    assert result.nights is not None
    assert result.nights.notes == (f"There was no history at `{path}`: this is the first night that is remembered.",)
    save(memory)
    again = recalled(path)
    assert [cause.number for cause in dossier_of(again, 60.0).known] == [1, 2]
    assert (again.notes, again.history) == ([], memory.history)


def test_nights_are_told_apart_by_the_day_in_utc(path: Path) -> None:
    assert recalled(path, now=datetime(2025, 1, 7, 1, 30, tzinfo=timezone(timedelta(hours=3)))).date == "2025-01-06"


def test_a_pull_request_reads_and_does_not_write(path: Path) -> None:
    history.write(path, History(nights=("2025-01-05",)))
    before = path.read_bytes()
    memory = recalled(path, PULL)
    result = with_tonight(shop_result.shop(), Dossier(), memory)
    save(memory)
    assert path.read_bytes() == before
    assert result.nights is not None
    assert result.nights.notes == ("This is a pull request, which may never land: tonight is not remembered.",)


def test_what_cannot_be_used_is_a_gap_of_the_hunt(path: Path) -> None:
    path.write_text("notes")
    (gap,) = dossier_of(recalled(path), 60.0).gaps
    assert gap == Gap(
        "history",
        f"{path} cannot be used: it is no SQLite file; it was moved aside to nights.sqlite.unusable-2025-01-06, and a new one is begun",
    )


def test_what_cannot_be_written_is_a_note_said_once(path: Path) -> None:
    memory = recalled(path)
    path.mkdir()
    (path / "x").touch()
    result = with_tonight(shop_result.clean(), Dossier(), memory)
    save(memory)
    save(memory)
    assert memory.notes[1:] == [f"the history {path} could not be written: Is a directory: tonight is not remembered."]
    assert retold(result, memory).nights.notes[1] == memory.notes[1]  # type: ignore[union-attr]


def test_a_cause_is_remembered_with_an_order_for_each_test_that_it_breaks() -> None:
    first, second = causes_of(shop_result.shop(), [record(ran("a"), app_labels=("shop", "orders"))])
    assert (first.kind, first.tests, first.fingerprints) == ("polluter", (shop_result.CHECK,), ("5f0d1c2b3a495867",))
    assert first.sets[0] == (shop_result.READS,)
    (order,) = first.orders
    assert (order.test, order.python, order.rate, order.app_labels) == (shop_result.CHECK, "3.11", 1.0, ("shop", "orders"))
    assert order.order[-1] == Step(0, shop_result.CHECK)
    assert len(second.orders) == len(second.tests) == 6


def test_how_often_it_failed_is_remembered_for_it_says_how_often_to_ask() -> None:
    result = shop_result.shop()
    (finding, *_) = result.findings
    trials = (Trial(order=finding.minimal_order, role="after-polluter", same=6, passed=2),)
    (cause, *_) = causes_of(replace(result, findings=(replace(finding, trials=trials),)), [])
    assert cause.orders[0].rate == 0.75


def test_a_brittle_tests_rate_is_that_of_the_test_alone() -> None:
    result = shop_result.brittle()
    (finding,) = result.findings
    trials = (
        Trial(order=finding.minimal_order, role="after-state-setter", passed=3),
        Trial(order=finding.minimal_order[-1:], role="alone", same=3, passed=1),
    )
    (cause,) = causes_of(replace(result, findings=(replace(finding, trials=trials),)), [])
    assert (cause.kind, cause.orders[0].rate) == ("state-setter", 0.75)


def test_suspects_are_not_remembered() -> None:
    assert causes_of(shop_result.suspects_only(), []) == ()


def test_which_tests_there_are_is_known_from_runs_that_came_to_their_end_or_told_what_they_collected() -> None:
    whole, ended = record(ran("a"), ran("b"), exit_code=1), record(ran("a"), exit_code=-9)
    assert collected_in([whole]) == {"a", "b"}
    assert collected_in([ended]) == frozenset()
    assert collected_in([record(ran("a"), timed_out=True)]) == frozenset()
    assert collected_in([record(ran("a"), timed_out=True, collected=(Id("a"), Id("c")))]) == {"a", "c"}
    assert collected_in([]) == frozenset()
