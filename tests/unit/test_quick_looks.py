"""What the recorder uses to see at a glance that nothing changed: it may only say so where nothing did."""

import gc
from typing import Any

import pytest

from flaky_detector.recorder import versions
from flaky_detector.recorder.addresses import identities, image
from flaky_detector.recorder.allowance import TIMES, Allowance, Part
from flaky_detector.recorder.signs import PATIENCE, Signs, SignsOfAll

ONE, OTHER = float("1.5"), float("1.5")


@pytest.mark.parametrize("look", [image, identities])
def test_rows_have_one_image_only_where_they_hold_the_very_same_objects(look: Any) -> None:
    assert look((ONE, None, "a")) == look((ONE, None, "a"))
    assert look((ONE, None)) != look((OTHER, None))
    assert look((ONE, None)) != look((None, ONE))
    assert look((ONE,)) != look((ONE, ONE))
    assert look(()) == look(())


CHANGES: dict[str, Any] = {
    "a value by its like": lambda names: names.update(a=float("1.5")),
    "a new name": lambda names: names.update(new=1),
    "a name taken out": lambda names: names.pop("b"),
    "a value put back": lambda names: (names.update(a=2), names.update(a=ONE)),
    "another order": lambda names: names.update(a=names.pop("a")),
    "nothing left": lambda names: names.clear(),
}


@pytest.mark.parametrize("what", CHANGES)
def test_each_change_of_a_dict_gives_another_version(what: str) -> None:
    names = {"a": ONE, "b": None}
    cell = versions.cell(names)
    if cell is None:
        pytest.skip("this interpreter keeps no versions of dicts")
    before = versions.read(cell)
    assert (list(names.items()), dict(names), gc.get_referents(names)) != ()
    assert versions.read(cell) == before
    CHANGES[what](names)
    assert versions.read(cell) != before


def test_the_version_of_a_class_changes_with_its_attributes() -> None:
    class Thing:
        mode = 1

    cell = versions.cell(versions.behind(Thing.__dict__))
    if cell is None:
        pytest.skip("this interpreter keeps no versions of dicts")
    for value in (2, 1, 2):
        before = versions.read(cell)
        Thing.mode = value
        assert versions.read(cell) != before


class Told:
    """A probe whose signs a test sets."""

    name = "told"
    is_deep = False

    def __init__(self) -> None:
        self.value: Any = 1
        self.seen: Any = 1
        self.row: list[Any] = [ONE]
        self.held: tuple[Any, ...] = (ONE,)

    def signs(self) -> Signs:
        return Signs(values=[(lambda: self.value, self.seen)], rows=[(self.row, self.held)])


class Silent:
    name = "silent"
    is_deep = False


def test_probes_without_signs_are_asked_each_time_and_others_only_where_theirs_differ() -> None:
    told, silent = Told(), Silent()
    signs = SignsOfAll([told, silent])  # type: ignore[list-item]
    signs.renew()
    assert signs.asked == (silent,)
    assert signs.are_same()
    told.value = 2
    assert not signs.are_same()
    told.value = 1
    assert signs.are_same()
    told.row[0] = OTHER
    assert not signs.are_same()


def test_what_raises_is_not_the_same() -> None:
    told = Told()
    signs = SignsOfAll([told])  # type: ignore[list-item]
    signs.renew()
    del told.value
    assert not signs.are_same()


def test_a_probe_whose_signs_differ_time_after_time_is_asked_each_time() -> None:
    told = Told()
    signs = SignsOfAll([told])  # type: ignore[list-item]
    signs.renew()
    for number in range(PATIENCE):
        assert signs.asked == ()
        told.value = number + 10
        signs.blame()
        told.seen = told.value
        signs.renew()
    assert signs.asked == (told,)


def exceeded(notes: list[str]) -> Allowance:
    allowance = Allowance("deep", notes.append)
    allowance._spent, allowance._tests = 3.0, 3.0
    return allowance


def test_the_dearest_parts_are_given_up_first_and_named() -> None:
    notes: list[str] = []
    given: list[str] = []
    seconds = {"cheap": 0.1, "dear": 2.0, "nothing": 0.0, "dearest": 5.0}
    parts = [Part(name, took, lambda name=name: given.append(name)) for name, took in seconds.items()]  # type: ignore[misc]
    allowance = exceeded(notes)
    allowance.give_up(parts)
    assert given == ["dearest", "dear"]
    assert notes == ["the probe deep does not look at dearest, dear any more: that takes too much of the run's time"]
    assert not allowance.is_used_up


def test_where_nothing_can_be_given_up_the_probe_stops() -> None:
    notes: list[str] = []
    allowance = exceeded(notes)
    allowance.give_up([])
    assert allowance.is_used_up
    assert notes == ["the probe deep is not used any more: it takes too much of the run's time"]


def test_the_probe_stops_where_giving_up_has_not_helped_often_enough() -> None:
    notes: list[str] = []
    allowance = exceeded(notes)
    for _ in range(TIMES):
        allowance.give_up([Part("a", 1.0, lambda: None)])
        assert not allowance.is_used_up
    allowance.give_up([Part("a", 1.0, lambda: None)])
    assert allowance.is_used_up
    assert len(notes) == TIMES + 1
