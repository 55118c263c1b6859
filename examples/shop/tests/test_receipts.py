"""Receipts, and the surroundings that they depend on."""

import os
from pathlib import Path

from shop.orders import money, receipts

LINES = [("Cup", 600), ("Teapot", 2450)]


def test_a_receipt_ends_with_the_total():
    assert receipts.receipt("AAAA2222", LINES, footer="") == "Order AAAA2222\nCup: 6.00 EUR\nTeapot: 24.50 EUR\nTotal: 30.50 EUR\n"


def test_a_footer_comes_last():
    assert receipts.receipt("AAAA2222", [], footer="Thank you").splitlines()[-1] == "Thank you"


def test_a_footer_may_come_from_the_environment():
    os.environ["SHOP_RECEIPT_FOOTER"] = "See you soon"
    assert receipts.receipt("AAAA2222", []).splitlines()[-1] == "See you soon"


def test_the_currency_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("SHOP_CURRENCY", "CHF")
    assert money.written(100) == "1.00 CHF"


def test_the_currency_is_euro_otherwise(monkeypatch):
    monkeypatch.delenv("SHOP_CURRENCY", raising=False)
    assert money.written(100) == "1.00 EUR"


def test_a_receipt_is_saved_below_a_new_folder(tmp_path):
    path = receipts.save(tmp_path / "2026" / "03", "AAAA2222", "text")
    assert path.read_text() == "text"


def test_a_receipt_is_saved_where_we_stand(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    receipts.save(Path("out"), "AAAA2222", "text")
    assert (tmp_path / "out" / "AAAA2222.txt").is_file()
