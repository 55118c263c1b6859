"""In which orders a failure can happen."""

import pytest

from flaky_detector.model import Arrangement, Execution, Finding, RunRecord, RunSpec, Signature, Step, Suspect
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.orders import orders_of, outlook
from tests.support.records import ran, record

A, B, T, N = Id("a.py::test_a"), Id("b.py::test_b"), Id("t.py::test_t"), Id("n.py::test_n")
DATABASE, TRANSACTION = ("db",), ("db", "transactional_db")


def suite(*, django: bool = False) -> tuple[Execution, ...]:
    """Two database tests, one with a transactional database, one without: in pytest-django's order."""
    traits = {A: DATABASE, B: DATABASE, T: TRANSACTION, N: ()} if django else {}
    return tuple(ran(test, traits=traits.get(test, ())) for test in (A, B, T, N))


def run(name: str, arrangement: Arrangement = Arrangement.OWN, *, django: bool = False, workers: int = 0, **members: object) -> RunRecord:
    spec = RunSpec(
        id=name,
        python="3.12",
        arrangement=arrangement,
        workers=workers,
        distribution="load" if workers else "no",
        **members,  # type: ignore[arg-type]
    )
    return record(*suite(django=django), spec=spec, collected=(A, B, T, N) if arrangement is Arrangement.OWN else ())


OWN = run("own")
SHUFFLED = run("shuffled", Arrangement.SHUFFLED, seed=1)
FRONT = run("front", Arrangement.FRONT_LOADED)


def finding(*order: Id | Step, runs: tuple[str, ...] = (), **members: object) -> Finding:
    steps = tuple(step if isinstance(step, Step) else Step(0, step) for step in order)
    test = steps[-1].test if steps else B
    return Finding(
        **{  # type: ignore[arg-type]
            "test": test,
            "kind": "victim" if order else "unknown",
            "confidence": "proven" if order else "suspected",
            "signature": Signature(rule="fallback"),
            "minimal_order": steps,
            "failing_runs": runs,
            **members,
        }
    )


def test_what_fails_in_the_own_order_in_one_process_needs_nothing_else() -> None:
    told = orders_of(finding(A, B, runs=("shuffled", "own")), outlook([OWN, SHUFFLED]))
    assert told == ("own", "it fails in the project's own order, in one process")


def test_what_fails_in_the_own_order_on_workers_only_is_the_distribution_s() -> None:
    told = orders_of(finding(A, B, runs=("xdist",)), outlook([OWN, run("xdist", workers=2)]))
    assert told == ("distribution", "it fails in the project's own order under `--dist load` on 2 workers")


def test_a_polluter_that_comes_before_its_victim_may_meet_it_on_a_worker() -> None:
    orders, note = orders_of(finding(A, B, runs=("shuffled",)), outlook([OWN, SHUFFLED]))
    assert orders == "distribution"
    assert note.startswith("in the project's own order the victim comes after what breaks it, so an xdist worker, or a part of")


def test_a_polluter_that_comes_after_its_victim_takes_another_distribution() -> None:
    orders, note = orders_of(finding(B, A, runs=("shuffled",)), outlook([OWN, SHUFFLED]))
    assert orders == "distribution"
    assert note.startswith("in the project's own order the victim runs before what breaks it: `--dist loadscope`")


def test_where_the_project_shuffles_any_order_is_its_own() -> None:
    assert orders_of(finding(B, A, runs=("front",)), outlook([OWN, FRONT], is_shuffled=True))[0] == "own"


def test_a_transactional_test_before_a_database_test_undoes_pytest_django_s_sort() -> None:
    seen = outlook([run("own", django=True), run("front", Arrangement.FRONT_LOADED, django=True)])
    orders, note = orders_of(finding(T, B, runs=("front",)), seen)
    assert orders == "unsorted"
    assert note == (
        "only an order that undoes the project's sort does this: `test_t` is a test with a transactional database, `test_b` is a database"
        " test, and those run first; on one worker they can meet so only where xdist steals work"
    )


