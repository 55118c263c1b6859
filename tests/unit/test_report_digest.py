"""Findings are grouped by cause, and only what was proven is called a polluter."""

import pytest
from msgspec.structs import replace

from flaky_detector.model import Evidence, Finding, Pairs, Result, StateChange, Suspect, TestId
from flaky_detector.model.findings import PairsOfRun
from flaky_detector.stages.report import Context, report
from flaky_detector.stages.report.digest import digest
from tests.support import shop_result
from tests.support.shop_result import CHECK, JOINED, JOINED_NONE, MIGRATION_TESTS, NAMED, READS, WRITES, migration_finding


def named(number: int, *polluters: str, state: str = "", **members: object) -> Finding:
    """A proven victim of these polluters, each enough."""
    changes = (StateChange(kind="environ", key=state, after="0"),) if state else ()
    given = {"polluters": tuple((TestId(test),) for test in polluters), "state": changes, **members}
    return replace(shop_result.check_finding(), test=TestId(f"v.py::test_{number}"), **given)


def heads(*findings: Finding) -> list[tuple[tuple[str, ...], list[str]]]:
    causes = digest(Result(findings=findings)).causes
    return [(cause.polluters, sorted(victim.finding.test for victim in cause.victims)) for cause in causes]


def test_the_shop_has_two_causes() -> None:
    first, second = digest(shop_result.shop()).causes
    assert (first.head, first.others) == ((READS,), ((WRITES,), (JOINED,), (JOINED_NONE,)))
    assert [victim.finding.test for victim in first.victims] == [CHECK]
    assert (second.head, second.others) == ((READS, NAMED), ((WRITES, NAMED),))
    assert [victim.finding.test for victim in second.victims] == list(MIGRATION_TESTS)
    assert second.across_workers
    assert second.earlier


def test_the_trials_of_the_first_set_are_counted_for_themselves() -> None:
    first, second = digest(shop_result.shop()).causes
    assert (first.victims[0].alone.failed, first.victims[0].alone.attempts) == (0, 3)
    assert (first.victims[0].after.failed, first.victims[0].after.attempts) == (3, 3)
    assert [(place, tally.failed, tally.attempts) for place, tally in second.without] == [(1, 0, 3), (2, 0, 3)]


def test_victims_that_share_one_polluter_have_one_cause() -> None:
    assert heads(named(1, "p", "q"), named(2, "q")) == [(("q", "p"), ["v.py::test_1", "v.py::test_2"])]


def test_victims_of_the_same_state_have_one_cause() -> None:
    assert heads(named(1, "p", state="TZ"), named(2, "q", state="TZ")) == [(("p", "q"), ["v.py::test_1", "v.py::test_2"])]


def test_the_head_is_told_to_have_left_what_it_left_itself() -> None:
    both = tuple(StateChange(kind="environ", key=key, after="0") for key in ("TZ", "HOME"))
    found = named(1, "p", "q")
    told = [
        digest(Result(findings=(replace(found, state=both, left_by=left_by),))).causes[0].head_state
        for left_by in ({"p": (1,), "q": (0, 1)}, {"p": (), "q": (0,)}, {"q": (0,)})
    ]
    assert told == [both[1:], (), both]


def test_different_polluters_with_unseen_state_stay_apart() -> None:
    assert heads(named(1, "p"), named(2, "q")) == [(("p",), ["v.py::test_1"]), (("q",), ["v.py::test_2"])]


def test_a_victim_may_join_two_groups_into_one() -> None:
    assert heads(named(1, "p"), named(2, "q"), named(3, "p", "q"))[0][1] == ["v.py::test_1", "v.py::test_2", "v.py::test_3"]


def test_what_is_not_proven_makes_no_cause_even_where_polluters_are_named() -> None:
    likely = named(1, "p", confidence="likely")
    assert digest(Result(findings=(likely,))).causes == ()


def test_nobody_is_accused_of_a_random_failure_even_where_suspects_are_listed() -> None:
    random = replace(shop_result.check_finding(), kind="non-deterministic")
    told = digest(Result(findings=(random,)))
    assert (told.causes, told.suspicions, told.others) == ((), (), (random,))


def test_pages_about_suspects_never_say_polluter() -> None:
    pages = report(shop_result.suspects_only(), Context())
    assert "pollut" not in pages.comment.lower()
    assert "pollut" not in pages.summary.lower()
    assert "pollut" not in " ".join(note.message + note.title for note in pages.annotations).lower()
    assert [note.level for note in pages.annotations] == ["warning"]


