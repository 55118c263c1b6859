"""Whether a patch helps: what counts, and what is asked for it."""

from collections.abc import Iterator, Sequence
from types import SimpleNamespace

import msgspec
import pytest

from flaky_detector.errors import Interrupted
from flaky_detector.model import Diagnosis, Finding, Outcome, Remedy, Signature, Step, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.dossier import Dossier
from flaky_detector.pipeline.mending import try_patches
from flaky_detector.stages.confirm import Answer, Question
from flaky_detector.stages.diagnose import UNSPOKEN
from tests.support.records import ran

ORDER = on_one_worker((Id("a.py::p"), Id("a.py::v")))


class Oracle:
    """Remembers what it was asked."""

    def __init__(self, answer: Answer | BaseException) -> None:
        self.answer = answer
        self.launcher = SimpleNamespace(settings=SimpleNamespace(repeats=2))
        self.dossier = Dossier()
        self.asked: list[tuple[Sequence[Question], str]] = []

    def ask(self, questions: Sequence[Question], patch: str) -> Iterator[Answer]:
        self.asked.append((questions, patch))
        for _ in questions:
            if isinstance(self.answer, BaseException):
                raise self.answer
            yield self.answer


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


def tried(answer: Answer | BaseException, *findings: Finding) -> tuple[list[bool], Oracle]:
    oracle = Oracle(answer)
    told = try_patches(findings, oracle)  # type: ignore[arg-type]
    return [bool(one.diagnosis and one.diagnosis.remedies[0].patch_verified) for one in told], oracle


def ran_as(polluter: Outcome = Outcome.PASSED, victim: Outcome = Outcome.PASSED) -> Answer:
    return Answer(executions=(ran("a.py::p", polluter), ran("a.py::v", victim)))


def test_a_patch_helps_where_every_test_of_the_order_passes_each_time() -> None:
    verified, oracle = tried(ran_as(), finding())
    assert verified == [True]
    assert oracle.asked == [([Question(ORDER), Question(ORDER)], "--- a\n+++ b\n")]


def test_a_patch_that_helps_shows_that_it_was_what_the_patch_takes_away() -> None:
    unsure = finding()
    assert unsure.diagnosis
    unsure = msgspec.structs.replace(unsure, diagnosis=msgspec.structs.replace(unsure.diagnosis, cause=f"It stays. {UNSPOKEN}"))
    for answer, cause in ((ran_as(), "It stays."), (ran_as(victim=Outcome.FAILED), f"It stays. {UNSPOKEN}")):
        (told,) = try_patches((unsure,), Oracle(answer))  # type: ignore[arg-type]
        assert told.diagnosis
        assert told.diagnosis.cause == cause


@pytest.mark.parametrize("answer", [ran_as(polluter=Outcome.FAILED), ran_as(victim=Outcome.FAILED), Answer(executed=False)])
def test_a_patch_that_breaks_the_polluter_or_leaves_the_victim_broken_or_does_not_fit_the_tree_does_not_help(answer: Answer) -> None:
    assert tried(answer, finding())[0] == [False]


@pytest.mark.parametrize("end", [KeyboardInterrupt(), Interrupted("interrupted")])
def test_an_interrupt_while_a_patch_is_tried_costs_nothing_but_that_answer(end: BaseException) -> None:
    verified, oracle = tried(end, finding())
    assert (verified, oracle.dossier.status) == ([False], "interrupted")


def test_one_patch_is_tried_once_for_one_order_and_no_patch_is_not_tried() -> None:
    verified, oracle = tried(ran_as(), finding(), finding(), finding(patch=None))
    assert (verified, len(oracle.asked)) == ([True, True, False], 1)


def test_without_time_nothing_is_asked() -> None:
    oracle = Oracle(ran_as())
    oracle.dossier.deadline = 0.0
    assert try_patches((finding(),), oracle)[0].diagnosis.remedies[0].patch_verified is False  # type: ignore[arg-type, union-attr]
    assert oracle.asked == []


def test_an_order_over_two_workers_is_not_tried() -> None:
    chain = msgspec.structs.replace(finding(), minimal_order=(Step(0, Id("a.py::p")), Step(1, Id("a.py::v"))))
    verified, oracle = tried(ran_as(), chain)
    assert (verified, oracle.asked) == ([False], [])
