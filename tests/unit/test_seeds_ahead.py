"""Which seed the next shuffled run gets, where the user leaves it open."""

import random
import time
from collections.abc import Callable, Sequence

import pytest

from flaky_detector.model import Arrangement, RunRecord, RunSpec
from flaky_detector.model import TestId as Id
from flaky_detector.model.questions import Question
from flaky_detector.settings import Settings
from flaky_detector.stages.plan import Known, by_package, by_rootdir, plan
from flaky_detector.stages.plan.meetings import Meetings, sample_of
from flaky_detector.stages.plan.shuffles import Shuffles
from tests.support.records import ran, record

NAMES = ("accounts", "bills", "cart", "discounts", "emails", "forms", "gift", "home", "invoices", "jobs", "keyring", "login")
TESTS = tuple(Id(f"tests/test_{name}.py::test_{test}") for name in NAMES for test in range(3))
OWN = RunSpec(id="01-3.12-own", python="3.12")
SERIAL = Settings(dist=("no",), runs=8)


def nowhere(path: str) -> bool:
    return False


def knowing(*questions: Question) -> Known:
    return Known(computed=frozenset({"3.12"}), namings=(by_package(nowhere), by_rootdir), questions=lambda records: questions)


def executed(spec: RunSpec, order: Sequence[Id]) -> RunRecord:
    return record(*(ran(test) for test in order), spec=spec, collected=tuple(order))


def next_shuffled(records: Sequence[RunRecord], known: Known, settings: Settings = SERIAL) -> RunSpec:
    return next(spec for spec in plan(settings, ["3.12"], records, known) if spec.arrangement is Arrangement.SHUFFLED)


def shuffles(tests: Sequence[Id] = TESTS) -> Shuffles:
    return Shuffles(tests, by_package(nowhere), {})


def test_the_order_of_a_seed_is_that_of_randomly() -> None:
    """As pytest-randomly 5.1.0 ran these with `-p randomly --randomly-seed=7`."""
    tests = [
        Id(f"test_{module}.py::{name}")
        for module in "ab"
        for name in ("test_1", "TestB::test_1", "TestB::test_2", "test_2", "test_p[c::d]")
    ]
    assert shuffles(tests).order(7, tests) == tuple(map(Id, RANDOMLY_AT_7))


RANDOMLY_AT_7 = [
    "test_a.py::test_1",
    "test_a.py::test_p[c::d]",
    "test_a.py::test_2",
    "test_a.py::TestB::test_2",
    "test_a.py::TestB::test_1",
    "test_b.py::test_1",
    "test_b.py::test_2",
    "test_b.py::test_p[c::d]",
    "test_b.py::TestB::test_1",
    "test_b.py::TestB::test_2",
]


def test_a_seed_of_the_users_stays_as_it_is() -> None:
    made = [executed(OWN, TESTS)]
    spec = next_shuffled(made, knowing(), Settings(dist=("no",), seeds=(5, 6)))
    assert (spec.seed, spec.why) == (5, "shuffled with seed 5, one process")


def test_without_knowing_how_a_shuffle_comes_about_seeds_are_taken_as_they_come() -> None:
    made = [executed(OWN, TESTS)]
    assert next_shuffled(made, Known()).seed == 1
    assert next_shuffled(made, Known(computed=frozenset({"3.11"}), namings=(by_rootdir,))).seed == 1


def test_before_a_run_has_told_the_tests_seeds_are_taken_as_they_come() -> None:
    assert next_shuffled([], knowing()).seed == 1


def test_where_nothing_fails_the_seed_brings_together_most_that_has_not_met() -> None:
    met = Meetings(TESTS)
    met.see([TESTS])
    gains = {seed: met.gain(shuffles().order(seed, TESTS))[0] for seed in range(1, 65)}
    spec = next_shuffled([executed(OWN, TESTS)], knowing())
    assert spec.seed == max(gains, key=lambda seed: (gains[seed], -seed))
    assert gains[spec.seed or 0] > gains[1] > 0
    assert (
        spec.why == f"shuffled with seed {spec.seed}, one process; of the first 64 seeds it has the most pairs of tests that have not met"
    )


@pytest.mark.parametrize(("workers", "wanted"), [(0, {5, 6}), (2, {10, 11})])
def test_where_only_the_order_speaks_the_seed_parts_the_suspects(workers: int, wanted: set[int]) -> None:
    """Half of the modules before the victim's; over two workers all of them, for chance puts half of their tests elsewhere."""
    victim, suspects = TESTS[-1], TESTS[:-3]
    settings = Settings(dist=("load" if workers else "no",), workers=(workers or 2,))
    spec = next_shuffled([executed(OWN, TESTS)], knowing(Question(victim, dict.fromkeys(suspects, 1.0))), settings)
    order = shuffles().order(spec.seed or 0, TESTS)
    assert order.index(victim) // 3 in wanted
    assert spec.why.endswith("; of the first 64 seeds it parts the suspects of test_2 best")


def test_a_heavy_suspect_counts_for_more_than_many_light_ones() -> None:
    victim, heavy, light = TESTS[-1], TESTS[0], TESTS[3:-3]
    question = Question(victim, {heavy: 27.0, **dict.fromkeys(light, 0.9)})
    order = shuffles().order(next_shuffled([executed(OWN, TESTS)], knowing(question)).seed or 0, TESTS)
    before = set(order[: order.index(victim)])
    assert sum(weight for test, weight in question.weights.items() if test in before) == pytest.approx(27.0, abs=0.01)


