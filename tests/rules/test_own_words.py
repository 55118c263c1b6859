"""What a failure names by itself, where no rule knows it."""

import pytest

from flaky_detector.model import Failure, StateChange
from flaky_detector.rules.own_words import speaks_of
from tests.rules.samples import failure

ACCOUNT = "assert 1 < 1\n +  where 1 = len({0})\n +    where {0} = state.SEEN"


def shown(line: str, message: str = "assert False") -> Failure:
    return failure(
        "AssertionError",
        message,
        text=f"    def test_it():\n        thing = 1\n>       {line}\nE       {message}\n\na.py:3: AssertionError",
    )


def left(key: str, kind: str = "module-global") -> StateChange:
    return StateChange(kind=kind, key=key, after="digest")


@pytest.mark.parametrize(
    ("line", "message", "key"),
    [
        ("assert len(state.SEEN) < 1", "assert 1 < 1", "shop.state.SEEN"),
        ("assert len(SEEN) < 1", "assert 1 < 1", "shop.state.SEEN"),
        ("assert is_empty()", ACCOUNT, "state.SEEN"),
        ("assert shop.state.seen.keys() == set()", "assert False", "shop.state.seen"),
        ("self.assertEqual(state._seen, [])", "[1] != []", "shop.state._seen"),
    ],
)
def test_the_failing_line_or_the_account_of_it_names_the_thing(line: str, message: str, key: str) -> None:
    assert speaks_of(shown(line, message), left(key))


@pytest.mark.parametrize(
    ("line", "message", "key"),
    [
        ("assert len(state.SEEN) < 1", "assert 1 < 1", "shop.other.SEEN"),
        ("assert count() == 0", "assert 1 == 0", "shop.state.count"),
        ("assert answer.status == 'shop.state.SEEN'", "assert False", "shop.state.SEEN"),
        ("assert response.state == 1", "assert False", "shop.states.state"),
        ("assert seen == []", "assert [1] == []", "shop.state.seen"),
    ],
)
def test_a_name_that_only_looks_like_it_is_not_the_thing(line: str, message: str, key: str) -> None:
    assert not speaks_of(shown(line, message), left(key))


def test_only_the_line_that_failed_counts() -> None:
    text = ">       state.SEEN.clear()\nhelper.py:1:\n>       raise ValueError\nE       ValueError\n"
    assert not speaks_of(failure("ValueError", "", text=text), left("shop.state.SEEN"))


@pytest.mark.parametrize("kind", ["class-attribute", "cache", "module-attribute"])
def test_attributes_and_caches_are_named_like_globals(kind: str) -> None:
    assert speaks_of(shown("assert rates.current() == 3"), left("shop.rates.current", kind))


def test_a_variable_or_a_file_is_the_affair_of_the_rule() -> None:
    assert not speaks_of(shown("assert state.SEEN"), left("state.SEEN", "environ"))
    assert not speaks_of(None, left("state.SEEN"))
