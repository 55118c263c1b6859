"""What the prover is given: the order that is worth replaying."""

from flaky_detector.model import Execution, Outcome, RunRecord, Sighting, Signature, Suspect, Symptom
from flaky_detector.model import TestId as Id
from flaky_detector.pipeline.dockets import Dockets, Known, docket_of, family_of, left_by
from flaky_detector.stages.confirm import Docket
from flaky_detector.stages.correlate import lay_out
from tests.support.records import changed, ran, record

SIGNATURE = Signature(rule="duplicate-table", resources=("shop.A", "shop.B"), exception="DuplicateTable")


def rows(names: str, **members: object) -> tuple[Execution, ...]:
    """A letter a test; v is the victim."""
    return tuple(ran(name, Outcome.FAILED if name == "V" else Outcome.PASSED, **members) for name in names)


def suspect(name: str) -> Suspect:
    return Suspect(test=Id(name), score=0.9)


def docket(
    *records: RunRecord, failing: tuple[Sighting, ...] = (), passing: tuple[Sighting, ...] = (), suspects: tuple[Suspect, ...] = ()
) -> Docket:
    symptom = Symptom(test=Id("V"), signature=SIGNATURE, failing=failing, passing=passing)
    return docket_of(symptom, suspects, lay_out(records, lambda path: None), records)


def test_the_shortest_failing_order_is_chosen_where_nobody_is_suspected() -> None:
    given = docket(
        record(*rows("abcV"), run="r1"),
        record(*rows("aV"), run="r2", python="3.11"),
        failing=(Sighting("r1", "main", 3), Sighting("r2", "main", 1)),
    )
    assert (given.failing, given.python, given.other_pythons) == (("a",), "3.11", ("3.12",))


def test_an_order_that_holds_the_first_suspect_is_chosen_before_a_shorter_one() -> None:
    given = docket(
        record(*rows("abcV"), run="r1"),
        record(*rows("aV"), run="r2"),
        failing=(Sighting("r1", "main", 3), Sighting("r2", "main", 1)),
        suspects=(suspect("c"), suspect("a")),
    )
    assert given.failing == ("a", "b", "c")
    assert [each.test for each in given.suspects] == ["c", "a"]


def test_a_suspect_on_another_worker_counts_too() -> None:
    both = record(*rows("aV"), gw0=rows("pq"), run="r1")
    given = docket(
        both, record(*rows("V"), run="r2"), failing=(Sighting("r2", "main", 0), Sighting("r1", "gw1", 1)), suspects=(suspect("p"),)
    )
    assert (given.failing, given.elsewhere) == (("a",), ("p", "q"))


def test_what_other_workers_had_begun_by_then_stands_in_times_order() -> None:
    own = (ran("a", started_seconds=1.0), ran("V", Outcome.FAILED, started_seconds=5.0))
    other = tuple(ran(name, started_seconds=begun) for name, begun in [("p", 0.5), ("q", 4.0), ("late", 6.0)])
    assert docket(record(*own, gw0=other), failing=(Sighting("r1", "gw1", 1),)).elsewhere == ("p", "q")


def test_passing_orders_are_given_shortest_first_without_repetition() -> None:
    records = [record(*rows(names), run=f"r{n}") for n, names in enumerate(["abcdv", "ab", "av", "abv", "abcv", "abv", "v"])]
    passing = tuple(Sighting(f"r{n}", "main", place) for n, place in [(0, 4), (2, 1), (3, 2), (4, 3), (5, 2), (6, 0)])
    assert docket(*records, passing=passing).passing == (("a",), ("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d"))


def test_a_warm_up_is_neither_victim_nor_suspect() -> None:
    given = docket(record(*rows("psabV", traits=("db",))), failing=(Sighting("r1", "main", 4),), suspects=(suspect("p"), suspect("s")))
    assert given.warm_up == ("a", "b")


def test_the_docket_says_how_long_the_order_takes_and_what_tests_leave() -> None:
    given = docket(record(*rows("ab", duration_seconds=1.5), *rows("V")), failing=(Sighting("r1", "main", 2),))
    assert (given.seconds, given.left, given.app_labels) == (3.0, {}, ())
    told = record(*rows("p", state=changed("X")), *rows("V"), app_labels=("shop",))
    given = docket(told, failing=(Sighting("r1", "main", 1),))
    assert (given.left, given.app_labels) == ({"p": changed("X")}, ("shop",))


