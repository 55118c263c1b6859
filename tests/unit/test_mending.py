"""Whether a patch helps: what counts, and what is asked for it."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec

from flaky_detector.model import Diagnosis, Finding, Outcome, Remedy, RunRecord, Signature, Step, Suite, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.launch import Wish
from flaky_detector.pipeline.mending import try_patches
from tests.support.records import ran, record

ORDER = on_one_worker((Id("a.py::p"), Id("a.py::v")))


class Launcher:
    """Remembers what it should have run."""

    def __init__(self, runs: Callable[[Wish], RunRecord]) -> None:
        self.runs = runs
        self.suites = (Suite(python="3.12", executable="python", version="3.12.1", pytest_version="8", rootdir="/r"),)
        self.settings = SimpleNamespace(repeats=2)
        self.scratch = Path("/scratch")
        self.wishes: list[Wish] = []

    def run(self, wish: Wish) -> RunRecord:
        self.wishes.append(wish)
        return self.runs(wish)


def finding(patch: str | None = "--- a\n+++ b\n") -> Finding:
    diagnosis = Diagnosis(rule="migration-drift", remedies=(Remedy(title="one", text="", patch=patch), Remedy(title="two", text="")))
    return Finding(
        test=Id("a.py::v"),
        kind="victim",
        confidence="proven",
        signature=Signature(rule="migration-drift"),
        polluters=((Id("a.py::p"),),),
        minimal_order=ORDER,
        diagnosis=diagnosis,
    )


def tried(runs: Callable[[Wish], RunRecord], *findings: Finding) -> tuple[list[bool], Launcher]:
    launcher = Launcher(runs)
    told = try_patches(findings, launcher, Dossier())  # type: ignore[arg-type]
    return [bool(one.diagnosis and one.diagnosis.remedies[0].patch_verified) for one in told], launcher


def test_a_patch_helps_where_every_test_of_the_order_passes_each_time() -> None:
    verified, launcher = tried(lambda wish: record(ran("a.py::p"), ran("a.py::v"), spec=wish.spec), finding())
    assert verified == [True]
    assert [(wish.patch, wish.trial, wish.spec.order) for wish in launcher.wishes] == [("--- a\n+++ b\n", True, ORDER)] * 2


def test_a_patch_that_breaks_the_polluter_itself_does_not_help() -> None:
    verified, launcher = tried(lambda wish: record(ran("a.py::p", Outcome.FAILED), ran("a.py::v"), spec=wish.spec), finding())
    assert (verified, len(launcher.wishes)) == ([False], 1)


def test_a_patch_that_does_not_fit_the_tree_ran_nothing_and_does_not_help() -> None:
    assert tried(lambda wish: record(spec=wish.spec), finding())[0] == [False]


def test_one_patch_is_tried_once_for_one_order_and_no_patch_is_not_tried() -> None:
    verified, launcher = tried(
        lambda wish: record(ran("a.py::p"), ran("a.py::v"), spec=wish.spec), finding(), finding(), finding(patch=None)
    )
    assert (verified, len(launcher.wishes)) == ([True, True, False], 2)


def test_an_order_over_two_workers_is_not_tried() -> None:
    chain = msgspec.structs.replace(finding(), minimal_order=(Step(0, Id("a.py::p")), Step(1, Id("a.py::v"))))
    verified, launcher = tried(lambda wish: record(spec=wish.spec), chain)
    assert (verified, launcher.wishes) == ([False], [])
