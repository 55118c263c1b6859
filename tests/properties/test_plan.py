"""What holds for every plan, whatever is asked for and whatever the runs showed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flaky_detector.model import Arrangement, RunRecord, RunSpec
from flaky_detector.settings import DISTRIBUTIONS, Settings
from flaky_detector.stages.plan import plan
from tests.support.records import changed, ran, record

TESTS = "abcdefgh"

wishes = st.builds(
    Settings,
    runs=st.integers(1, 14),
    seeds=st.lists(st.integers(0, 9), min_size=1, max_size=5).map(tuple),
    dist=st.lists(st.sampled_from(DISTRIBUTIONS), min_size=1, max_size=3).map(tuple),
    workers=st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple),
    keep_sort=st.booleans(),
)
interpreters = st.lists(st.sampled_from(["3.11", "3.12", "3.13", "/opt/a/python", "/opt/b/python"]), min_size=1, max_size=3, unique=True)
left = st.dictionaries(st.sampled_from(TESTS), st.sampled_from(["file", "environ"]), max_size=4)


def hunted(wish: Settings, pythons: list[str], leavers: list[dict[str, str]]) -> list[RunSpec]:
    """The runs of a whole hunt: the plan is asked again after each, and in each other tests leave something behind."""
    records: list[RunRecord] = []
    while specs := plan(wish, pythons, records):
        found = leavers[len(records) % len(leavers)] if leavers else {}
        rows = [ran(test, traits=("db",), state=changed(test, kind=found[test]) if test in found else ()) for test in TESTS]
        records.append(record(*rows, spec=specs[0]))
    return [each.spec for each in records]


def variety(spec: RunSpec) -> tuple[object, ...]:
    """What makes two runs alike."""
    return spec.python, spec.arrangement, spec.seed, spec.distribution, spec.workers


@settings(max_examples=60, deadline=None)
@given(wishes, interpreters, st.lists(left, max_size=4))
def test_a_hunt_stays_within_its_runs_starts_with_the_own_order_and_repeats_none(
    wish: Settings, pythons: list[str], leavers: list[dict[str, str]]
) -> None:
    specs = hunted(wish, pythons, leavers)
    assert 1 <= len(specs) <= wish.runs
    assert variety(specs[0]) == (pythons[0], Arrangement.OWN, None, "no", 0)
    assert len({spec.id for spec in specs}) == len(specs)
    assert len({variety(spec) for spec in specs}) == len(specs)
    assert all("/" not in spec.id and spec.why and spec.keep_sort is wish.keep_sort for spec in specs)


@settings(max_examples=60, deadline=None)
@given(wishes, interpreters, st.lists(left, max_size=4))
def test_an_order_that_follows_from_evidence_holds_every_test_once(
    wish: Settings, pythons: list[str], leavers: list[dict[str, str]]
) -> None:
    for spec in hunted(wish, pythons, leavers):
        assert sorted(step.test for step in spec.order) in ([], list(TESTS))
        assert {step.worker for step in spec.order} <= set(range(max(spec.workers, 1)))


@settings(max_examples=60, deadline=None)
@given(wishes, interpreters)
def test_a_first_wave_is_a_plan_that_a_hunt_without_evidence_follows(wish: Settings, pythons: list[str]) -> None:
    """But for the one run in blocks, which needs to know the tests."""
    made = [variety(spec) for spec in hunted(wish, pythons, []) if spec.arrangement is not Arrangement.BLOCKS]
    assert made == [variety(spec) for spec in plan(wish, pythons)][: len(made)]
    assert len(made) >= len(plan(wish, pythons)) - 1
