"""The oracle of fresh processes: what it has run, and what it makes of it."""

import io
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from flaky_detector.adapters.voice import Voice
from flaky_detector.errors import Interrupted
from flaky_detector.model import Arrangement, Gap, Order, RunRecord, RunSpec, Step, Suite, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Wish
from flaky_detector.pipeline.oracle import SubprocessOracle, told
from flaky_detector.settings import Settings
from flaky_detector.stages.confirm import Answer, Question
from tests.support.records import ran, record

Runs = Callable[[RunSpec], RunRecord]


def as_asked(spec: RunSpec) -> RunRecord:
    """Every worker runs exactly what was asked of it."""
    asked = [tuple(ran(step.test) for step in spec.order if step.worker == worker) for worker in range(2)]
    return record(*asked[1], gw0=asked[0], spec=spec) if spec.workers else record(*asked[0], spec=spec)


class Launcher:
    """Runs nothing, remembers what it should have run."""

    def __init__(self, runs: Runs = as_asked, *, in_place: bool = False, verbose: bool = False) -> None:
        self.runs = runs
        self.in_place = in_place
        self.scratch = Path("/scratch")
        self.settings = Settings()
        self.said = io.StringIO()
        self.voice = Voice(verbose=verbose, stream=self.said)
        self.calls: list[tuple[RunSpec, Path, float, bool]] = []

    def suite(self, python: str) -> Suite:
        return Suite(python=python or "3.12", executable="python", version="3.12.1", pytest_version="8", rootdir="/r")

    def run(self, wish: Wish) -> RunRecord:
        self.calls.append((wish.spec, wish.bundle, wish.deadline_seconds, wish.trial))
        return self.runs(wish.spec)

    def why_nothing_ran(self, told: RunRecord) -> tuple[str, str]:
        return "pytest collected no tests", "mend it"


def oracle(launcher: Launcher, *records: RunRecord, budget_seconds: float = float("inf")) -> SubprocessOracle:
    dossier = Dossier(budget_seconds)
    for each in records:
        dossier.add_record(each)
    return SubprocessOracle(launcher, dossier)  # type: ignore[arg-type]


def single(*tests: str) -> Order:
    return on_one_worker(tuple(map(Id, tests)))


ACROSS = (Step(0, Id("p.py::p")), Step(1, Id("v.py::v")))


def answer(order: Order, runs: Runs = as_asked) -> Answer:
    return next(iter(oracle(Launcher(runs)).ask([Question(order)])))


def test_an_order_is_run_in_a_forced_run_of_its_files_with_a_bundle_of_its_own() -> None:
    launcher = Launcher()
    list(oracle(launcher).ask([Question(single("p.py::p", "v.py::v"), "3.11"), Question(ACROSS)]))
    (first, bundle, deadline, trial), (second, *_) = launcher.calls
    assert (first.id, first.python, first.arrangement, first.workers, first.distribution) == (
        "trial-0001",
        "3.11",
        Arrangement.FORCED,
        0,
        "no",
    )
    assert (first.select, bundle, deadline, trial) == (("p.py", "v.py"), Path("/scratch/trials/trial-0001"), 120.0, True)
    assert (second.id, second.python, second.workers, second.distribution) == ("trial-0002", "3.12", 2, "load")


def test_what_ran_as_asked_is_executed() -> None:
    assert [answer(single("p.py::p", "v.py::v")).executed, answer(ACROSS).executed] == [True, True]
    assert [row.test for row in answer(ACROSS).executions] == ["p.py::p", "v.py::v"]


def swapped(spec: RunSpec) -> RunRecord:
    return as_asked(msgspec.structs.replace(spec, order=tuple(reversed(spec.order))))


def without_the_last(spec: RunSpec) -> RunRecord:
    return as_asked(msgspec.structs.replace(spec, order=spec.order[:-1]))


def on_the_other_worker(spec: RunSpec) -> RunRecord:
    return as_asked(msgspec.structs.replace(spec, order=tuple(Step(1 - step.worker, step.test) for step in spec.order)))


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        (swapped, "the tests ran in another order"),
        (without_the_last, "v.py::v did not run"),
        (lambda spec: record(spec=spec), "pytest collected no tests"),
        (lambda spec: record(ran("p.py::p"), spec=spec, timed_out=True), "time ran out"),
    ],
)
def test_what_did_not_run_as_asked_is_a_gap_that_says_why(runs: Runs, why: str) -> None:
    said = answer(single("p.py::p", "v.py::v"), runs)
    assert not said.executed
    assert said.gaps == (Gap("trial", f"an order of 2 tests could not be run as asked: {why}"),)


def test_a_test_on_the_wrong_worker_is_not_what_was_asked() -> None:
    assert not answer(ACROSS, on_the_other_worker).executed


