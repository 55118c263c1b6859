"""What tests leave behind, over all runs."""

from flaky_detector.model import Outcome, StateChange
from flaky_detector.model import TestId as Id
from flaky_detector.model.footprint import footprints, frequent, lasting, leavers_of, majors, noise, own_order, warm_ups
from tests.support.records import changed, ran, record

DB = ("db",)


def test_what_eight_tests_of_a_small_run_change_is_noise() -> None:
    run = record(*(ran(f"t{n}", state=changed("CACHE", *(["TZ"] if n == 3 else []))) for n in range(8)))
    assert noise([run]) == {("environ", "CACHE")}
    assert footprints([run]) == {"t3": changed("TZ")}


def test_what_seven_tests_change_is_none() -> None:
    run = record(*(ran(f"t{n}", state=changed("CACHE")) for n in range(7)))
    assert noise([run]) == frozenset()
    assert list(footprints([run])) == ["t0", "t1", "t2", "t3", "t4", "t5", "t6"]


def test_in_a_large_run_it_takes_a_fifth_of_the_tests() -> None:
    tests = [ran(f"t{n}") for n in range(100)]
    leavers = [ran(f"l{n}", state=changed("CACHE")) for n in range(25)]
    assert noise([record(*tests, *leavers)]) == {("environ", "CACHE")}
    assert noise([record(*tests, *leavers[:-1])]) == frozenset()


def grown(number: int) -> tuple[StateChange, ...]:
    return (StateChange(kind="module-global", key="shop.CALLS", before=str(number), after=str(number + 1)),)


def test_what_grows_with_half_of_a_small_suite_is_noise() -> None:
    counting = [ran(f"t{n}", state=grown(n)) for n in range(5)]
    assert noise([record(*counting, *(ran(f"n{n}") for n in range(5)))]) == {("module-global", "shop.CALLS")}
    assert noise([record(*counting, *(ran(f"n{n}") for n in range(6)))]) == frozenset()
    assert noise([record(*counting[:4])]) == frozenset()


def test_noise_that_less_than_half_of_the_tests_change_is_frequent() -> None:
    rest = [ran(f"n{n}") for n in range(20)]
    leavers = [ran(f"l{n}", state=changed("MODE")) for n in range(19)]
    assert frequent([record(*rest, *leavers)]) == {("environ", "MODE"): tuple(f"l{n}" for n in range(19))}
    assert frequent([record(*rest[:19], *leavers)]) == {}
    assert frequent([record(*rest, *leavers), record(*leavers, run="r2")]) == {}
    assert frequent([record(*rest, *leavers[:7])]) == {}


def test_in_a_large_run_what_grows_takes_a_twentieth_of_the_tests() -> None:
    rest = [ran(f"n{n}") for n in range(180)]
    assert noise([record(*(ran(f"t{n}", state=grown(n)) for n in range(10)), *rest)]) == {("module-global", "shop.CALLS")}
    assert noise([record(*(ran(f"t{n}", state=grown(n)) for n in range(9)), *rest)]) == frozenset()


def test_what_goes_to_and_fro_does_not_grow() -> None:
    change = ("a", "b"), ("b", "a")
    states = [StateChange(kind="module-global", key="shop.X", before=change[n % 2][0], after=change[n % 2][1]) for n in range(6)]
    assert noise([record(*(ran(f"t{n}", state=(state,)) for n, state in enumerate(states)))]) == frozenset()


def test_a_cache_is_told_and_makes_nobody_a_leaver() -> None:
    cache = changed("shop.tax", kind="cache")
    run = record(ran("a", state=cache, traits=DB), ran("b", state=changed("TZ")))
    assert footprints([run]) == {"a": cache, "b": changed("TZ")}
    assert leavers_of([run]).everybody == ("b",)
    assert warm_ups([run], 1) == ("a",)


def test_noise_in_one_run_is_noise_in_all() -> None:
    noisy = record(*(ran(f"t{n}", state=changed("CACHE")) for n in range(8)))
    assert footprints([record(ran("a", state=changed("CACHE"))), noisy]) == {}


