"""Money as it is printed and paid: whole cents."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

__all__ = ["cents", "cents_text"]


def cents(amount: float) -> int:
    """An amount in cents, half a cent away from zero. [0.01 money]

    Examples
    --------
    >>> cents(2.675), cents(-0.005), cents(-0.004)
    (268, -1, 0)
    """
    # the shortest text of a float is what a person would write: 2.675 is half a cent, though its binary is below
    return int(Decimal(repr(float(amount))).scaleb(2).to_integral_value(ROUND_HALF_UP))


def cents_text(whole: int, separator: str = "") -> str:
    """Cents as money with two decimals, thousands apart by `separator`; exact, as no float is involved.

    Examples
    --------
    >>> cents_text(-123456), cents_text(123456, ","), cents_text(5)
    ('-1234.56', '1,234.56', '0.05')
    """
    sign, size = ("-" if whole < 0 else ""), abs(whole)
    return f"{sign}{size // 100:{separator}}.{size % 100:02d}"
