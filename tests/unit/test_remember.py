"""Night beside night: which cause is which, what a night says of it, what is re-run, what is told. No suite, no file."""

import pytest
from msgspec.structs import replace

from flaky_detector.model import CauseNight, History, KnownCause, KnownIssue, KnownOrder, Recheck, Signature, on_one_worker
from flaky_detector.model import TestId as Id
from flaky_detector.stages.remember import Tonight, due, matched, remember, told
from flaky_detector.stages.remember.merge import MOST_ORDERS

P, Q, V, W = Id("t.py::p"), Id("t.py::q"), Id("t.py::v"), Id("t.py::w")
ALL = frozenset((P, Q, V, W))


def order(fingerprint: str, *tests: Id) -> KnownOrder:
    return KnownOrder(fingerprint=fingerprint, test=tests[-1], signature=Signature(rule="fallback"), order=on_one_worker(tests))


def cause(fingerprints: str, *heads: Id, number: int = 0, tests: tuple[Id, ...] = (V,), nights: str = "", **more: object) -> KnownCause:
    """`nights` are first letters of verdicts from 2025-01-01 on: `ppqq`, `-` for untried."""
    told = {verdict[0]: verdict for verdict in ("proven", "seen", "quiet", "cured", "gone")} | {"?": "unclear", "-": "untried"}
    past = tuple(CauseNight(f"2025-01-{day:02d}", told[letter]) for day, letter in enumerate(nights, 1))  # type: ignore[arg-type]
    names = tuple(fingerprints.split())
    orders = tuple(order(name, *heads, test) for name, test in zip(names, tests, strict=False))
    made = KnownCause(number=number, kind="polluter", fingerprints=names, sets=(heads,), tests=tests, orders=orders, nights=past)
    return replace(made, first_seen="2025-01-01", last_seen="2025-01-01", **more) if nights else replace(made, **more)


def recheck(known: KnownCause, outcome: str, place: int = 0) -> Recheck:
    return Recheck(order=known.orders[place], outcome=outcome, failed=0, attempts=3, alone_attempts=3, note="why")  # type: ignore[arg-type]


def night(known: KnownCause, date: str = "2025-01-09", **more: object) -> CauseNight:
    """What one night makes of one known cause."""
    tonight = Tonight(**{"date": date, "cured_after": 3, "tests": ALL, **more})  # type: ignore[arg-type]
    (after,) = remember(History(causes=(known,)), tonight).causes
    return next(night for night in after.nights if night.date == date)


def rechecked(known: KnownCause, *outcomes: str, date: str = "2025-01-09", **more: object) -> CauseNight:
    told = tuple(recheck(known, outcome, place) for place, outcome in enumerate(outcomes))
    return night(known, date, rechecks={known.number: told}, **more)


# Which is which.


def test_a_failing_test_with_its_failure_makes_it_the_same_whoever_breaks_it_now() -> None:
    assert matched([cause("f1", P, number=1)], [cause("f1", Q)]) == {0: 0}


def test_a_polluter_keeps_its_cause_whichever_victim_a_night_meets() -> None:
    known = cause("f1", P, number=1, nights="p")
    history = remember(
        History(causes=(known,), nights=("2025-01-01",)),
        Tonight(date="2025-01-02", cured_after=3, proven=(cause("f3", P, tests=(W,)),)),
    )
    (after,) = history.causes
    assert (after.number, after.fingerprints, after.tests) == (1, ("f3", "f1"), (W, V))
    assert [each.fingerprint for each in after.orders] == ["f3", "f1"]
    assert (after.first_seen, after.last_seen, history.nights) == ("2025-01-01", "2025-01-02", ("2025-01-01", "2025-01-02"))


def test_a_brittle_test_is_another_cause_than_a_polluted_one() -> None:
    assert matched([cause("f1", P, number=1, kind="state-setter")], [cause("f1", P)]) == {}


