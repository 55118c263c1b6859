"""Cents, written and read."""

import pytest

from shop.orders import money


@pytest.mark.parametrize(("cents", "text"), [(0, "0.00 EUR"), (5, "0.05 EUR"), (1250, "12.50 EUR"), (-5, "-0.05 EUR")])
def test_an_amount_is_written(cents, text):
    assert money.written(cents, "EUR") == text


@pytest.mark.parametrize(("text", "cents"), [("12", 1200), ("12.5", 1250), (" 0.05 ", 5)])
def test_an_amount_is_read(text, cents):
    assert money.read(text) == cents


@pytest.mark.parametrize("text", ["", "twelve", "1.234", "1.x", "-1"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount"):
        money.read(text)


def test_no_cent_is_lost_in_shares():
    assert money.shares(100, 3) == [34, 33, 33]
