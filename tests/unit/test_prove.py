"""The prover against suites in memory: what it concludes, and what it asked for it."""

from collections.abc import Sequence

import msgspec
import pytest

from flaky_detector.errors import Interrupted
from flaky_detector.model import Evidence, Proof, Sighting, StateChange, Suspect, TestId
from flaky_detector.stages.confirm import Docket, Policy, prove
from tests.support.memory_suite import FAILURE, OTHER, Fails, MemorySuite, signature_of, symptom

V = "test_v.py::test_v"


def ids(*names: str) -> tuple[TestId, ...]:
    return tuple(TestId(name) for name in names)


def suspect(test: str, *, worker: str = "same", kind: str = "state") -> Suspect:
    return Suspect(test=TestId(test), score=0.9, worker=worker, evidence=(Evidence(kind, "…"),))  # type: ignore[arg-type]


def before(*needed: str) -> Fails:
    """The victim fails when all of these ran before it in its own process."""
    return lambda prefix, attempt: set(needed) <= {test for worker, test in prefix}


def docket(failing: Sequence[str] = (), suspects: Sequence[Suspect] = (), **members: object) -> Docket:
    return Docket(symptom=symptom(), failing=ids(*failing), suspects=tuple(suspects), **members)  # type: ignore[arg-type]


def test_a_suspect_after_which_it_fails_time_and_again_is_proven() -> None:
    suite = MemorySuite(before("p"))
    proof = prove(docket(["a", "p", "b"], [suspect("p")]), suite, Policy(look_further=False))
    assert (proof.kind, proof.confidence, proof.polluters) == ("victim", "proven", (("p",),))
    told = [(trial.role, trial.same, trial.passed) for trial in proof.trials]
    assert told == [("alone", 0, 3), ("after-polluter", 3, 0), ("search", 0, 1)]
    assert suite.orders == [[V], [V], [V], ["p", V], ["p", V], ["p", V], [V]]
    assert [question.collect for question in suite.questions] == [(), (), (), (), (), (), ("p",)]


def test_a_suspect_that_breaks_nothing_is_never_named() -> None:
    suite = MemorySuite(before("p"))
    proof = prove(docket(["innocent", "p"], [suspect("innocent"), suspect("p")]), suite, Policy())
    assert proof.polluters == (("p",),)


def test_every_one_of_several_polluters_is_named() -> None:
    suite = MemorySuite(lambda prefix, attempt: bool({"p", "q"} & {test for worker, test in prefix}))
    proof = prove(docket(["p", "a", "q"], [suspect("p"), suspect("q")]), suite, Policy())
    assert proof.polluters == (("p",), ("q",))


def test_a_second_polluter_without_any_evidence_is_found_in_what_remains() -> None:
    suite = MemorySuite(lambda prefix, attempt: bool({"p", "q"} & {test for worker, test in prefix}))
    proof = prove(docket(["a", "q", "b", "p", "c"], [suspect("p")]), suite, Policy())
    assert proof.polluters == (("p",), ("q",))


def test_without_evidence_the_failing_order_is_shrunk() -> None:
    tests = [f"t{number}" for number in range(100)]
    suite = MemorySuite(before("t17"))
    proof = prove(docket(tests), suite, Policy(look_further=False))
    assert proof.polluters == (("t17",),)
    assert len(suite.asked) == 24
    assert {trial.role: (trial.same, trial.attempts) for trial in proof.trials if trial.role != "search"} == {
        "alone": (0, 5),
        "after-polluter": (5, 5),
    }


def test_two_tests_needed_together_are_one_polluter_set_in_their_order() -> None:
    suite = MemorySuite(before("p", "q"))
    proof = prove(docket(["q", "a", "p", "b"]), suite, Policy())
    assert proof.polluters == (("q", "p"),)
    assert [step.test for step in proof.minimal_order] == ["q", "p", V]


def test_another_failure_after_a_suspect_proves_nothing() -> None:
    suite = MemorySuite(before("p"), failure=OTHER)
    proof = prove(docket(["p"], [suspect("p")]), suite, Policy())
    assert (proof.kind, proof.confidence, proof.polluters) == ("unknown", "suspected", ())
    assert proof.tried[0] == "a suspect before it: it passed or failed otherwise"


def test_a_test_that_fails_alone_now_and_then_accuses_nobody() -> None:
    suite = MemorySuite(lambda prefix, attempt: attempt == 1)
    proof = prove(docket(["p"], [suspect("p")]), suite, Policy())
    assert (proof.kind, proof.polluters) == ("non-deterministic", ())


