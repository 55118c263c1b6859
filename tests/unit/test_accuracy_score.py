"""The bench's scorer: what is found, right, and a false accusation."""

from typing import Any

import pytest

from bench.accuracy.score import Score, score
from bench.accuracy.table import counted, misses, share, table
from bench.accuracy.truth import Planted, State, Truth

V, P, Q, X = "t.py::test_v", "t.py::test_p", "t.py::test_q", "t.py::test_x"
STATE = (State(kinds=("environ",), key="^HOME$"),)


def truth(**changes: Any) -> Truth:
    values: dict[str, Any] = {"plant": "one polluter", "test": V, "kinds": ("victim",), "sets": ((P,),), "all_named": True, "state": STATE}
    return Truth(**values | changes)


def finding(**changes: Any) -> dict[str, Any]:
    told = {
        "test": V,
        "kind": "victim",
        "confidence": "proven",
        "polluters": [[P]],
        "state_setters": [],
        "state": [{"kind": "environ", "key": "HOME"}],
    }
    return told | changes


def scored(truths: list[Truth], *findings: dict[str, Any], **others: Any) -> Score:
    planted = Planted(name="plain-1", seed=1, kind="plain", tests=9, truths=tuple(truths), checks=())
    return score(planted, {"findings": list(findings), "status": "complete"} | others)


def verdict(told: Score) -> tuple[bool, bool, bool | None, bool | None, int]:
    (one,) = told.truths
    return one.found, one.kind_right, one.all_named, one.state_named, len(told.false_accusations)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, (True, True, True, True, 0), id="right"),
        pytest.param({"confidence": "likely"}, (True, True, True, True, 0), id="likely is sure enough"),
        pytest.param({"confidence": "suspected"}, (False, True, True, True, 0), id="suspected is not"),
        pytest.param({"kind": "brittle"}, (False, False, True, True, 0), id="another kind"),
        pytest.param({"polluters": [[Q]]}, (False, True, False, True, 1), id="another polluter"),
        pytest.param({"polluters": [[P, Q]]}, (False, True, False, True, 1), id="one too many in the set"),
        pytest.param({"polluters": [[P], [Q]]}, (True, True, True, True, 1), id="one alternative too many"),
        pytest.param({"polluters": [[Q]], "confidence": "suspected"}, (False, True, False, True, 0), id="a suspicion accuses nobody"),
        pytest.param({"state": [{"kind": "environ", "key": "HOMES"}]}, (True, True, True, False, 0), id="another key"),
        pytest.param({"state": [{"kind": "file", "key": "HOME"}]}, (True, True, True, False, 0), id="another kind of state"),
        pytest.param({"polluters": []}, (False, True, False, True, 0), id="nobody named"),
    ],
)
def test_one_victim_of_one_polluter(changes: dict[str, Any], expected: tuple[bool, bool, bool | None, bool | None, int]) -> None:
    assert verdict(scored([truth()], finding(**changes))) == expected


def test_a_truth_of_which_nothing_is_said_is_missed() -> None:
    assert verdict(scored([truth()])) == (False, False, False, False, 0)


def test_all_alternatives_are_to_be_named() -> None:
    either = truth(sets=((P,), (Q,)))
    assert verdict(scored([either], finding())) == (True, True, False, True, 0)
    assert verdict(scored([either], finding(polluters=[[Q], [P]]))) == (True, True, True, True, 0)


def test_a_set_counts_in_any_order_unless_its_order_matters() -> None:
    assert verdict(scored([truth(sets=((P, Q),))], finding(polluters=[[Q, P]])))[0] is True
    assert verdict(scored([truth(sets=((P, Q),), ordered=True)], finding(polluters=[[Q, P]]))) == (False, True, False, True, 1)


def test_half_of_a_set_is_a_false_accusation() -> None:
    assert verdict(scored([truth(sets=((P, Q),))], finding()))[-1] == 1


def test_a_brittle_test_has_state_setters() -> None:
    brittle = truth(kinds=("brittle",), all_named=False)
    assert verdict(scored([brittle], finding(kind="brittle", polluters=[], state_setters=[[P]]))) == (True, True, None, True, 0)


def test_for_some_kinds_nobody_is_to_be_named() -> None:
    broken = truth(plant="always broken", kinds=("broken",), sets=(), all_named=False, state=())
    right = finding(kind="broken", confidence="suspected", polluters=[])
    assert verdict(scored([broken], right)) == (True, True, None, None, 0)
    assert verdict(scored([broken], finding()))[-1] == 1


def test_a_sure_finding_about_an_innocent_is_a_false_accusation() -> None:
    told = scored([truth()], finding(), finding(test=X))
    assert told.false_plants == ("innocent",)
    assert scored([truth()], finding(), finding(test=X, confidence="suspected")).false_accusations == ()


def test_one_of_a_group_is_enough_and_its_counterparts_must_be_of_it() -> None:
    group = [
        truth(test=a, kinds=("cross-worker",), sets=(), state=(), all_named=False, counterparts=(b,), group="g")
        for a, b in ((V, P), (P, V))
    ]
    right = finding(kind="cross-worker", polluters=[], counterparts=[P], state=[])
    told = scored(group, right)
    assert [(one.found, one.all_named) for one in counted([told])] == [(True, True)]
    assert misses([told]) == ""
    assert len(scored(group, right | {"counterparts": [X]}).false_accusations) == 1


def test_latent_polluters_are_counted_apart() -> None:
    told = scored([truth(latent=True, test=P)], latent_polluters=[{"test": P, "state": []}], cost={"trials": 4})
    assert (told.truths, told.latent, told.latent_named, told.trials) == ((), 1, 1, 4)


def test_a_hunt_without_a_result_misses_everything() -> None:
    planted = Planted(name="plain-1", seed=1, kind="plain", tests=9, truths=(truth(),), checks=())
    assert score(planted, {}).status == "no findings.json"


def test_the_table_sums_up_by_kind() -> None:
    told = scored([truth(carrier="os.environ"), truth(test=X, plant="chain")], finding(), cost={"trials": 10, "wall_seconds": 60.0})
    text = table([told])
    assert "- found: 1 of 2, 50.0 %" in text
    assert "| one polluter | 1 | 1 | 1/1 | 1/1 | 1/1 | 0 |" in text
    assert "| chain | 1 | 0 | 0/1 | 0/1 | 0/1 | 0 |" in text
    assert "| os.environ | 1 | 1 | 1/1 | 1/1 | 1/1 |  |" in text
    assert "| plain | 1 | 2 | 1 | 0 | 5.0 | 60 s |" in text
    assert misses([told]) == f"MISS  plain-1 [chain; -] {X}: nothing"


def test_a_share_leaves_out_what_cannot_be_told() -> None:
    assert share([True, None, False]) == "1/2"
    assert share([None]) == "–"
