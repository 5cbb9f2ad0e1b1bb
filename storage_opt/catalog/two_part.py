"""Rules of the two-part tariff that are numbers, and the power-factor adjustment."""

from __future__ import annotations

import difflib
from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from storage_opt.catalog.china_tables import read_rows
from storage_opt.catalog.provenance_row import ProvenanceRow
from storage_opt.errors import Fault, InputError

__all__ = [
    "PowerFactorBand",
    "TwoPartRule",
    "power_factor_adjustment_frac",
    "power_factor_bands",
    "two_part_rule",
    "two_part_rules",
]

_Share = Annotated[float, Field(ge=0, le=1)]


class TwoPartRule(ProvenanceRow):
    """A number of the two-part tariff."""

    rule: str
    """Name of the rule, with its unit."""
    value: float
    """The number."""
    unit: str
    """Its unit."""
    meaning: str
    """What it says."""

    @property
    def title(self) -> str:
        """What the row is, for notes."""
        return f"rule `{self.rule}` of the two-part tariff"


class PowerFactorBand(ProvenanceRow):
    """How each hundredth of power factor changes the bill, within a band."""

    standard_frac: _Share
    """Power factor at which nothing is adjusted."""
    low_frac: _Share
    """Lower end of the band."""
    high_frac: _Share
    """Upper end of the band."""
    per_hundredth_frac: float
    """Change of the bill for each hundredth that the power factor rises. [0-1]"""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.low_frac >= self.high_frac or self.low_frac < self.standard_frac < self.high_frac:
            message = f"band {self.low_frac} to {self.high_frac} is empty or reaches across the standard"
            raise ValueError(message)
        return self


@cache
def two_part_rules() -> tuple[TwoPartRule, ...]:
    """All rules of the table."""
    return read_rows("two_part_rules.csv", TwoPartRule)


def two_part_rule(name: str) -> TwoPartRule:
    """The rule of a name, such as ``rebate_price_frac``.

    Raises
    ------
    InputError
        When there is none; the nearest name is suggested.
    """
    known = {row.rule: row for row in two_part_rules()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean `{near[0]}`? " if near else ""
    raise InputError([Fault(f"there is no rule `{name}`", f"{advice}There are {', '.join(known)}")])


@cache
def power_factor_bands() -> tuple[PowerFactorBand, ...]:
    """All bands of the table."""
    return read_rows("power_factor.csv", PowerFactorBand)


def power_factor_adjustment_frac(power_factor: float, standard: float = 0.90) -> float:
    """Share by which basic and energy charge, less funds and green premium, change with the power factor. 力调电费

    Parameters
    ----------
    power_factor : float
        Mean power factor of the billing month; read to the hundredth. [0-1]
    standard : float
        Power factor at which nothing is adjusted. [0-1]

    Raises
    ------
    InputError
        When the power factor is none, or the catalog has no table for the standard.

    Notes
    -----
    Each hundredth between the standard and the power factor counts with the rate of its band; a bonus is negative.

    Examples
    --------
    >>> [round(power_factor_adjustment_frac(value), 4) for value in (0.97, 0.92, 0.90, 0.85, 0.66)]
    [-0.0075, -0.003, 0.0, 0.025, 0.14]
    """
    if not 0.0 <= power_factor <= 1.0:
        raise InputError([Fault(f"power factor {power_factor:g} is none", "give a number from 0 to 1, such as 0.95")])
    bands = [band for band in power_factor_bands() if band.standard_frac == standard]
    if not bands:
        known = ", ".join(f"{value:g}" for value in sorted({band.standard_frac for band in power_factor_bands()}))
        what = f"the catalog has no power-factor table for the standard {standard:g}"
        raise InputError([Fault(what, f"choose {known}, or write the adjustment into the site")])
    hundredths = round(power_factor * 100)

    def covered(band: PowerFactorBand) -> int:
        low, high = round(band.low_frac * 100), round(band.high_frac * 100)
        inside = min(max(hundredths, low), high)
        return inside - (high if band.high_frac <= standard else low)

    return sum(covered(band) * band.per_hundredth_frac for band in bands)
