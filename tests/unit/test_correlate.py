"""Suspects: who leads, with which reasons, and who must not lead."""

from collections.abc import Callable, Sequence

import msgspec
import pytest

from flaky_detector.model import Execution, Failure, Outcome, RunRecord, RunSpec, StateChange, Suspect, Symptom, TestId
from flaky_detector.stages.classify import classify
from flaky_detector.stages.correlate import correlate, lay_out, undecided
from flaky_detector.stages.correlate.candidates import order_odds, tell
from flaky_detector.stages.correlate.functions import cut_up

V = "test_v.py::test_v"
DRIFT = Failure(
    phase="call", exception="SystemExit", message="1", text="makemigrations", output="Migrations for 'shop':\n    + Create model Phantom\n"
)
DUPLICATE = Failure(phase="call", exception="django.db.utils.ProgrammingError", message='relation "shop_phantom" already exists')
OTHER = Failure(phase="call", exception="ValueError", message="x")
PHANTOM = StateChange(kind="django-model", key="shop.Phantom", after="d")
MIGRATION = StateChange(kind="file", key="shop/migrations/0002_x.py", after="d")
MODE = StateChange(kind="environ", key="MODE", after="d")

State = dict[str, Sequence[StateChange]]


def nothing(path: str) -> str | None:
    return None


def rows(worker: str, tests: Sequence[str], fails: Failure | None, state: State, began: float = 0.0) -> list[Execution]:
    return [
        Execution(
            test=TestId(test),
            worker=worker,
            position=position,
            outcome=Outcome.FAILED if test == V and fails else Outcome.PASSED,
            failures=(fails,) if test == V and fails else (),
            state=tuple(state.get(test, ())),
            started_seconds=began and began + position,
        )
        for position, test in enumerate(tests)
    ]


def run(name: str, tests: Sequence[str], fails: Failure | None = None, state: State | None = None) -> RunRecord:
    return RunRecord(spec=RunSpec(id=name, python="3.11"), executions=tuple(rows("main", tests, fails, state or {})))


def rank(records: Sequence[RunRecord], sources: Callable[[str], str | None] = nothing) -> tuple[Symptom, tuple[Suspect, ...], str]:
    (symptom,) = classify(records)
    papers = lay_out(records, sources)
    suspects = correlate(symptom, papers)
    return symptom, suspects, undecided(symptom, suspects, papers)


def names(suspects: Sequence[Suspect]) -> list[str]:
    return [suspect.test for suspect in suspects]


def reasons(suspect: Suspect) -> list[tuple[str, str]]:
    return [(reason.kind, reason.text) for reason in suspect.evidence]


def test_order_alone_ranks_who_always_precedes_the_failure() -> None:
    records = [run("1", ["a", "p", V], OTHER), run("2", ["p", "b", V], OTHER), run("3", ["a", "b", V, "p"])]
    _, suspects, _ = rank(records)
    assert names(suspects) == ["p", "a", "b"]
    assert reasons(suspects[0]) == [("order", "ran before it on its worker in 2 of 2 failing and 0 of 1 passing executions")]
    assert reasons(suspects[1]) == [("order", "ran before it on its worker in 1 of 2 failing and 1 of 1 passing executions")]


def test_one_pass_after_it_does_not_clear_a_polluter() -> None:
    failing = [run(str(number), ["p", f"x{number}", V], OTHER) for number in range(5)]
    _, suspects, _ = rank([*failing, run("pass", ["p", "y", V])])
    assert suspects[0].test == "p"


def test_among_equals_the_nearest_comes_first() -> None:
    _, suspects, note = rank([run("1", ["far", "near", V], OTHER)])
    assert names(suspects) == ["near", "far"]
    assert note == (
        "2 suspects cannot be told apart by this evidence (near, far): a run with the recorder tells what each of them leaves behind;"
        " the sources tell which of them name what the error names; more runs in other orders separate them;"
        " re-running (`--confirm`) decides"
    )


def test_who_left_the_contested_thing_leads_whatever_the_statistics_say() -> None:
    failing = [run(str(number), ["p", "innocent", V], DRIFT, {"p": [PHANTOM]}) for number in range(3)]
    passing = [run(f"pass{number}", ["p", V, "innocent"], None, {"p": [PHANTOM]}) for number in range(30)]
    _, suspects, note = rank([*failing, *passing])
    assert names(suspects) == ["p", "innocent"]
    assert suspects[0].score > 0.99
    assert reasons(suspects[0])[1] == ("state", "leaves behind the Django model `shop.Phantom`, which is what the failure is about")
    assert note == ""


