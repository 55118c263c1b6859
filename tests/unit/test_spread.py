"""A plan cut into slices, and who is missing when they come back."""

from flaky_detector.model import Gap, RunRecord, RunSpec, Slice
from flaky_detector.pipeline.spread import matrix, roll_call, share

PLAN = ("02-a", "03-b", "04-c", "05-d", "06-e")
SPECS = tuple(RunSpec(id=name, python=python) for name, python in zip(PLAN, ("3.11", "3.12", "3.11", "3.12", "3.11"), strict=True))


def came(run: str, number: int, *, count: int = 2, hunt: str = "77", plan: tuple[str, ...] = PLAN) -> RunRecord:
    return RunRecord(spec=RunSpec(id=run, python="3.12"), slice=Slice(number=number, count=count, runs=plan, hunt=hunt))


def everybody(hunt: str = "77") -> list[RunRecord]:
    return [came(run, index % 2 + 1, hunt=hunt) for index, run in enumerate(PLAN)]


def test_a_matrix_has_a_slice_for_each_run() -> None:
    assert matrix(SPECS[:2]) == {
        "include": [{"slice": "1/2", "id": "02-a", "python": "3.11"}, {"slice": "2/2", "id": "03-b", "python": "3.12"}]
    }


def test_fewer_runners_get_several_runs_each_and_the_first_ones_are_dealt_out_first() -> None:
    assert matrix(SPECS, 2) == {
        "include": [
            {"slice": "1/2", "id": "02-a and 2 more", "python": "3.11"},
            {"slice": "2/2", "id": "03-b and 1 more", "python": "3.12"},
        ]
    }
    assert [spec.id for spec in share(SPECS, 1, 2)] == ["02-a", "04-c", "06-e"]


def test_there_are_never_more_slices_than_runs_nor_than_github_makes_jobs_of_a_matrix() -> None:
    assert len(matrix(SPECS, 9)["include"]) == 5
    many = matrix([RunSpec(id=f"{number}", python="") for number in range(600)])["include"]
    assert (len(many), many[0]) == (256, {"slice": "1/256", "id": "0 and 2 more", "python": ""})
    assert matrix([]) == {"include": []}


def test_nobody_is_missing_where_all_came() -> None:
    assert roll_call(everybody()) == ()


def test_runs_that_were_not_spread_are_not_asked_for() -> None:
    assert roll_call([RunRecord(spec=RunSpec(id="01-own", python=""))]) == ()


def test_a_slice_that_is_lost_is_told_with_its_runs() -> None:
    told = roll_call([record for record in everybody() if record.slice and record.slice.number == 1])
    text = "did not arrive: 03-b, 05-d; its runner was lost, or its artefact is late or unreadable; the rest counts"
    assert told == (Gap("slice 2/2 of 77", text),)


def test_a_single_run_of_a_slice_may_be_lost() -> None:
    (told,) = roll_call([record for record in everybody() if record.spec.id != "06-e"])
    assert (told.source, told.text[:21]) == ("slice 1/2 of 77", "did not arrive: 06-e;")


def test_a_slice_that_was_run_twice_is_told() -> None:
    told = roll_call([*everybody(), came("03-b", 2), came("05-d", 2)])
    assert told == (Gap("slice 2/2 of 77", "was run more than once: 03-b, 05-d; each time counts as a run of its own"),)


def test_two_nights_with_the_same_plan_do_not_make_up_for_one_another() -> None:
    told = roll_call([*everybody("77"), *(record for record in everybody("78") if record.spec.id != "02-a")])
    assert [(gap.source, gap.text[:20]) for gap in told] == [("slice 1/2 of 78", "did not arrive: 02-a")]


def test_a_number_of_slices_that_somebody_made_up_costs_no_time() -> None:
    assert len(roll_call([came("02-a", 1, count=10**12)])) == 4