def test_a_test_that_always_fails_is_broken() -> None:
    suite = MemorySuite(lambda prefix, attempt: True)
    proof = prove(docket(["p"], [suspect("p")]), suite, Policy())
    assert (proof.kind, proof.polluters, len(suite.asked)) == ("broken", (), 3)


def test_a_brittle_test_gets_its_state_setter() -> None:
    suite = MemorySuite(lambda prefix, attempt: "setter" not in {test for worker, test in prefix})
    sighting = Sighting("1", "main", 3)
    given = msgspec.structs.replace(docket(), symptom=symptom(passing=(sighting,)), passing=(ids("a", "setter", "b"),))
    proof = prove(given, suite, Policy())
    assert (proof.kind, proof.confidence, proof.state_setters) == ("brittle", "proven", (("setter",),))
    assert [step.test for step in proof.minimal_order] == ["setter", V]


def test_a_warm_up_runs_first_and_is_not_accused() -> None:
    suite = MemorySuite(before("p"))
    proof = prove(docket(["w", "p"], [suspect("p")], warm_up=ids("w")), suite, Policy())
    assert [step.test for step in proof.minimal_order] == ["w", "p", V]
    assert (proof.warm_up, proof.polluters) == (("w",), (("p",),))


def test_a_victim_that_fails_most_times_after_its_polluter_is_proven_by_more_attempts() -> None:
    suite = MemorySuite(lambda prefix, attempt: any(test == "p" for worker, test in prefix) and attempt % 4 != 3)
    proof = prove(docket(["p"], [suspect("p")]), suite, Policy(repeats=4, look_further=False))
    assert proof.polluters == (("p",),)
    told = {trial.role: (trial.same, trial.attempts) for trial in proof.trials}
    assert told == {"alone": (0, 12), "after-polluter": (9, 12), "search": (0, 1)}
    assert proof.tried == ("after the polluter it fails in 9 of 12 attempts, not always",)


def test_a_victim_that_fails_seldom_after_a_suspect_accuses_nobody() -> None:
    suite = MemorySuite(lambda prefix, attempt: any(test == "p" for worker, test in prefix) and attempt == 0)
    proof = prove(docket(["p"], [suspect("p")]), suite, Policy())
    assert proof.polluters == ()
    assert proof.kind == "non-deterministic"


def across(prefix: list[tuple[int, str]], attempt: int) -> bool:
    """A writes only after L on its worker; the victim on the other worker trips over it after F has loaded what A wrote."""
    return list(dict.fromkeys(step for step in prefix if step[1] in "LAF")) == [(0, "L"), (0, "A"), (1, "F")]


def test_a_chain_across_workers_is_proven_with_what_each_worker_needs() -> None:
    suite = MemorySuite(across)
    given = docket(
        ["x", "F", "y"],
        [suspect("A", worker="other", kind="tree"), suspect("L", worker="other")],
        elsewhere=ids("k", "L", "m", "A"),
        warm_up=ids("w", "u"),
    )
    proof = prove(given, suite, Policy())
    assert proof.polluters == (("L", "A"),)
    assert [(step.worker, step.test) for step in proof.minimal_order] == [(0, "w"), (1, "u"), (0, "L"), (0, "A"), (1, "F"), (1, V)]
    assert [(trial.role, trial.same, trial.passed) for trial in proof.trials if trial.role == "without"] == [
        ("without", 0, 3),
        ("without", 0, 3),
        ("without", 0, 3),
    ]


def test_another_test_that_leaves_the_same_thing_is_an_alternative_link_of_the_chain() -> None:
    suite = MemorySuite(lambda prefix, attempt: across([(w, "L" if test == "M" else test) for w, test in prefix], attempt))
    model = (StateChange(kind="django-model", key="shop.Phantom", after="1"),)
    given = docket(
        ["F"],
        [suspect("A", worker="other", kind="tree"), suspect("L", worker="other"), suspect("M", worker="other")],
        elsewhere=ids("L", "M", "A"),
        left={TestId("L"): model, TestId("M"): model},
    )
    proof = prove(given, suite, Policy())
    assert proof.polluters == (("L", "A"), ("M", "A"))


def test_a_set_proven_for_the_same_family_is_tried_first() -> None:
    suite = MemorySuite(before("p"))
    first = prove(docket(["p"], [suspect("p")]), suite, Policy())
    suite.asked.clear()
    given = msgspec.structs.replace(docket(["a", "p"]), known=(first.minimal_order[:-1],))
    proof = prove(given, suite, Policy(look_further=False))
    assert proof.polluters == (("p",),)
    assert suite.orders[:6] == [[V], [V], [V], ["p", V], ["p", V], ["p", V]]