def test_other_things_left_behind_are_a_weak_reason_of_another_kind() -> None:
    _, suspects, _ = rank([run("1", ["a", "b", V], DRIFT, {"a": [MODE]})])
    assert names(suspects) == ["a", "b"]
    assert reasons(suspects[0])[1] == ("other-state", "leaves behind the environment variable `MODE`, which the failure does not speak of")


def test_who_left_what_the_failing_line_names_leads() -> None:
    seen = StateChange(kind="module-global", key="shop.state.SEEN", after="d")
    names_it = msgspec.structs.replace(OTHER, text=">       assert not state.SEEN\nE       assert not {0}\n")
    _, suspects, _ = rank([run("1", ["p", "a", "b", V], names_it, {"p": [seen], "a": [MODE]})])
    assert names(suspects)[0] == "p"
    assert reasons(suspects[0])[1] == ("state", "leaves behind the module global `shop.state.SEEN`, which is what the failure is about")


def test_a_test_that_never_ran_before_the_failure_is_no_suspect() -> None:
    _, suspects, _ = rank([run("1", ["a", V, "p"], DRIFT, {"p": [PHANTOM]})])
    assert names(suspects) == ["a"]


def test_a_skipped_or_failing_test_stays_a_suspect() -> None:
    executions = rows("main", ["s", "f", V], OTHER, {})
    outcomes = (Outcome.SKIPPED, Outcome.FAILED, Outcome.FAILED)
    told = tuple(msgspec.structs.replace(row, outcome=outcome) for row, outcome in zip(executions, outcomes, strict=True))
    records = [RunRecord(spec=RunSpec(id="1", python="3.11"), executions=told)]
    symptom = next(symptom for symptom in classify(records) if symptom.test == V)
    assert names(correlate(symptom, lay_out(records, nothing))) == ["f", "s"]


SOURCES = {
    "test_p.py": "def test_one():\n    class Phantom(models.Model):\n        pass\n\n\ndef test_two():\n    assert True\n",
}


def test_a_word_of_the_error_in_the_source_tells_two_tests_apart() -> None:
    _, suspects, note = rank([run("1", ["test_p.py::test_one", "test_p.py::test_two", V], DRIFT)], SOURCES.get)
    assert names(suspects) == ["test_p.py::test_one", "test_p.py::test_two"]
    assert reasons(suspects[0])[1] == ("name", "its source names `Phantom`, as the error does")
    assert reasons(suspects[1])[1:] == []
    assert note == ""


@pytest.mark.parametrize(
    ("test", "text"),
    [
        ("test_p.py::test_a[shop-1]", "its name holds `shop`, as the error does"),
        ("test_p.py::test_phantom", "its name holds `Phantom`, as the error does"),
        ("shop/test_p.py::test_a", "the path of its file holds `shop`, as the error does"),
    ],
)
def test_without_sources_the_name_and_the_path_are_looked_at(test: str, text: str) -> None:
    _, suspects, _ = rank([run("1", [test, "x.py::test_b", "x.py::test_c", V], DRIFT)])
    assert suspects[0].test == test
    assert reasons(suspects[0])[1] == ("name", text)


def test_a_word_inside_another_word_is_none() -> None:
    _, suspects, _ = rank([run("1", ["x.py::test_workshop", V], DRIFT)])
    assert reasons(suspects[0])[1:] == []


def two_workers(fails: Failure | None, state: State, *, began: tuple[float, float] = (100.0, 200.0)) -> RunRecord:
    executions = rows("gw0", ["p", "writes", "later"], None, state, began[0]) + rows("gw1", ["m", V], fails, state, began[1])
    return RunRecord(spec=RunSpec(id="x", python="3.11", workers=2), executions=tuple(executions))


CHAIN: State = {"p": [PHANTOM], "writes": [MIGRATION]}


def test_a_file_written_on_another_worker_and_what_led_to_it_are_suspects() -> None:
    _, suspects, _ = rank([two_workers(DUPLICATE, CHAIN)])
    assert [(suspect.test, suspect.worker) for suspect in suspects] == [("writes", "other"), ("p", "other"), ("m", "same")]
    assert reasons(suspects[0])[0] == ("tree", "changed the file `shop/migrations/0002_x.py` on gw0, before the failure on gw1")
    assert reasons(suspects[1])[0] == ("state", "leaves behind the Django model `shop.Phantom` on gw0, where a test then changed the tree")


def test_a_file_written_after_the_failure_is_no_reason() -> None:
    _, suspects, _ = rank([two_workers(DUPLICATE, CHAIN, began=(300.0, 200.0))])
    assert names(suspects) == ["m"]


