"""Receipts, as text and as files."""

import os
from pathlib import Path

from shop.orders.money import written


def receipt(reference: str, lines: list[tuple[str, int]], footer: str | None = None) -> str:
    """A receipt; the footer is that of SHOP_RECEIPT_FOOTER where none is given, and may be empty."""
    rows = [f"Order {reference}", *(f"{name}: {written(cents, 'EUR')}" for name, cents in lines)]
    rows.append(f"Total: {written(sum(cents for _, cents in lines), 'EUR')}")
    closing = os.environ.get("SHOP_RECEIPT_FOOTER", "") if footer is None else footer
    return "\n".join([*rows, closing]).strip() + "\n"


def save(folder: Path, reference: str, text: str) -> Path:
    """Writes a receipt into a folder, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{reference}.txt"
    path.write_text(text)
    return path
