"""Which ordered pairs of tests have met in one process."""

from flaky_detector.model import Execution
from flaky_detector.model.findings import PairsOfRun
from flaky_detector.model.pairs import pairs_met
from tests.support.records import ran, record


def rows(names: str) -> tuple[Execution, ...]:
    return tuple(ran(name) for name in names)


def test_an_order_and_its_reverse_meet_every_pair() -> None:
    met = pairs_met([record(*rows("abcd"), run="own"), record(*rows("dcba"), run="reversed")])
    assert (met.share, met.sampled, met.runs) == (1.0, False, (PairsOfRun("own", 0.5), PairsOfRun("reversed", 1.0)))


def test_tests_on_two_workers_do_not_meet() -> None:
    assert pairs_met([record(*rows("ab"), gw0=rows("cd"))]).share == round(2 / 12, 4)


def test_a_run_without_an_order_meets_nobody_and_a_single_test_has_no_pair() -> None:
    assert pairs_met([record(*rows("ab"), has_order=False)]).runs == ()
    assert pairs_met([record(*rows("a"))]).runs == ()
    assert pairs_met([]).share == 0.0


def test_of_a_large_suite_a_sample_tells_nearly_the_same_each_time() -> None:
    tests = tuple(ran(f"t{number}") for number in range(1000))
    met = pairs_met([record(*tests[:500], gw0=tests[500:])])
    assert met.sampled
    assert abs(met.share - 2 * (500 * 499 / 2) / (1000 * 999)) < 0.01
    assert pairs_met([record(*tests, run="own"), record(*tests[::-1], run="reversed")]).share == 1.0