def test_one_test_that_runs_often_does_not_make_noise() -> None:
    run = record(*(ran("t", state=changed("CACHE"), attempt=n) for n in range(20)))
    assert noise([run]) == frozenset()


def test_the_lasting_changes_are_those_that_are_not_noise() -> None:
    assert lasting(ran("t", state=changed("CACHE", "TZ")), frozenset({("environ", "CACHE")})) == changed("TZ")


def test_a_footprint_gathers_over_runs_each_thing_once() -> None:
    first, second = record(ran("a", state=changed("TZ", "X"))), record(ran("a", state=changed("X", "Y")))
    assert footprints([first, second]) == {"a": changed("TZ", "X", "Y")}


def test_the_own_order_is_what_was_collected() -> None:
    run = record(ran("b"), ran("a"), collected=(Id("a"), Id("b"), Id("c")))
    assert own_order([record(ran("b")), run]) == ("a", "b", "c")


def test_without_a_collection_the_first_serial_run_tells_the_own_order() -> None:
    spread, unordered = record(ran("z"), gw0=(ran("y"),)), record(ran("x"), has_order=False)
    assert own_order([spread, unordered, record(ran("b"), ran("a"), ran("b", attempt=1))]) == ("b", "a")
    assert own_order([spread, unordered]) == ()


def test_a_warm_up_asks_for_a_database_passes_and_leaves_nothing_the_quickest_first() -> None:
    run = record(
        ran("slow", traits=DB, duration_seconds=2.0),
        ran("quick", traits=DB, duration_seconds=0.1),
        ran("no-database", duration_seconds=0.01),
        ran("flushes", traits=("db", "transactional_db"), duration_seconds=0.01),
        ran("leaves", traits=DB, state=changed("TZ")),
        ran("fails", Outcome.FAILED, traits=DB),
        ran("suspect", traits=DB),
    )
    assert warm_ups([run], 5, avoid=[Id("suspect")]) == ("quick", "slow")
    assert warm_ups([run], 1, avoid=[Id("suspect")]) == ("quick",)
    assert warm_ups([], 2) == ()


def test_a_test_that_failed_in_any_run_is_no_warm_up() -> None:
    assert warm_ups([record(ran("a", traits=DB)), record(ran("a", Outcome.ERROR, traits=DB))], 1) == ()


def test_a_version_is_shortened_to_what_people_say() -> None:
    assert [majors("3.11.7"), majors("3.11"), majors("3"), majors("")] == ["3.11", "3.11", "3", ""]


def step(before: str, after: str, key: str = "shop.ONLY") -> tuple[StateChange, ...]:
    return (StateChange(kind="module-global", key=key, before=before, after=after),)


def test_who_was_the_first_to_use_what_others_changed_further_is_an_opener() -> None:
    run = record(ran("v", state=step("none", "new")), ran("n"), ran("a", state=step("new", "a")), ran("b", state=step("a", "ab")))
    assert leavers_of([run]) == (("v", "a", "b"), ("v",), ("a", "b"))


def test_who_left_something_that_was_only_put_back_is_no_opener() -> None:
    run = record(ran("p", state=step("none", "set")), ran("c", state=step("set", "none")))
    assert leavers_of([run]) == (("p",), (), ())


def test_who_also_left_what_nobody_touched_again_is_no_opener() -> None:
    run = record(ran("p", state=(*step("none", "new"), *step("0", "1", key="shop.X"))), ran("a", state=step("new", "a")))
    assert leavers_of([run]) == (("p", "a"), (), ())


def test_who_was_followed_in_one_run_and_followed_another_in_the_next_is_no_opener() -> None:
    one = record(ran("a", state=step("none", "a")), ran("b", state=step("a", "ab")))
    other = record(ran("b", state=step("none", "b")), ran("a", state=step("b", "ba")))
    assert leavers_of([one, other]) == (("a", "b"), (), ())