def test_when_time_is_up_the_best_so_far_is_told() -> None:
    proof = prove(docket(["p"], [suspect("p")]), MemorySuite(before("p")), Policy(deadline=0.0))
    assert (proof.kind, proof.complete, proof.tried) == ("unknown", False, ("the budget was used up",))


def test_a_warm_up_that_is_itself_the_polluter_is_found_out_and_no_innocent_is_accused() -> None:
    suite = MemorySuite(before("w"))
    proof = prove(docket(["w", "a", "b"], [suspect("a")], warm_up=ids("w")), suite, Policy())
    assert proof.polluters == (("w",),)
    assert proof.warm_up == ()


def test_an_innocent_whom_one_misleading_trial_put_into_the_set_is_dropped() -> None:
    def fails(prefix: list[tuple[int, str]], attempt: int) -> bool:
        tests = [test for worker, test in prefix]
        return "p" in tests and not (tests == ["p"] and attempt == 0)

    proof = prove(docket(["innocent", "p"]), MemorySuite(fails), Policy(look_further=False))
    assert all("innocent" not in tests for tests in proof.polluters)


def test_a_single_warm_up_of_a_chain_goes_to_the_victims_worker() -> None:
    given = docket(
        ["F"], [suspect("A", worker="other", kind="tree"), suspect("L", worker="other")], elsewhere=ids("L", "A"), warm_up=ids("w")
    )
    proof = prove(given, MemorySuite(across), Policy())
    assert [(step.worker, step.test) for step in proof.minimal_order] == [(1, "w"), (0, "L"), (0, "A"), (1, "F"), (1, V)]


def test_an_interrupt_hands_over_the_best_so_far() -> None:
    def fails(prefix: list[tuple[int, str]], attempt: int) -> bool:
        if [test for worker, test in prefix] == ["q"]:
            raise KeyboardInterrupt
        return "p" in [test for worker, test in prefix]

    with pytest.raises(Interrupted) as caught:
        prove(docket(["q", "p", "a"], [suspect("p")]), MemorySuite(lambda prefix, attempt: fails(prefix[:1], attempt)), Policy())
    assert isinstance(caught.value.so_far, Proof)
    assert (caught.value.so_far.polluters, caught.value.so_far.complete) == ((("p",),), False)


def test_where_nothing_but_the_order_speaks_against_a_test_more_attempts_are_made() -> None:
    proof = prove(docket(["p"], [suspect("p", kind="order")]), MemorySuite(before("p")), Policy())
    counts = {trial.role: (trial.same, trial.attempts) for trial in proof.trials if trial.role != "search"}
    assert counts == {"alone": (0, 5), "after-polluter": (5, 5)}


@pytest.mark.parametrize(("key", "attempts"), [("shop.state.SEEN", 3), ("shop.other.SEEN", 5)])
def test_fewer_are_made_where_a_trial_shows_that_it_leaves_what_the_failing_line_names(key: str, attempts: int) -> None:
    suite = MemorySuite(before("p"))
    suite.leaves = {"p": (StateChange(kind="module-global", key=key, after="1"),)}
    text = ">       assert len(state.SEEN) < 1\nE       assert 1 < 1\n"
    given = Docket(symptom=symptom(example=msgspec.structs.replace(FAILURE, text=text)), suspects=(suspect("p", kind="order"),))
    proof = prove(given, suite, Policy(look_further=False))
    assert {trial.role: trial.attempts for trial in proof.trials if trial.role != "search"} == {
        "alone": attempts,
        "after-polluter": attempts,
    }


def test_a_test_that_fails_at_random_whatever_ran_before_it_accuses_nobody() -> None:
    """Alone it passes at first; after each suspect it fails now and then."""
    suite = MemorySuite(lambda prefix, attempt: attempt % 3 == 0 if prefix else attempt == 6)
    proof = prove(docket(["a", "b", "c"], [suspect("a", kind="order"), suspect("b", kind="order")]), suite, Policy())
    assert (proof.kind, proof.confidence, proof.polluters) == ("non-deterministic", "proven", ())


def test_a_test_that_mostly_fails_is_not_brittle_because_it_passed_once_after_a_test() -> None:
    """It fails alone three times out of four, and so it does after every other test."""
    sighting = Sighting("1", "main", 3)
    suite = MemorySuite(lambda prefix, attempt: attempt % 4 != (3 if not prefix else 0))
    proof = prove(msgspec.structs.replace(docket(), symptom=symptom(passing=(sighting,)), passing=(ids("a"),)), suite, Policy())
    assert (proof.kind, proof.state_setters) == ("non-deterministic", ())


