"""fallback: one failure has one fingerprint from run to run, and two failures have two."""

import pytest

from flaky_detector.model import Signature, StateChange
from flaky_detector.rules import rule_of, signature_of
from flaky_detector.rules.fallback import normalised, place
from tests.rules.samples import failure, file, model

RULE = rule_of("fallback")


@pytest.mark.parametrize(
    ("message", "stable"),
    [
        ("timed out after 3.52 s", "timed out after # s"),
        ("<Item at 0x7f8aa0> is gone", "<value> is gone"),
        ("no row 6f1c9a2e-8d0b-4f7e-9c3a-0123456789ab", "no row <uuid>"),
        ("'alpha' is not \"beta\"", "<text> is not <text>"),
        ("cannot open /tmp/pytest-of-me/pytest-3/x.txt", "cannot open <path>"),
        ("got [1, 2, 3]", "got <value>"),
        ("first line\nsecond line", "first line"),
        ("digest 9f86d081884c7d659a2feaa0c55ad015", "digest <hex>"),
    ],
)
def test_what_varies_from_run_to_run_is_taken_out_of_a_message(message: str, stable: str) -> None:
    assert normalised(message) == stable


def test_the_message_of_an_assertion_does_not_count() -> None:
    one = failure("AssertionError", "assert 1 == 2", test_frame="a.py:test_a")
    other = failure("AssertionError", "assert [] == [4]", test_frame="a.py:test_a")
    assert signature_of(one) == signature_of(other) == Signature(rule="fallback", exception="AssertionError", where="a.py")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (failure("ValueError", "a"), failure("ValueError", "b")),
        (failure("ValueError", "a"), failure("TypeError", "a")),
        (failure("ValueError", "a", test_frame="a.py:f"), failure("ValueError", "a", test_frame="b.py:f")),
        (failure("KeyError", "'SHOP_MODE'"), failure("KeyError", "'SHOP_COLOUR'")),
    ],
)
def test_other_failures_have_other_fingerprints(one: object, other: object) -> None:
    assert not signature_of(one).matches(signature_of(other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raised_at", "where"),
    [
        ("/opt/venv/lib/python3.11/site-packages/django/db/utils.py:__exit__", "django/db/utils.py"),
        ("../../venv/lib/python3.11/site-packages/django/db/utils.py:__exit__", "django/db/utils.py"),
        ("django/db/utils.py:__exit__", "django/db/utils.py"),
        ("/usr/lib/python3.11/json/decoder.py:decode", "json/decoder.py"),
        ("tests/test_a.py:", "tests/test_a.py"),
    ],
)
def test_a_place_reads_the_same_in_every_installation(raised_at: str, where: str) -> None:
    assert place(raised_at) == where


def test_an_environment_variable_that_a_key_error_names_explains_it() -> None:
    signature = signature_of(failure("KeyError", "'SHOP_MODE'"))
    assert RULE.explains(signature, StateChange(kind="environ", key="SHOP_MODE", after="x"))
    assert not RULE.explains(signature, StateChange(kind="environ", key="SHOP_COLOUR", after="x"))


def test_an_environment_variable_in_the_failing_line_explains_it() -> None:
    signature = signature_of(failure("AssertionError", "assert 'x' is None", text='>   assert os.environ.get("SHOP_MODE") is None\nE   …'))
    assert RULE.explains(signature, StateChange(kind="environ", key="SHOP_MODE", after="x"))


def test_the_working_directory_explains_a_missing_file_only() -> None:
    cwd = StateChange(kind="cwd", key="cwd", before="a", after="b")
    assert RULE.explains(signature_of(failure("FileNotFoundError", "[Errno 2] No such file or directory: 'data.csv'")), cwd)
    assert not RULE.explains(signature_of(failure("ValueError", "x")), cwd)


@pytest.mark.parametrize("change", [model("shop.Phantom"), file("shop/migrations/0003_x.py")])
def test_nothing_else_explains_an_unknown_failure(change: StateChange) -> None:
    assert not RULE.explains(signature_of(failure("ValueError", "x")), change)


def test_a_global_that_the_failing_line_names_explains_it() -> None:
    signature = signature_of(failure("AssertionError", "assert 2 == 1", text=">   assert shop.MAX_ITEMS == 1\nE   …"))
    assert RULE.explains(signature, StateChange(kind="module-global", key="shop.MAX_ITEMS", before="a", after="b"))
    assert RULE.explains(signature, StateChange(kind="class-attribute", key="shop.Shop.MAX_ITEMS", before="a", after="b"))
    assert not RULE.explains(signature, StateChange(kind="module-global", key="shop.MIN_ITEMS", before="a", after="b"))
    assert not RULE.explains(signature, StateChange(kind="module-attribute", key="shop.MAX_ITEMS", before="a", after="b"))


def test_a_loop_that_is_gone_explains_that_there_is_none() -> None:
    loop = StateChange(kind="event-loop", key="asyncio.loop", before="a", after="b")
    assert RULE.explains(signature_of(failure("RuntimeError", "There is no current event loop in thread 'MainThread'.")), loop)
    assert not RULE.explains(signature_of(failure("RuntimeError", "no")), loop)
