"""How long a run may be silent."""

from flaky_detector.model import RunRecord
from flaky_detector.pipeline.pace import Pace
from tests.support.records import ran, record


def took(seconds: float, *durations: float, timed_out: bool = False) -> RunRecord:
    rows = [ran(f"t{number}", duration_seconds=duration) for number, duration in enumerate(durations)]
    return record(*rows, seconds=seconds, timed_out=timed_out)


def test_the_first_run_gets_a_sixth_of_the_budget_within_bounds() -> None:
    assert [Pace(budget).quiet_seconds(trial=False) for budget in (60.0, 600.0, 7200.0)] == [30.0, 100.0, 300.0]


def test_later_runs_get_several_times_what_the_slowest_test_and_the_start_up_took() -> None:
    pace = Pace(600.0)
    pace.learn(took(20.0, 8.0, 2.0))
    assert pace.quiet_seconds(trial=False) == 5 * 8 + 3 * 10


def test_quick_suites_still_get_half_a_minute_and_trials_a_quarter() -> None:
    pace = Pace(600.0)
    pace.learn(took(1.0, 0.5))
    assert (pace.quiet_seconds(trial=False), pace.quiet_seconds(trial=True)) == (30.0, 15.0)


def test_a_run_that_was_ended_teaches_nothing() -> None:
    pace = Pace(600.0)
    pace.learn(took(100.0, 1.0, timed_out=True))
    assert pace.quiet_seconds(trial=True) == 100.0