def test_a_victim_that_fails_half_of_the_time_is_searched_for_as_long_as_it_takes() -> None:
    suite = MemorySuite(lambda prefix, attempt: any(test == "t3" for worker, test in prefix) and attempt % 2 == 1)
    proof = prove(docket([f"t{number}" for number in range(8)]), suite, Policy(look_further=False))
    assert (proof.kind, proof.polluters) == ("victim", (("t3",),))


def test_a_victim_that_ends_in_yet_another_way_without_somebody_is_not_explained() -> None:
    """Leaving one of the two out does not make it pass: what the set shows is not what it needs."""
    suite = MemorySuite(before("p", "q"))
    suite.otherwise = lambda prefix: [test for worker, test in prefix] == ["q"]
    proof = prove(docket(["p", "q"]), suite, Policy())
    assert proof.polluters == ()


def test_every_polluter_of_the_whole_suite_is_named_also_one_that_never_ran_before_the_victim() -> None:
    suite = MemorySuite(lambda prefix, attempt: bool({"p", "q"} & {test for worker, test in prefix}))
    proof = prove(docket(["p", "a"], [suspect("p")], everything=ids("p", "a", V, "b", "q")), suite, Policy())
    assert proof.polluters == (("p",), ("q",))


def test_who_is_seen_in_a_trial_to_leave_what_a_polluter_leaves_is_tried_before_the_rest_is_searched() -> None:
    polluters = {f"t{number}" for number in (3, 40, 71, 95)}
    tests = [f"t{number}" for number in range(100)]
    suite = MemorySuite(lambda prefix, attempt: bool(polluters & {test for worker, test in prefix}))
    suite.leaves = {test: (StateChange(kind="environ", key="MODE" if test in polluters else test.upper()),) for test in tests}
    proof = prove(docket(tests, [suspect("t71")]), suite, Policy())
    assert {test for (test,) in proof.polluters} == polluters
    assert sorted({len(order) for order in suite.orders}) == [1, 2, 97, 100]
    assert [order for order in suite.orders if len(order) == 2 and order[0] not in polluters] == []


MODE, CALLS, SEED = (StateChange(kind="module-global", key=f"shop.{name}", after="1") for name in ("MODE", "CALLS", "SEED"))
NOISY = frozenset((change.kind, change.key) for change in (MODE, CALLS, SEED))


def with_frequent(leaves: dict[str, tuple[StateChange, ...]], *polluters: str) -> Proof:
    """`p` and `q` are suspected; of the others those pollute who are given. `n` is tried first; the victim changes SEED itself."""
    suite = MemorySuite(lambda prefix, attempt: bool({"p", "q", *polluters} & {test for worker, test in prefix}))
    suite.leaves = leaves | {V: (SEED,)}
    frequent = {key: ids(*(test for test in leaves if key in {(one.kind, one.key) for one in leaves[test]})) for key in NOISY}
    given = docket(["n", "p", "q"], [suspect(name) for name in ("n", "p", "q")], noisy=NOISY, frequent=frequent)
    return prove(given, suite, Policy())


def test_what_many_tests_leave_is_told_where_each_polluter_leaves_it_and_whoever_leaves_it_pollutes() -> None:
    leaves = {"p": (MODE, SEED), "q": (SEED, MODE), "r": (MODE,), "s": (MODE,)}
    proof = with_frequent(leaves, "r", "s")
    assert proof.polluters == (("p",), ("q",))
    assert (proof.state, proof.left_by) == ((MODE,), {"p": (0,), "q": (0,)})
    assert with_frequent({"p": (MODE,), "q": (MODE,)}).state == (MODE,)


@pytest.mark.parametrize(
    "leaves",
    [
        {"p": (MODE,), "q": ()},
        {"p": (MODE,), "q": (CALLS,)},
        {"p": (CALLS,), "q": (CALLS,), "n": (CALLS,)},
        {"p": (CALLS,), "q": (CALLS,), "r": (CALLS,), "s": (CALLS,), "t": (CALLS,)},
        {"p": (CALLS,), "q": (CALLS,), "r": (CALLS,), "t": (CALLS,)},
        {"p": (SEED,), "q": (SEED,)},
    ],
    ids=["by one of them", "each leaves another thing", "by an innocent", "by one who is asked", "by the second of two", "by the victim"],
)
def test_other_noise_is_never_told(leaves: dict[str, tuple[StateChange, ...]]) -> None:
    proof = with_frequent(leaves, "r", "s")
    assert proof.polluters == (("p",), ("q",))
    assert proof.state == ()