def test_no_seed_is_used_twice_in_one_hunt() -> None:
    made = [executed(OWN, TESTS)]
    while len(made) < 5:
        specs = plan(SERIAL, ["3.12"], made, knowing())
        made.append(executed(specs[0], order_of(specs[0])))
    seeds = [one.spec.seed for one in made if one.spec.arrangement is Arrangement.SHUFFLED]
    assert len(seeds) == len(set(seeds)) == 2


def order_of(spec: RunSpec) -> Sequence[Id]:
    if spec.order:
        return [step.test for step in spec.order]
    return shuffles().order(spec.seed, TESTS) if spec.seed is not None else TESTS[::-1]


def test_a_plan_made_at_once_has_as_many_shuffled_runs_as_one_made_run_by_run() -> None:
    at_once = [spec.arrangement for spec in plan(Settings(runs=8), ["3.12"], [executed(OWN, TESTS)], knowing())]
    made = [executed(OWN, TESTS)]
    while specs := plan(Settings(runs=8), ["3.12"], made, knowing()):
        made.append(executed(specs[0], order_of(specs[0])))
    assert [one.spec.arrangement for one in made[1:]] == at_once
    assert at_once.count(Arrangement.SHUFFLED) == 5


def test_where_a_shuffled_run_was_not_as_computed_seeds_are_taken_as_they_come() -> None:
    elsewise = list(TESTS)
    random.Random(0).shuffle(elsewise)
    spec = RunSpec(id="2", python="3.12", arrangement=Arrangement.SHUFFLED, seed=9)
    assert next_shuffled([executed(OWN, TESTS), executed(spec, elsewise)], knowing()).seed == 2
    as_computed = executed(spec, shuffles().order(9, TESTS))
    assert "of the first 64 seeds" in next_shuffled([executed(OWN, TESTS), as_computed], knowing()).why


def test_a_shuffled_run_tells_under_which_names_the_files_are_imported() -> None:
    spec = RunSpec(id="2", python="3.12", arrangement=Arrangement.SHUFFLED, seed=9)
    by_root = Shuffles(TESTS, by_rootdir, {})
    made = [executed(OWN, TESTS), executed(spec, by_root.order(9, TESTS))]
    chosen = next_shuffled(made, knowing())
    assert chosen == next_shuffled(made, Known(namings=(by_rootdir,)))
    assert "of the first 64 seeds" in chosen.why
    assert next_shuffled(made, Known(namings=(by_package(nowhere),))).seed == 2


def test_what_django_sorts_stays_sorted_in_what_is_computed() -> None:
    rows = [ran(test, traits=("db",) if number < 18 else ()) for number, test in enumerate(TESTS)]
    ranks = {test: 0 if number < 18 else 2 for number, test in enumerate(TESTS)}
    order = Shuffles(TESTS, by_package(nowhere), ranks).order(9, TESTS)
    assert {TESTS.index(test) < 18 for test in order[:18]} == {True}
    spec = RunSpec(id="2", python="3.12", arrangement=Arrangement.SHUFFLED, seed=9)
    again = [next(row for row in rows if row.test == test) for test in order]
    made = [record(*rows, spec=OWN, collected=TESTS), record(*again, spec=spec, collected=order)]
    assert "of the first 64 seeds" in next_shuffled(made, knowing()).why
    assert "of the first" not in next_shuffled([executed(OWN, TESTS), executed(spec, order)], knowing()).why


@pytest.mark.parametrize(
    ("packages", "name"),
    [((), "test_x"), (("a/b",), "b.test_x"), (("a/b", "a"), "a.b.test_x"), (("a",), "test_x")],
)
def test_a_file_is_named_from_its_outermost_package_down(packages: tuple[str, ...], name: str) -> None:
    exists: Callable[[str], bool] = lambda path: path in {f"{package}/__init__.py" for package in packages}  # noqa: E731
    assert by_package(exists)("a/b/test_x.py") == name
    assert by_rootdir("a/b/test_x.py") == "a.b.test_x"


def test_pairs_are_counted_by_process_and_a_second_time() -> None:
    a, b, c = TESTS[:3]
    met = Meetings((a, b, c))
    met.see([(a, b), (c,)])
    assert met.share == pytest.approx(1 / 6)
    assert met.gain((a, b, c)) == (2, 1)
    met.see([(a, b, a)])
    assert met.gain((a, b, c)) == (2, 0)
    assert met.gain((c, b, a)) == (3, 0)


def test_of_a_large_suite_a_sample_is_enough() -> None:
    assert sample_of(TESTS) == TESTS
    many = [Id(str(number)) for number in range(30_000)]
    assert len(sample_of(many)) == 400
    assert sample_of(many) == sample_of(many)
    assert list(sample_of(many)) == sorted(sample_of(many), key=int)


def test_a_seed_for_thirty_thousand_tests_is_chosen_in_a_second() -> None:
    tests = tuple(Id(f"tests/test_m{module:04d}.py::TestIt::test_{test}") for module in range(1500) for test in range(20))
    made = [executed(OWN, tests)]
    questions = [Question(tests[-1 - 20 * number], dict.fromkeys(tests[:15_000], 1.0)) for number in range(8)]
    plain = _seconds(lambda: plan(SERIAL, ["3.12"], made))
    assert _seconds(lambda: plan(Settings(dist=("no",), runs=3), ["3.12"], made, knowing(*questions))) - plain < 1.0


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
