"""The quick look at an object's content: it may only say that nothing changed where nothing did."""

from typing import Any

import pytest

from flaky_detector.recorder.trace import trace


class Thing:
    __slots__ = ("entries", "held")

    def __init__(self, entries: Any) -> None:
        self.entries = entries


def held(value: Any) -> bool:
    found = trace(value)
    assert found is not None
    return found.holds(value)


EMPTY = {
    "a dict in a dict": ({"a": {}}, lambda value: value["a"].update(x=1)),
    "a list in a list": ([[]], lambda value: value[0].append(1)),
    "a list two levels down": ({"a": [{}]}, lambda value: value["a"][0].update(x=1)),
    "a dict in an instance": (Thing({}), lambda value: value.entries.update(x=1)),
    "a slot that was empty": (Thing(1), lambda value: setattr(value, "held", 2)),
}


@pytest.mark.parametrize("what", EMPTY)
def test_what_was_empty_and_is_filled_is_seen(what: str) -> None:
    value, fill = EMPTY[what]
    found = trace(value)
    assert found is not None
    assert found.holds(value)
    fill(value)
    assert not found.holds(value)


def test_what_is_replaced_by_its_like_is_seen() -> None:
    value: dict[str, Any] = {"a": [1000.5]}
    found = trace(value)
    assert found is not None
    value["a"][0] = float("1000.5")
    assert not found.holds(value)


def test_what_can_be_waited_for_is_not_held() -> None:
    class Waited:
        pass

    assert trace([Waited()]) is None
