"""Many failing tests, one cause: which are told together, and who leads."""

from collections.abc import Callable, Sequence

import pytest

from flaky_detector.model import Execution, Failure, Outcome, RunRecord, TestId, path_of
from flaky_detector.stages.classify import classify
from flaky_detector.stages.correlate import Pool, correlate, lay_out, pool
from flaky_detector.stages.correlate.families import families
from flaky_detector.stages.correlate.onset import LEAST_FIT, STRAY, cuts
from tests.support.records import changed, ran, record

GONE = Failure(phase="call", exception="shop.models.Perm.DoesNotExist", message="Perm matching query does not exist.")
BARRED = Failure(
    phase="teardown",
    exception="django.db.utils.IntegrityError",
    message='insert or update on table "u" violates foreign key constraint "f"\nDETAIL:  Key (p)=(1) is not present in table "shop_perm".',
)
WRONG = Failure(phase="call", exception="AssertionError", message="assert 400 == 201", test_frame="tests/test_a.py:test_x")
REFUSED = Failure(phase="call", exception="DatabaseOperationForbidden", message="not allowed")


def nothing(path: str) -> str | None:
    return None


def fails(test: str, *failures: Failure, outcome: Outcome = Outcome.FAILED) -> Execution:
    return ran(test, outcome, failures=failures or (GONE,), duration_seconds=0.2)


def passes(*tests: str) -> list[Execution]:
    return [ran(test, duration_seconds=0.2) for test in tests]


def skipped(test: str, seconds: float) -> Execution:
    return ran(test, Outcome.SKIPPED, duration_seconds=seconds)


def victims(number: int = 6, path: str = "tests/test_a.py", *failures: Failure) -> list[Execution]:
    return [fails(f"{path}::test_{index}", *failures) for index in range(number)]


def pools(*records: RunRecord, sources: Callable[[str], str | None] = nothing) -> tuple[Pool, ...]:
    papers = lay_out(records, sources)
    return pool([(symptom, correlate(symptom, papers)) for symptom in classify(records)], papers)


def heads(found: Sequence[Pool]) -> list[str]:
    return [one.suspects[0].test for one in found]


SKIP = "tests/test_m.py::test_m"
INNOCENT = [f"tests/test_i.py::test_{number}" for number in range(40)]


def test_a_skipped_test_that_took_seconds_heads_the_suspects() -> None:
    (found,) = pools(record(*passes(*INNOCENT[:20]), skipped(SKIP, 4.75), *passes(*INNOCENT[20:]), *victims()))
    assert found.suspects[0].test == SKIP
    assert [(reason.kind, reason.text) for reason in found.suspects[0].evidence] == [
        ("order", "ran on main before all 6 that fail so there, the first of them 21 tests later"),
        ("time", "was skipped, yet took 4.8 s: something was set up before it skipped, and torn down after"),
    ]
    assert found.tests == tuple(f"tests/test_a.py::test_{number}" for number in range(6))
    assert found.ways == {"DoesNotExist": 6}


def test_a_test_that_is_skipped_by_a_mark_is_no_suspect_of_many() -> None:
    assert pools(record(skipped(SKIP, 0.001), *passes(*INNOCENT), *victims())) == ()


def test_five_failing_tests_are_told_one_by_one() -> None:
    assert pools(record(skipped(SKIP, 5.0), *passes(*INNOCENT), *victims(5))) == ()


def test_what_ran_after_the_first_victims_does_not_lead_though_it_looks_the_same() -> None:
    late = skipped("tests/test_l.py::test_l", 5.0)
    (found,) = pools(record(skipped(SKIP, 5.0), *passes(*INNOCENT), *victims(4), late, *victims(6)[4:]))
    assert [suspect.test for suspect in found.suspects] == [SKIP]


def test_each_worker_has_its_own_suspect_in_one_cause() -> None:
    other = "tests/test_n.py::test_n"
    mine = [*passes(*INNOCENT[:10]), skipped(SKIP, 3.0), *victims(4)]
    theirs = (*passes(*INNOCENT[10:20]), skipped(other, 3.0), *victims(4, "tests/test_b.py"))
    (found,) = pools(record(*mine, gw0=theirs))
    assert {suspect.test for suspect in found.suspects} == {SKIP, other}
    assert len(found.tests) == 8


def test_one_cause_shows_in_several_texts() -> None:
    both = [fails(f"tests/test_a.py::test_{index}", WRONG, BARRED) for index in range(3)]
    (found,) = pools(
        record(skipped(SKIP, 3.0), *passes(*INNOCENT), *both, fails("tests/test_a.py::test_gone"), *victims(4, "tests/test_b.py", BARRED))
    )
    assert found.ways == {"IntegrityError": 7, "AssertionError": 3, "DoesNotExist": 1}
    assert found.notes[1] == "what they miss is rows of `shop_perm`, `Perm` that were there when the database was made"
    assert found.notes[2].startswith(
        "if a suspect empties the database after itself, as tests with a transactional database do, this order"
    )


def test_a_failure_of_its_own_kind_elsewhere_is_not_swept_into_the_cause() -> None:
    own = fails("tests/test_z.py::test_z", Failure(phase="call", exception="ZeroDivisionError", message="division by zero"))
    (found,) = pools(record(skipped(SKIP, 3.0), *passes(*INNOCENT), own, *victims()))
    assert "tests/test_z.py::test_z" not in found.tests