def test_suspects_that_score_alike_are_counted_as_tied() -> None:
    (suspicion,) = digest(shop_result.suspects_only()).suspicions
    assert suspicion.tied == 4
    assert "All 4 suspects score alike" in report(shop_result.suspects_only(), Context()).comment


def test_suspects_that_merely_ran_before_it_are_not_listed() -> None:
    order = (Evidence("order", "ran before it on its worker in 1 of 1 failing and 0 of 0 passing executions"),)
    many = tuple(Suspect(test=TestId(f"a.py::test_{number}"), score=0.001, evidence=order) for number in range(20))
    finding = replace(shop_result.suspects_only().findings[0], suspects=many)
    comment = report(Result(runs=shop_result.RUNS, findings=(finding,)), Context()).comment
    assert "### 🧪 No polluter found · 1 failing test, nobody is accused" in comment
    assert "1 failing test for which no suspect stands out" in comment
    assert "a.py::test_0" not in comment


def test_a_test_that_fails_in_two_ways_is_counted_once() -> None:
    finding = migration_finding(MIGRATION_TESTS[0])
    teardown = replace(finding, signature=replace(finding.signature, exception="TransactionManagementError"))
    comment = report(Result(findings=(finding, teardown)), Context()).comment
    assert "3 tests pollute 1 other" in comment
    assert "make 1 test on another worker fail" in comment


def test_two_tests_of_one_name_are_told_apart_by_their_files() -> None:
    twins = replace(named(1, "a.py::test_x", "b.py::test_x"), diagnosis=None)
    comment = report(Result(findings=(twins,)), Context()).comment
    assert "**`a.py::test_x`**" in comment
    assert "`b.py::test_x`" in comment


def test_an_empty_result_says_that_there_was_nothing_to_judge() -> None:
    assert "Nothing found, for there was no run to judge by" in report(Result(), Context()).comment


def test_a_clean_result_with_gaps_says_so_at_once() -> None:
    gaps = replace(shop_result.clean(), gaps=shop_result.shop().gaps)
    assert "> Not everything could be judged: there is 1 gap in the evidence, told below." in report(gaps, Context()).comment


def test_without_permission_the_summary_says_where_the_comment_is() -> None:
    assert "may not comment on the pull request" in report(shop_result.shop(), Context(can_comment=False)).summary
    assert "may not comment" not in report(shop_result.shop(), Context(can_comment=False)).comment


def test_the_marker_holds_the_key_and_nothing_else() -> None:
    assert report(shop_result.clean(), Context(key="a-->b")).comment.splitlines()[0] == "<!-- flaky-detector:a---b -->"


def test_annotations_count_their_paths_from_the_repositorys_root() -> None:
    assert report(shop_result.shop(), Context()).annotations[0].path == "tests/test_routers.py"
    assert report(shop_result.shop(), Context(folder="examples/shop")).annotations[0].path == "examples/shop/tests/test_routers.py"


@pytest.mark.parametrize(
    ("share", "sampled", "told"),
    [
        (1.0, False, "In one process, all of the ordered pairs of tests have met."),
        (0.9999, False, "In one process, 99 % of the ordered pairs of tests have met."),
        (0.873, True, "In one process, about 87 % of the ordered pairs of tests have met."),
    ],
)
def test_a_clean_result_says_how_many_pairs_of_tests_have_met(share: float, *, sampled: bool, told: str) -> None:
    pairs = Pairs(share=share, sampled=sampled, runs=(PairsOfRun("01", share),))
    assert told in report(replace(shop_result.clean(), pairs=pairs), Context(key="k")).comment
    assert "pairs" not in report(shop_result.clean(), Context(key="k")).comment


def test_a_clean_result_says_by_which_runs_pairs_have_met() -> None:
    runs = (PairsOfRun("01-own", 0.5), PairsOfRun("02-dull", 0.5099), PairsOfRun("03-reversed", 0.9999))
    comment = report(replace(shop_result.clean(), pairs=Pairs(share=0.9999, runs=runs)), Context(key="k")).comment
    assert "99 % of the ordered pairs of tests have met (50 % by the end of 01-own, 99 % by the end of 03-reversed)." in comment