def test_a_test_without_a_database_before_a_database_test_undoes_it_as_well() -> None:
    assert orders_of(finding(N, B, runs=("front",)), outlook([run("own", django=True)]))[0] == "unsorted"


def test_a_warm_up_is_not_part_of_the_order_that_is_judged() -> None:
    assert orders_of(finding(T, A, N, runs=("front",), warm_up=(A,)), outlook([run("own", django=True)]))[0] == "distribution"


def test_a_database_test_before_a_transactional_one_keeps_the_sort() -> None:
    assert orders_of(finding(B, T, runs=("front",)), outlook([run("own", django=True)]))[0] == "distribution"


@pytest.mark.parametrize("workers", [0, 2])
def test_what_was_seen_in_the_own_order_is_never_called_unsorted(workers: int) -> None:
    orders, _ = orders_of(finding(T, B, runs=("own",)), outlook([run("own", django=True, workers=workers)]))
    assert orders == ("distribution" if workers else "own")


def test_what_was_seen_in_a_shuffle_that_kept_the_sort_is_not_called_unsorted() -> None:
    seen = outlook([run("own", django=True), run("shuffled", Arrangement.SHUFFLED, django=True, seed=1)])
    assert orders_of(finding(T, B, runs=("shuffled",)), seen)[0] == "distribution"


def test_what_was_seen_in_a_shuffle_that_undid_the_sort_is() -> None:
    seen = outlook([run("own", django=True), run("shuffled", Arrangement.SHUFFLED, django=True, seed=1, keep_sort=False)])
    assert orders_of(finding(T, B, runs=("shuffled",)), seen)[0] == "unsorted"


def test_traits_judge_nothing_where_the_own_order_is_not_sorted_by_them() -> None:
    rows = (ran(T, traits=TRANSACTION), ran(A, traits=DATABASE), ran(B, traits=DATABASE), ran(N))
    own = record(*rows, spec=RunSpec(id="own", python="3.12"), collected=(T, A, B, N))
    assert orders_of(finding(T, B, runs=("front",)), outlook([own]))[0] == "distribution"


def test_two_workers_sort_nothing() -> None:
    seen = outlook([run("own", django=True)])
    assert orders_of(finding(Step(0, T), Step(1, B), runs=("front",)), seen) == (
        "distribution",
        "it takes two workers at least, so one process does not show it",
    )


def test_a_brittle_test_fails_where_its_setter_is_missing() -> None:
    orders, note = orders_of(finding(A, B, kind="brittle", runs=("shuffled",)), outlook([OWN, SHUFFLED]))
    assert (orders, note.split(";")[0]) == ("distribution", "in the project's own order the test that it needs runs first")


def test_a_first_suspect_that_would_undo_the_sort_says_so_of_an_unproven_finding() -> None:
    suspected = finding(runs=("shuffled",), suspects=(Suspect(test=T, score=0.9),))
    seen = outlook([run("own", django=True), run("shuffled", Arrangement.SHUFFLED, django=True, seed=1, keep_sort=False)])
    assert orders_of(suspected, seen)[0] == "unsorted"


def test_what_only_shuffles_showed_is_not_known_without_a_proof() -> None:
    assert orders_of(finding(runs=("shuffled",)), outlook([OWN, SHUFFLED])) == ("unknown", "it was seen in shuffled orders only")


def test_a_report_without_an_order_tells_nothing() -> None:
    junit = record(*suite(), spec=RunSpec(id="junit", python=""), has_order=False)
    assert orders_of(finding(runs=("junit",)), outlook([junit])) == ("unknown", "")


def test_a_test_that_the_own_order_does_not_know_is_not_judged() -> None:
    assert orders_of(finding(Id("x.py::test_x"), B, runs=("front",)), outlook([OWN])) == ("unknown", "")


def test_a_conflict_between_workers_takes_two_of_them() -> None:
    conflict = finding(kind="cross-worker", confidence="proven", runs=("shuffled",), counterparts=(B,))
    told = orders_of(conflict, outlook([OWN, SHUFFLED]))
    assert told == ("distribution", "it takes two workers at the same time, so one process does not show it")