def test_of_each_polluter_it_is_told_what_it_left_and_what_all_leave_comes_first() -> None:
    own = StateChange(kind="temporary-file", key="<tmp>/a", after="1")
    proof = with_frequent({"p": (own, MODE), "q": (MODE,)})
    assert (proof.state, proof.left_by) == ((MODE, own), {"p": (0, 1), "q": (0,)})


def test_another_set_that_shares_a_member_with_the_first_is_found_as_well() -> None:
    def fails(prefix: list[tuple[int, str]], attempt: int) -> bool:
        tests = {test for worker, test in prefix}
        return {"a", "b"} <= tests or {"a", "c"} <= tests

    proof = prove(docket(["a", "b", "c"]), MemorySuite(fails), Policy())
    assert set(proof.polluters) == {("a", "b"), ("a", "c")}


def test_a_cleaner_explains_why_it_passed_although_the_polluter_ran_before_it() -> None:
    def fails(prefix: list[tuple[int, str]], attempt: int) -> bool:
        tests = [test for worker, test in prefix]
        return "p" in tests and "c" not in tests[tests.index("p") :]

    given = docket(["p"], [suspect("p")], passing=(ids("p", "x", "c", "y"),))
    proof = prove(given, MemorySuite(fails), Policy())
    assert (proof.polluters, proof.cleaners) == ((("p",),), (("c",),))


def test_a_file_whose_import_is_enough_is_told_from_a_test_that_pollutes() -> None:
    suite = MemorySuite(lambda prefix, attempt: False)
    suite.imports = lambda files: "test_x.py" in files
    proof = prove(docket(everything=ids("test_x.py::test_1", "test_x.py::test_2", V, "test_y.py::test_1")), suite, Policy())
    assert proof.polluters == (("test_x.py::test_1",),)
    assert proof.tried[-1] == "importing test_x.py is enough: it does not matter which test of that file runs, or whether any does"


def test_tests_that_conflict_while_both_run_are_counterparts_and_nobody_pollutes() -> None:
    suite = MemorySuite(lambda prefix, attempt: False)
    suite.conflicts = lambda test: test == "c"
    proof = prove(docket(["x"], beside=ids("b", "c")), suite, Policy())
    assert (proof.kind, proof.confidence, proof.polluters, proof.counterparts) == ("cross-worker", "proven", (), ("c",))
    assert {trial.role: (trial.same, trial.attempts) for trial in proof.trials if trial.together and trial.same} == {"together": (5, 5)}


def test_what_two_workers_show_and_one_does_not_is_blamed_on_nobody_of_the_other_worker() -> None:
    """The victim fails wherever it runs beside another worker, whoever that is."""
    suite = MemorySuite(lambda prefix, attempt: any(worker == 0 for worker, test in prefix) and len({w for w, _ in prefix}) > 1)
    given = docket(["own"], [suspect("o", worker="other", kind="tree")], elsewhere=ids("o"), idle=TestId("idle"))
    proof = prove(given, suite, Policy())
    assert proof.polluters == ()


def test_a_test_that_fails_on_one_python_only_accuses_nobody() -> None:
    suite = MemorySuite(lambda prefix, attempt: True)
    suite.passes_on = "3.12"
    given = msgspec.structs.replace(
        docket(["p"], [suspect("p")], python="3.11", other_pythons=("3.12",)),
        symptom=symptom(pythons=("3.11",), passing_pythons=("3.12",), passing=(Sighting("2", "main", 0),)),
    )
    proof = prove(given, suite, Policy())
    assert (proof.kind, proof.confidence, proof.polluters) == ("environment", "proven", ())


def test_a_text_that_no_run_has_shown_is_the_same_failure_where_type_and_file_are_the_same() -> None:
    suite = MemorySuite(before("p"), failure=msgspec.structs.replace(OTHER, message="a zebra"))
    seen = signature_of(msgspec.structs.replace(OTHER, message="a lion"))
    given = msgspec.structs.replace(docket(["p"], [suspect("p")]), symptom=msgspec.structs.replace(symptom(), signature=seen))
    assert prove(given, suite, Policy()).polluters == (("p",),)
    elsewhere = MemorySuite(before("p"), failure=msgspec.structs.replace(OTHER, test_frame="other.py:thing"))
    assert prove(given, elsewhere, Policy()).polluters == ()