def test_a_symptom_whose_place_in_the_order_is_unknown_has_no_failing_order() -> None:
    given = docket(record(*rows("abV"), has_order=False), failing=(Sighting("r1", "main", -1),))
    assert given.failing == ()


def test_symptoms_with_one_rule_one_exception_and_one_resource_are_a_family() -> None:
    assert family_of(Symptom(test=Id("V"), signature=SIGNATURE, failing=())) == ("duplicate-table", "DuplicateTable", "shop.A, shop.B")


def test_what_tests_leave_together_is_told_once() -> None:
    left = {Id("p"): changed("X", "Y"), Id("q"): changed("Y", "Z")}
    assert left_by([Id("p"), Id("q"), Id("none")], left) == changed("X", "Y", "Z")


def claiming(name: str, *things: str, begun: float = 0.0) -> Execution:
    return ran(name, Outcome.FAILED if name == "V" else Outcome.PASSED, claims=things, started_seconds=begun, duration_seconds=1.0)


def test_who_wants_what_a_victim_wants_may_be_its_counterpart_though_they_never_met() -> None:
    met = record(claiming("V", "port 80", begun=5.0), gw0=(claiming("p", "port 80", begun=5.5), claiming("q", begun=8.0)), run="r1")
    apart = record(claiming("x", "port 80"), claiming("y", "port 81"), run="r2")
    assert docket(met, apart, failing=(Sighting("r1", "gw1", 0),)).beside == ("p", "x")


def test_who_wants_the_same_is_nobody_where_it_failed_without_another_worker() -> None:
    alone = record(claiming("x", "port 80"), claiming("V", "port 80", begun=5.0))
    assert docket(alone, failing=(Sighting("r1", "main", 1),)).beside == ()


def came_after_all(*runs: str, **members: tuple[Sighting, ...]) -> bool:
    records = [record(*rows(names), run=f"r{number}") for number, names in enumerate(runs)]
    failing = tuple(Sighting(f"r{number}", "main", names.index("V")) for number, names in enumerate(runs))
    return docket(*records, failing=failing, **members).came_after_all


def test_whether_all_others_came_before_it_is_told_by_several_runs() -> None:
    assert came_after_all("abcV", "cbaV")
    assert came_after_all("abVc", "cVab")
    assert not came_after_all("abVc", "baVc")
    assert not came_after_all("abcV")
    assert not came_after_all("abcV", "cbaV", passing=(Sighting("r1", "main", 3),))


def test_a_place_that_is_not_known_tells_nothing_of_who_came_before() -> None:
    unplaced = (Sighting("r0", "main", -1), Sighting("r1", "main", -1))
    given = docket(record(*rows("abV"), run="r0"), record(*rows("abV"), run="r1"), failing=unplaced)
    assert not given.came_after_all


def test_fellows_are_all_who_failed_in_some_run() -> None:
    records = [record(*rows("aVbc"), run="r1")]
    failing = (Sighting("r1", "main", 1),)
    symptoms = [Symptom(test=Id(name), signature=SIGNATURE, failing=failing) for name in "cV"]
    symptoms.append(Symptom(test=Id("a"), signature=SIGNATURE, failing=failing, passing=failing))
    dockets = Dockets(lay_out(records, lambda path: None), records, symptoms)
    assert dockets.of(symptoms[1], ()).fellows == ("c", "V", "a")
    assert not dockets.of(symptoms[1], ()).is_kin_broken
    assert dockets.of(symptoms[1], (), Known(is_broken=True)).is_kin_broken


def test_what_its_worker_ran_from_it_on_is_told_beside_what_it_ran_before() -> None:
    given = docket(record(*rows("abVcd"), run="r1"), failing=(Sighting("r1", "main", 2),))
    assert (given.failing, given.failing_on) == (("a", "b"), ("V", "c", "d"))
    assert docket(record(*rows("abVcd"), run="r1"), failing=(Sighting("r1", "main", -1),)).failing_on == ()