def test_a_test_that_ran_besides_makes_it_another_order() -> None:
    assert not answer(single("v.py::v"), lambda spec: record(ran("x.py::x"), ran("v.py::v"), spec=spec)).executed


def test_reruns_of_a_test_are_no_other_order() -> None:
    assert answer(single("v.py::v"), lambda spec: record(ran("v.py::v"), ran("v.py::v", attempt=1), spec=spec)).executed


def test_executions_stand_in_times_order_and_gaps_of_the_run_come_along() -> None:
    def runs(spec: RunSpec) -> RunRecord:
        late, early = ran("p.py::p", started_seconds=9.0), ran("v.py::v", started_seconds=1.0)
        return record(early, gw0=(late,), spec=spec, gaps=(Gap("junit.xml", "cut"),), seconds=3.0)

    said = answer(ACROSS, runs)
    assert [row.test for row in said.executions] == ["v.py::v", "p.py::p"]
    assert (said.gaps, said.seconds, said.processes) == ((Gap("junit.xml", "cut"),), 3.0, 3)


def test_trials_count_as_cost() -> None:
    asked = oracle(Launcher())
    list(asked.ask([Question(single("v.py::v")), Question(ACROSS)]))
    cost = asked.dossier.cost()
    assert (cost.trials, cost.pytest_processes, cost.test_executions) == (2, 4, 3)


def test_a_trial_may_take_three_times_as_long_as_the_longest_run_and_no_longer_than_the_budget() -> None:
    launcher = Launcher()
    list(oracle(launcher, record(ran("a"), seconds=100.0), record(ran("a"), seconds=50.0)).ask([Question(single("v"))]))
    list(oracle(launcher, record(ran("a"), seconds=100.0), budget_seconds=200.0).ask([Question(single("v"))]))
    list(oracle(launcher, record(ran("a"), seconds=100.0), budget_seconds=0.0).ask([Question(single("v"))]))
    deadlines = [deadline for _, _, deadline, _ in launcher.calls]
    assert (deadlines[0], 190.0 < deadlines[1] <= 200.0, deadlines[2]) == (300.0, True, 0.3)


def test_trials_run_side_by_side_only_where_the_runs_showed_that_they_cannot_meet() -> None:
    apart, meeting = record(ran("a")), record(ran("a"), shared=("port 8000",))
    assert oracle(Launcher(), apart).jobs >= 1
    assert oracle(Launcher(), apart, meeting).jobs == 1
    assert oracle(Launcher(in_place=True), apart).jobs == 1
    assert oracle(Launcher()).jobs == 1


def test_answers_of_trials_side_by_side_come_in_the_order_of_the_questions() -> None:
    asked = oracle(Launcher(), record(ran("a")))
    asked.jobs = 2
    orders = [single(f"v.py::v{n}") for n in range(6)]
    assert [said.executions[-1].test for said in asked.ask([Question(order) for order in orders])] == [order[-1].test for order in orders]


def test_every_trial_is_told_when_verbose() -> None:
    launcher = Launcher(verbose=True)
    list(oracle(launcher).ask([Question(ACROSS)]))
    assert launcher.said.getvalue() == "  trial-0001: gw0: p.py::p · gw1: v.py::v → 0 (0.00 s)\n"
    assert told(single("p", "v")) == "p, v"
    assert told(single(*"abcdef")) == "a, b, c, d, e, f"
    assert told(single(*"abcdefg")) == "a … f, g (7 tests)"


def test_what_is_asked_for_all_is_run_once() -> None:
    launcher = Launcher()
    asked = oracle(launcher)
    question = Question(single("a", "b"), for_all=True)
    first, second, other = asked.ask([question, question, Question(single("b", "a"), for_all=True)])
    assert first is second
    assert [row.test for row in other.executions] == ["b", "a"]
    assert len(launcher.calls) == 2
    list(asked.ask([Question(single("a", "b")), question]))
    assert len(launcher.calls) == 3


def test_what_is_asked_for_all_by_several_at_once_is_run_once() -> None:
    started = threading.Event()

    def run(spec: RunSpec) -> RunRecord:
        assert not started.is_set()
        started.set()
        time.sleep(0.1)
        return as_asked(spec)

    launcher = Launcher(run)
    asked = oracle(launcher)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: next(asked.ask([Question(single("a", "b"), for_all=True)])), range(4)))
    assert len(launcher.calls) == 1
    assert all(answer is told[0] for answer in told)


def test_an_interrupt_of_what_is_asked_for_all_ends_all_who_wait_for_it() -> None:
    def run(spec: RunSpec) -> RunRecord:
        raise Interrupted("interrupted")

    asked = oracle(Launcher(run))
    for _ in range(2):
        with pytest.raises(Interrupted):
            next(asked.ask([Question(single("a"), for_all=True)]))
