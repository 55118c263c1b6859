"""What is gathered while a hunt goes on, and what it cost."""

import pytest

from flaky_detector.model import Arrangement, Gap, Outcome, RunSpec, RunSummary
from flaky_detector.pipeline.dossier import Dossier, kept_of, summaries
from tests.support.records import ran, record


def test_the_same_gap_counts_once() -> None:
    dossier = Dossier()
    dossier.add_record(record(ran("a"), gaps=(Gap("junit.xml", "cut short"),)))
    for text in ("cut short", "cut short", "no order"):
        dossier.add_gap("junit.xml", text)
    assert dossier.all_gaps() == (Gap("junit.xml", "cut short"), Gap("junit.xml", "no order"))


def test_the_cost_counts_a_process_for_every_worker_and_one_for_the_controller() -> None:
    dossier = Dossier()
    dossier.add_record(record(ran("a"), ran("b"), seconds=1.25))
    dossier.add_record(record(ran("a"), gw0=(ran("b"),), seconds=2.0))
    dossier.trials = 4
    cost = dossier.cost()
    assert (cost.suite_seconds, cost.pytest_processes, cost.test_executions, cost.trials) == (1.25, 4, 4, 4)
    assert 0.0 <= cost.wall_seconds < 60.0


def test_time_is_left_until_the_budget_is_spent() -> None:
    assert Dossier().seconds_left == float("inf")
    assert 0.0 < Dossier(60.0).seconds_left <= 60.0
    assert Dossier(0.0).seconds_left <= 0.0


def test_a_run_is_summed_up_with_each_test_counted_once() -> None:
    spec = RunSpec(
        id="02-x", python="3.12.4", arrangement=Arrangement.SHUFFLED, seed=7, distribution="load", workers=2, why="shuffled with seed 7"
    )
    rows = (ran("a", Outcome.FAILED), ran("a", attempt=1), ran("b", Outcome.ERROR), ran("c", Outcome.SKIPPED))
    told = record(*rows, spec=spec, seconds=1.23456, exit_code=1)
    assert summaries([told]) == (
        RunSummary(
            id="02-x",
            python="3.12",
            arrangement="shuffled",
            seed=7,
            distribution="load",
            workers=2,
            tests=3,
            failed=2,
            seconds=1.235,
            exit_code=1,
            why="shuffled with seed 7",
        ),
    )


def test_the_interpreters_own_version_is_told_where_it_is_known() -> None:
    assert summaries([record(python="3.12")])[0].python == "3.12"
    told = record(spec=RunSpec(id="1", python="/opt/py/bin/python"))
    assert summaries([told])[0].python == "/opt/py/bin/python"


@pytest.mark.parametrize(("budget", "kept"), [(2.0, 0.4), (5.0, 1.0), (20.0, 2.0), (60.0, 2.4), (1800.0, 60.0), (7200.0, 60.0)])
def test_a_little_of_the_budget_is_kept_for_the_end(budget: float, kept: float) -> None:
    assert kept_of(budget) == pytest.approx(kept)


@pytest.mark.parametrize(("start", "kept"), [(0.0, 2.0), (0.5, 2.25), (4.0, 4.0), (30.0, 6.0)])
def test_more_is_kept_where_the_start_took_long_and_the_start_is_of_the_budget(start: float, kept: float) -> None:
    assert kept_of(30.0, start) == pytest.approx(kept)
    assert Dossier(30.0, start_seconds=start).seconds_left == pytest.approx(30.0 - start - kept, abs=0.5)


@pytest.mark.parametrize(("needed", "left"), [(1.0, 57.6), (8.0, 52.0), (40.0, 48.0)])
def test_what_a_run_takes_to_start_and_end_is_kept_for_the_end_of_the_budget(needed: float, left: float) -> None:
    dossier = Dossier(60.0)
    dossier.keep(needed)
    dossier.keep(0.5)
    assert dossier.seconds_left == pytest.approx(left, abs=0.5)


def test_without_a_budget_nothing_is_kept() -> None:
    dossier = Dossier()
    dossier.keep(40.0)
    assert dossier.seconds_left == float("inf")
