"""Walks along an order, by the prover: what is guessed from them, and how few runs it takes."""

from collections.abc import Sequence

from flaky_detector.model import Evidence, Suspect, TestId, on_one_worker
from flaky_detector.stages.confirm import Docket, Policy, prove
from tests.support.memory_suite import Fails, MemorySuite, symptom

V = "test_v.py::test_v"
TESTS = [f"test_a.py::test_{number}" for number in range(200)]


def needing(*numbers: int) -> Fails:
    wanted = {TESTS[number] for number in numbers}
    return lambda prefix, attempt: wanted <= {test for worker, test in prefix}


def walking(fails: Fails) -> MemorySuite:
    suite = MemorySuite(fails)
    suite.walks = True
    return suite


def docket(tests: Sequence[str] = TESTS, **members: object) -> Docket:
    return Docket(symptom=symptom(), failing=tuple(map(TestId, tests)), **members)  # type: ignore[arg-type]


def test_one_walk_and_one_trial_name_the_polluter() -> None:
    suite = walking(needing(120))
    proof = prove(docket(), suite, Policy(look_further=False))
    assert proof.polluters == ((TESTS[120],),)
    assert suite.walked == [201]
    assert max(map(len, suite.orders)) == 2


def test_each_further_test_that_is_needed_takes_one_walk_more() -> None:
    suite = walking(needing(20, 120, 150))
    proof = prove(docket(), suite, Policy(look_further=False))
    assert proof.polluters == ((TESTS[20], TESTS[120], TESTS[150]),)
    assert suite.walked == [201, 152, 123]
    assert max(map(len, suite.orders)) == 4


def test_where_nothing_can_be_forked_the_search_by_trials_finds_it() -> None:
    suite = MemorySuite(needing(120))
    proof = prove(docket(), suite, Policy(look_further=False))
    assert proof.polluters == ((TESTS[120],),)
    assert max(map(len, suite.orders)) == 201


def test_a_few_tests_are_told_apart_by_trials() -> None:
    suite = walking(needing(2))
    assert prove(docket(TESTS[:5]), suite, Policy(look_further=False)).polluters == ((TESTS[2],),)
    assert suite.walked == []


def test_a_walk_that_ends_at_an_innocent_accuses_nobody() -> None:
    needed = needing(120)

    def fails(prefix: list[tuple[int, str]], attempt: int) -> bool:
        by_chance = len(prefix) == 41
        return by_chance or needed(prefix, attempt)

    suite = walking(fails)
    assert prove(docket(), suite, Policy(look_further=False)).polluters == ((TESTS[120],),)


def test_the_look_for_a_second_polluter_walks_only_where_the_rest_still_makes_it_fail() -> None:
    suite = walking(lambda prefix, attempt: bool({TESTS[30], TESTS[90]} & {test for worker, test in prefix}))
    proof = prove(docket(everything=tuple(map(TestId, TESTS))), suite, Policy())
    assert proof.polluters == ((TESTS[30],), (TESTS[90],))
    assert suite.walked == [201, 200]
    assert sorted(size for size in map(len, suite.orders) if size > 100) == [199, 199, 200]


def test_a_walk_is_told_what_its_tests_and_its_tail_take() -> None:
    suite = walking(needing(20, 120))
    prove(docket(victim_seconds=5.0, seconds=40.0), suite, Policy(look_further=False))
    assert [(each.test_seconds, each.tail_seconds) for each in suite.walkings] == [(0.2, 5.0), (0.2, 5.2)]


def leaving(*numbers: int) -> tuple[Suspect, ...]:
    reasons = (Evidence("order", "ran before it"), Evidence("other-state", "leaves something behind"))
    return tuple(Suspect(test=TestId(TESTS[number]), score=0.1, worker="same", evidence=reasons) for number in numbers)


def test_those_that_leave_something_behind_are_tried_together_before_any_walk() -> None:
    suite = walking(needing(20, 120))
    proof = prove(docket(suspects=leaving(120, 7, 20)), suite, Policy(look_further=False))
    assert proof.polluters == ((TESTS[20], TESTS[120]),)
    assert suite.walked == []
    assert max(map(len, suite.orders)) == 4


def test_where_most_tests_leave_something_behind_a_walk_tells_sooner() -> None:
    suite = walking(needing(20, 120))
    proof = prove(docket(suspects=leaving(*range(200))), suite, Policy(look_further=False))
    assert proof.polluters == ((TESTS[20], TESTS[120]),)
    assert suite.walked == [201, 122]


def test_where_a_walk_tells_a_few_only_trials_tell_which_of_them() -> None:
    suite = walking(needing(20, 121))
    suite.walks_among = 5
    proof = prove(docket(), suite, Policy(look_further=False))
    assert proof.polluters == ((TESTS[20], TESTS[121]),)
    assert suite.walked == [201, 126]
    assert max(map(len, suite.orders)) == 11


def test_what_broke_a_test_of_another_family_is_tried_before_any_walk() -> None:
    suite = walking(needing(120))
    known = tuple(on_one_worker((TestId(TESTS[number]),)) for number in (7, 120))
    assert prove(docket(known_elsewhere=known), suite, Policy(look_further=False)).polluters == ((TESTS[120],),)
    assert suite.walked == []


def test_an_innocent_that_broke_another_test_is_not_accused_here() -> None:
    suite = walking(needing(120))
    known = (on_one_worker((TestId(TESTS[7]),)),)
    assert prove(docket(known_elsewhere=known), suite, Policy(look_further=False)).polluters == ((TESTS[120],),)
    assert suite.walked == [201]
