"""Known orders again: which are re-run, where, for how long, and what is left of it in the dossier. No process is started."""

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from flaky_detector.adapters.voice import Voice
from flaky_detector.model import Failure, Gap, KnownCause, KnownOrder, Outcome, RunRecord, RunSpec, Suite, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline import replaying
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Wish
from flaky_detector.settings import Settings
from tests.support.memory_suite import FAILURE, signature_of
from tests.support.records import ran, record

V, W, P = Id("test_v.py::test_v"), Id("test_v.py::test_w"), Id("test_p.py::test_p")
Runs = Callable[[RunSpec], RunRecord]


def order(test: Id, fingerprint: str) -> KnownOrder:
    return KnownOrder(fingerprint=fingerprint, test=test, signature=signature_of(test=test), order=on_one_worker((P, test)), python="3.12")


CAUSE = KnownCause(number=3, kind="polluter", fingerprints=("f", "g"), sets=((P,),), tests=(V, W), orders=(order(V, "f"), order(W, "g")))


def polluted(spec: RunSpec) -> RunRecord:
    """Whatever runs after P fails."""
    failure: Failure = FAILURE
    return record(
        *(
            ran(step.test, Outcome.FAILED, failures=(failure,)) if place and spec.order[0].test == P else ran(step.test)
            for place, step in enumerate(spec.order)
        ),
        spec=spec,
    )


def mended(spec: RunSpec) -> RunRecord:
    return record(*(ran(step.test) for step in spec.order), spec=spec)


def removed(spec: RunSpec) -> RunRecord:
    return record(*(ran(step.test) for step in spec.order if step.test != P), spec=spec)


class Launcher:
    """Runs nothing, remembers what it should have run."""

    in_place = False
    scratch = Path("/scratch")

    def __init__(self, runs: Runs, *versions: str, repeats: int = 2) -> None:
        self.runs = runs
        self.settings = Settings(fork=False, repeats=repeats)
        self.said = io.StringIO()
        self.voice = Voice(stream=self.said)
        self.specs: list[RunSpec] = []
        self.suites = tuple(
            Suite(python=f"/opt/{version}", executable="python", version=version, pytest_version="8", rootdir="/r")
            for version in versions or ("3.11.9", "3.12.4")
        )

    def suite(self, python: str) -> Suite:
        return next(suite for suite in self.suites if suite.python == python)

    def run(self, wish: Wish) -> RunRecord:
        self.specs.append(wish.spec)
        return self.runs(wish.spec)

    def why_nothing_ran(self, told: RunRecord) -> tuple[str, str]:
        return "pytest collected no tests", "mend it"


def replay(launcher: Launcher, *causes: KnownCause, budget_seconds: float = float("inf")) -> Dossier:
    dossier = Dossier(budget_seconds, causes)
    replaying.replay_known(launcher, dossier)  # type: ignore[arg-type]
    return dossier


def outcomes(dossier: Dossier) -> dict[int, list[str]]:
    return {number: [each.outcome for each in rechecks] for number, rechecks in dossier.rechecks.items()}


def test_an_order_that_still_fails_is_enough_and_the_others_are_spared() -> None:
    launcher = Launcher(polluted)
    dossier = replay(launcher, CAUSE)
    assert outcomes(dossier) == {3: ["proven"]}
    assert [[step.test for step in spec.order] for spec in launcher.specs] == [[P, V], [P, V], [V], [V]]
    assert dossier.trials == 4
    assert "known: test_p.py::test_p: proven\n" in launcher.said.getvalue()


def test_every_order_of_the_cause_must_pass_before_it_may_count_as_cured() -> None:
    assert outcomes(replay(Launcher(mended), CAUSE)) == {3: ["passed", "passed"]}


def test_an_order_is_run_in_the_python_in_which_it_was_proven_and_kept_as_it_is_known() -> None:
    launcher = Launcher(polluted)
    dossier = replay(launcher, CAUSE)
    assert {spec.python for spec in launcher.specs} == {"/opt/3.12.4"}
    assert dossier.rechecks[3][0].order == CAUSE.orders[0]


@pytest.mark.parametrize(("runs", "outcome"), [(mended, "other"), (polluted, "proven")])
def test_passing_in_another_python_says_nothing_and_failing_there_does(runs: Runs, outcome: str) -> None:
    dossier = replay(Launcher(runs, "3.13.0"), replace(CAUSE, orders=CAUSE.orders[:1]))
    assert outcomes(dossier) == {3: [outcome]}
    if outcome == "other":
        assert dossier.rechecks[3][0].note == "it passes, but the Python 3.12 in which it fails is not at hand"


def test_what_cannot_be_run_is_told_with_the_cause_and_not_as_a_gap() -> None:
    dossier = Dossier(known=(CAUSE,))
    dossier.add_gap("trial", "of before")
    replaying.replay_known(Launcher(removed), dossier)  # type: ignore[arg-type]
    assert outcomes(dossier) == {3: ["not-run", "not-run"]}
    assert dossier.rechecks[3][0].note == "an order of 2 tests could not be run as asked: test_p.py::test_p did not run"
    assert dossier.gaps == [Gap("trial", "of before")]


def test_without_time_nothing_is_run_and_that_is_a_gap() -> None:
    launcher = Launcher(polluted)
    dossier = replay(launcher, CAUSE, replace(CAUSE, number=4), budget_seconds=0.0)
    assert (outcomes(dossier), launcher.specs) == ({3: ["no-time"], 4: ["no-time"]}, [])
    assert dossier.gaps == [Gap("history", "2 known causes could not be re-run within 25% of the budget; the next night begins with them")]


def test_a_quarter_of_the_budget_is_the_most_that_it_takes() -> None:
    def slowly(spec: RunSpec) -> RunRecord:
        time.sleep(0.3)
        return polluted(spec)

    launcher = Launcher(slowly)
    dossier = replay(launcher, CAUSE, replace(CAUSE, number=4), budget_seconds=2.0)
    assert (outcomes(dossier), len(launcher.specs) <= 2) == ({3: ["seen"], 4: ["no-time"]}, True)
    assert dossier.rechecks[3][0].note == "it failed, and time ran out before that was a proof"
    assert dossier.seconds_left > 0.5


def test_where_nothing_is_known_nothing_is_said_or_started() -> None:
    launcher = Launcher(polluted)
    assert outcomes(replay(launcher)) == {}
    assert (launcher.specs, launcher.said.getvalue()) == ([], "")