def test_most_in_common_comes_first_and_no_two_are_one() -> None:
    known = [cause("f1", P, number=1), cause("f2 f3", Q, number=2)]
    assert matched(known, [cause("f1 f2 f3", P), cause("f1", W)]) == {0: 1, 1: 0}
    assert matched(known[:1], [cause("f1", Q), cause("f1 f9", P)]) == {1: 0}


def test_a_cause_that_falls_apart_leaves_what_is_anothers_to_a_new_one() -> None:
    known = cause("f1 f2", P, number=4, tests=(V, W), nights="p")
    tonight = Tonight(date="2025-01-02", cured_after=3, proven=(cause("f1", P), cause("f2", Q, tests=(W,))))
    first, second = remember(History(causes=(known,)), tonight).causes
    assert (first.number, first.fingerprints, first.tests, first.orders) == (4, ("f1",), (V,), (order("f1", P, V),))
    assert (second.number, second.fingerprints, second.first_seen) == (5, ("f2",), "2025-01-02")


def test_tonights_order_takes_the_place_of_the_older_one_and_their_number_is_bounded() -> None:
    tests = tuple(Id(f"t.py::v{number}") for number in range(8))
    known = cause(" ".join(f"f{number}" for number in range(8)), P, number=1, tests=tests, nights="p")
    tonight = Tonight(date="2025-01-02", cured_after=3, proven=(cause("f7", Q, tests=tests[7:]),))
    (after,) = remember(History(causes=(known,)), tonight).causes
    assert after.orders[0] == order("f7", Q, tests[7])
    assert len(after.orders) == MOST_ORDERS == 5


# What a night says.


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (("proven",), "proven"),
        (("seen",), "seen"),
        (("other",), "unclear"),
        (("no-time",), "untried"),
        (("passed",), "quiet"),
        (("passed", "proven"), "proven"),
        (("passed", "no-time"), "untried"),
        (("passed", "other"), "unclear"),
        ((), "untried"),
    ],
)
def test_the_gravest_of_several_orders_is_the_verdict(outcomes: tuple[str, ...], verdict: str) -> None:
    assert rechecked(cause("f1 f2", P, number=1, tests=(V, W), nights="p"), *outcomes).verdict == verdict


def test_an_order_whose_tests_are_not_in_the_suite_is_gone_and_says_which() -> None:
    known = cause("f1 f2", P, number=1, tests=(V, W), nights="p")
    assert rechecked(known, "not-run", "not-run", tests=frozenset((V, W))) == CauseNight(
        "2025-01-09", "gone", "`p` is not among the tests of tonight: renamed, removed or deselected"
    )
    assert rechecked(known, "not-run", "passed", tests=frozenset((P, W))).verdict == "quiet"


def test_an_order_that_did_not_run_is_not_gone_where_its_tests_are_there_or_nobody_knows() -> None:
    known = cause("f1", P, number=1, nights="p")
    assert rechecked(known, "not-run") == CauseNight("2025-01-09", "unclear", "re-run: why")
    assert rechecked(known, "not-run", tests=frozenset()).verdict == "unclear"


def test_what_the_hunt_met_counts_more_than_an_order_that_passes() -> None:
    known = cause("f1", P, number=1, nights="p")
    assert rechecked(known, "passed", proven=(cause("f1", Q),)).verdict == "proven"
    assert rechecked(known, "passed", proven_too=frozenset(["f1"])).verdict == "proven"
    assert rechecked(known, "passed", failing={"f1": "victim"}) == CauseNight(
        "2025-01-09", "seen", "a run met it, and it was not proven tonight"
    )
    assert rechecked(known, "passed", failing={"f1": "broken"}) == CauseNight(
        "2025-01-09", "unclear", "its test fails in every run now, whatever the order"
    )


