"""Cents, written and read."""

import os


def written(cents: int, currency: str | None = None) -> str:
    """An amount for a person; the currency is that of SHOP_CURRENCY, or euro."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d} {currency or os.environ.get('SHOP_CURRENCY', 'EUR')}"


def read(text: str) -> int:
    """Cents of an amount such as `12.50` or `12`."""
    whole, _, part = text.strip().partition(".")
    if not whole.isdigit() or len(part) > 2 or (part and not part.isdigit()):
        raise ValueError(f"not an amount: {text!r}")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def shares(cents: int, parts: int) -> list[int]:
    """An amount cut into equal parts; the first ones get the cents that are left over."""
    each, rest = divmod(cents, parts)
    return [each + (index < rest) for index in range(parts)]
