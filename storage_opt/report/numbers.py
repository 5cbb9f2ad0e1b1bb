"""How numbers read: thousands separators, a unit chosen once a table, never a minus before zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Scale", "energy_scale", "money_scale", "power_scale", "significant", "tiny"]

_LARGE_KWH = 100_000.0
_LARGE_KW = 10_000.0


@dataclass(frozen=True, slots=True)
class Scale:
    """A unit for a whole column or axis, and how its numbers are written.

    Parameters
    ----------
    unit : str
        Unit that is shown.
    divisor : float
        Model unit over shown unit.
    decimals : int
        Digits after the point.
    """

    unit: str
    divisor: float
    decimals: int

    def text(self, value: float) -> str:
        """`value`, given in the model's unit, in the shown unit."""
        return f"{value / self.divisor:z,.{self.decimals}f}"


def _largest(values: Iterable[float]) -> float:
    return max((abs(value) for value in values), default=0.0)


def energy_scale(values_kwh: Iterable[float]) -> Scale:
    """Energy in kWh for small sites, in MWh for large ones."""
    largest = _largest(values_kwh)
    if largest >= _LARGE_KWH:
        return Scale("MWh", 1e3, 1)
    return Scale("kWh", 1.0, 1 if largest < 1e3 else 0)


def power_scale(values_kw: Iterable[float]) -> Scale:
    """Power in kW for small sites, in MW for large ones."""
    largest = _largest(values_kw)
    if largest >= _LARGE_KW:
        return Scale("MW", 1e3, 2)
    return Scale("kW", 1.0, 1 if largest < 1e3 else 0)


def money_scale(values: Iterable[float], currency: str) -> Scale:
    """Whole units of money, with cents where the largest amount is small."""
    return Scale(currency, 1.0, 0 if _largest(values) >= 10_000.0 else 2)


def significant(value: float) -> str:
    """A single number for a sentence: three to four significant digits, no exponent, no trailing zeros.

    Examples
    --------
    >>> significant(31.2), significant(0.04567), significant(1234567.0), significant(-1e-12)
    ('31.2', '0.0457', '1,234,567', '0')
    """
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 1:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:z.6f}".rstrip("0").rstrip(".") if size < 0.001 else f"{value:.3g}"


def tiny(value: float) -> str:
    """A residual: zero, or one digit and a power of ten."""
    return "0" if value == 0.0 else f"{value:.1e}"