def test_an_assertion_in_another_file_is_not_swept_into_the_cause() -> None:
    elsewhere = fails("tests/test_z.py::test_z", Failure(phase="call", exception="AssertionError", message="assert 1 == 2"))
    (found,) = pools(record(skipped(SKIP, 3.0), *passes(*INNOCENT), elsewhere, *victims()))
    assert len(found.tests) == 6


def test_what_failed_in_every_one_of_two_runs_is_in_no_family() -> None:
    assert pools(*(record(skipped(SKIP, 3.0), *passes(*INNOCENT), *victims(), run=run) for run in ("r1", "r2"))) == ()


def test_whoever_has_a_suspect_that_left_something_behind_speaks_for_itself() -> None:
    needs = Failure(phase="call", exception="KeyError", message="'SHOP_MODE'")
    leaver = ran("tests/test_l.py::test_l", state=changed("SHOP_MODE"))
    assert pools(record(leaver, skipped(SKIP, 3.0), *victims(6, "tests/test_a.py", needs))) == ()


def test_orders_alone_pool_where_the_victims_were_seen_to_pass_too() -> None:
    after = [record(*passes(f"tests/x{run}.py::t", "tests/p.py::test_p"), *victims(), run=f"f{run}") for run in range(3)]
    before = [
        record(*passes(f"tests/x{run}.py::t", *(row.test for row in victims()), "tests/p.py::test_p"), run=f"p{run}") for run in range(3)
    ]
    (found,) = pools(*after, *before)
    assert found.suspects[0].test == "tests/p.py::test_p"
    assert found.suspects[0].score > 0.8


def test_one_run_without_a_mechanism_pools_nothing() -> None:
    assert pools(record(*passes("tests/p.py::test_p"), *victims())) == ()


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.django_db(transaction=True)\ndef test_p():\n    pass\n",
        "def test_p(transactional_db):\n    pass\n",
        "def test_p(migrator):\n    pass\n",
    ],
)
def test_where_rows_are_missing_the_source_tells_who_empties_the_database(source: str) -> None:
    suspect = "tests/test_p.py::test_p"
    (found,) = pools(
        record(*passes(*INNOCENT, suspect), *victims()), sources=lambda path: source if path == path_of(TestId(suspect)) else None
    )
    assert found.suspects[0].test == suspect
    assert found.suspects[0].evidence[1].text.startswith("its source asks for a transactional database (`")


def test_the_recorder_s_traits_tell_it_as_well() -> None:
    suspect = ran("tests/test_p.py::test_p", traits=("db", "transactional_db"))
    (found,) = pools(record(*passes(*INNOCENT), suspect, *victims()))
    assert found.suspects[0].test == "tests/test_p.py::test_p"


def test_a_source_with_a_transaction_is_no_evidence_where_no_row_is_missing() -> None:
    source = "def test_p(transactional_db):\n    pass\n"
    assert (
        pools(record(*passes(*INNOCENT, "tests/test_p.py::test_p"), *victims(6, "tests/test_a.py", REFUSED)), sources=lambda _: source)
        == ()
    )


def test_a_chain_is_told_after_the_cause_that_it_follows_from() -> None:
    first = victims(8, "tests/test_a.py", BARRED)
    second = victims(6, "tests/test_b.py", REFUSED)
    one, two = pools(record(skipped(SKIP, 3.0), *passes(*INNOCENT), *first, *second))
    assert heads((one, two)) == [SKIP, SKIP]
    assert [reason.kind for reason in two.suspects[0].evidence] == ["order", "time", "chain"]
    assert two.suspects[0].evidence[2].text == (
        "is a suspect of another cause, by which test_0 and 7 more failed at teardown on main before these failed"
    )
    assert "tests/test_a.py::test_0" in {suspect.test for suspect in two.suspects}


def test_families_come_largest_first_with_the_numbers_that_were_given() -> None:
    records = [record(*victims(2, "tests/test_b.py", REFUSED), *victims(3))]
    found = families([(number + 10, symptom) for number, symptom in enumerate(classify(records))])
    assert [family.numbers for family in found] == [(12, 13, 14), (10, 11)]


def test_the_first_victim_s_own_place_fits_best_and_earlier_ones_less_the_more_passed_between() -> None:
    fits = cuts([10, 12, 14], [2, 5, 8, 11, 13], [10, 6, 3, 0])
    assert fits[0] == 0.0
    assert fits == sorted(fits, reverse=True)
    assert min(fits) >= LEAST_FIT


def test_a_place_behind_two_victims_pays_for_both() -> None:
    assert cuts([10, 12, 14], [], [13, 11, 10]) == [2 * STRAY, STRAY, 0.0]


def test_many_passing_tests_cost_an_early_place_no_more_than_the_least() -> None:
    assert cuts([1000], list(range(1000)), [0]) == [LEAST_FIT]


def test_a_slow_test_that_was_not_skipped_is_no_suspect_for_that() -> None:
    slow = ran("tests/test_s.py::test_s", duration_seconds=9.0)
    assert pools(record(slow, *passes(*INNOCENT), *victims())) == ()


def test_assertions_at_different_places_are_not_one_cause() -> None:
    wrong = [
        fails(
            f"tests/test_{name}.py::test_x",
            Failure(phase="call", exception="AssertionError", message="assert 1 == 2", test_frame=f"{name}.py:f"),
        )
        for name in "abcdefgh"
    ]
    assert pools(record(skipped(SKIP, 3.0), *passes(*INNOCENT), *wrong)) == ()