@pytest.mark.parametrize(
    ("nights", "verdict"),
    [
        ("p", "quiet"),
        ("pq", "quiet"),
        ("pqq", "cured"),
        ("pq-q", "cured"),  # a night on which nobody looked does not count, and does not break the row
        ("pqqp", "quiet"),
        ("pqq?", "quiet"),
        ("pqqg", "quiet"),
        ("pqqc", "cured"),
    ],
)
def test_only_a_row_of_nights_is_a_cure(nights: str, verdict: str) -> None:
    assert rechecked(cause("f1", P, number=1, nights=nights), "passed").verdict == verdict


def test_that_no_run_met_it_is_no_cure_however_long() -> None:
    assert night(cause("f1", P, number=1, nights="p--------"[:8])).verdict == "untried"


@pytest.mark.parametrize(
    ("before", "outcome", "verdict"),
    [("p", "passed", "proven"), ("q", "proven", "proven"), ("-", "passed", "quiet"), ("q", "no-time", "quiet"), ("?", "passed", "unclear")],
)
def test_two_hunts_of_a_day_are_one_night_and_the_stronger_verdict_stands(before: str, outcome: str, verdict: str) -> None:
    assert rechecked(cause("f1", P, number=1, nights=before), outcome, date="2025-01-01").verdict == verdict


def test_a_day_counts_once_towards_a_cure() -> None:
    assert rechecked(cause("f1", P, number=1, nights="pqq"), "passed", date="2025-01-03").verdict == "quiet"


def test_only_failures_move_the_day_on_which_it_was_last_seen() -> None:
    known = cause("f1", P, number=1, nights="p")
    for outcome, last in (("passed", "2025-01-01"), ("other", "2025-01-01"), ("seen", "2025-01-09"), ("proven", "2025-01-09")):
        tonight = Tonight(date="2025-01-09", cured_after=3, tests=ALL, rechecks={1: (recheck(known, outcome),)})
        assert remember(History(causes=(known,)), tonight).causes[0].last_seen == last


# What is re-run.


def test_what_nobody_looked_at_for_longest_is_re_run_first_and_what_is_at_rest_last() -> None:
    causes = (
        cause("f1", P, number=1, nights="pp"),
        cause("f2", P, number=2, nights="p-"),
        cause("f3", P, number=3, nights="pc"),
        cause("f4", P, number=4, nights="g"),
        cause("f5", P, number=5, nights="p", orders=()),
    )
    assert [each.number for each in due(History(causes=causes))] == [2, 1, 4, 3]


def test_of_what_is_at_rest_a_few_are_tried_each_night() -> None:
    at_rest = tuple(cause(f"f{number}", P, number=number, nights="c") for number in range(1, 31))
    assert len(due(History(causes=at_rest))) == 10


# What is told.


def test_the_last_fourteen_nights_are_told_and_causes_that_came_to_rest_before_are_not() -> None:
    nights = tuple(f"2025-01-{day:02d}" for day in range(1, 21))
    issue = KnownIssue(repository="acme/shop", number=7, url="https://x/7")
    causes = (
        cause("f1", P, number=1, nights="p" * 3 + "q" * 2 + "c" * 15),
        cause("f2", P, number=2, nights="pp" + "-" * 17 + "q", issue=issue),
        cause("f3", P, number=3, nights="p" * 15 + "qqccc"),
        cause("f4", P, number=4, nights="p" * 20),
    )
    said = told(History(causes=causes, nights=nights), "2025-01-20", 3, {2: "updated"})
    assert (said.date, said.dates) == ("2025-01-20", nights[6:])
    assert [(each.fingerprints, each.verdict, each.row, each.nights_seen, each.done) for each in said.causes] == [
        (("f4",), "proven", 20, 20, ""),
        (("f2",), "quiet", 1, 2, "updated"),
        (("f3",), "cured", 5, 15, ""),
    ]
    assert said.causes[1].issue == "https://x/7"
    assert [each.verdict for each in said.causes[2].trend] == ["proven"] * 9 + ["quiet"] * 2 + ["cured"] * 3