def test_a_file_of_another_app_is_no_reason() -> None:
    other = StateChange(kind="file", key="billing/migrations/0002_x.py", after="d")
    _, suspects, _ = rank([two_workers(DUPLICATE, {"writes": [other]})])
    assert [(suspect.test, suspect.worker) for suspect in suspects] == [("m", "same")]


def test_without_a_recorder_tests_of_another_worker_come_in_by_name() -> None:
    executions = rows("gw0", ["a.py::test_r[shop]", "a.py::test_s[till]"], None, {}) + rows("gw1", ["m", V], DUPLICATE, {})
    _, suspects, _ = rank([RunRecord(spec=RunSpec(id="x", python="3.11"), executions=tuple(executions))])
    assert [(suspect.test, suspect.worker) for suspect in suspects] == [("a.py::test_r[shop]", "other"), ("m", "same")]
    assert reasons(suspects[0]) == [
        ("order", "ran on gw0; the victim failed on gw1"),
        ("name", "its name holds `shop`, as the error does"),
    ]


def test_strangers_do_not_come_in_where_the_own_worker_gives_a_reason() -> None:
    executions = rows("gw0", ["a.py::test_r[shop]"], None, {}) + rows("gw1", ["p", V], DUPLICATE, {"p": [PHANTOM]})
    _, suspects, _ = rank([RunRecord(spec=RunSpec(id="x", python="3.11"), executions=tuple(executions))])
    assert names(suspects) == ["p"]


def test_without_any_order_only_names_are_left() -> None:
    executions = tuple(
        Execution(
            test=TestId(test),
            worker="",
            position=-1,
            outcome=Outcome.FAILED if test == V else Outcome.PASSED,
            failures=(DUPLICATE,) if test == V else (),
        )
        for test in ["a.py::test_r[shop]", V, "a.py::test_s"]
    )
    _, suspects, _ = rank([RunRecord(spec=RunSpec(id="x", python="3.11"), executions=executions, has_order=False)])
    assert names(suspects) == ["a.py::test_r[shop]"]
    assert reasons(suspects[0])[0] == ("order", "ran in the same run; the order is not known")


def test_what_many_tests_change_tells_nothing() -> None:
    tests = [f"t{number}" for number in range(10)]
    _, suspects, _ = rank([run("1", [*tests, V], DRIFT, {test: [PHANTOM] for test in tests})])
    assert {kind for suspect in suspects for kind, _ in reasons(suspect)} == {"order"}


def test_at_most_twenty_suspects() -> None:
    _, suspects, note = rank([run("1", [f"t{number}" for number in range(50)] + [V], OTHER)])
    assert len(suspects) == 20
    assert note.startswith("20 or more suspects cannot be told apart by this evidence (t49, t48, t47, …): ")


@pytest.mark.parametrize(
    ("hits", "failing", "misses", "passing", "least", "most"),
    [
        (1, 1, 0, 0, 0.9, 0.95),
        (3, 3, 0, 3, 20.0, 60.0),
        (1, 3, 3, 3, 0.001, 0.01),
        (8, 8, 0, 400, 900.0, 1000.0),
        (0, 8, 400, 400, 0.001, 0.0011),
        (0, 0, 0, 5, 1.0, 1.0),
    ],
)
def test_order_statistics_stay_within_their_span(  # noqa: PLR0917
    hits: int, failing: int, misses: int, passing: int, least: float, most: float
) -> None:
    assert least <= order_odds(hits, failing, misses, passing) <= most


def test_changes_are_told_in_words() -> None:
    assert tell([PHANTOM, MIGRATION, MODE, StateChange(kind="cwd", key="cwd"), PHANTOM]) == (
        "the Django model `shop.Phantom`, the file `shop/migrations/0002_x.py`, the environment variable `MODE` and 2 more"
    )


def test_a_function_is_cut_out_with_its_decorators_and_its_closing_brackets() -> None:
    text = "@mark(\n    1,\n)\n@other\nasync def test_a(\n    x,\n):\n    y = 1\n\n    return y\nz = 2\n"
    assert cut_up(text) == {"test_a": "@mark(\n    1,\n)\n@other\nasync def test_a(\n    x,\n):\n    y = 1\n\n    return y"}


def test_methods_of_one_name_are_both_looked_at() -> None:
    text = "class A:\n    def test_a(self):\n        one\nclass B:\n    def test_a(self):\n        two\n"
    assert cut_up(text)["test_a"] == "    def test_a(self):\n        one\n    def test_a(self):\n        two"
