"""Value added tax, surcharges and income tax of a project, as switches.

Defaults are those of a general taxpayer in China: value added tax 13 % on electricity and equipment, surcharges of
7 + 3 + 2 % on it, income tax 25 %, machinery written off over 10 years (企业所得税法实施条例, article 60) to 5 %,
losses carried forward for 5 years (企业所得税法, article 18).
"""

from __future__ import annotations

from typing import Literal

from storage_opt.spec.fields import Fraction, Spec
from storage_opt.spec.money_fields import LifeYears, Rate, Years

__all__ = ["TaxSpec"]


class TaxSpec(Spec):
    """Taxes of a project; without this table every figure is before tax."""

    vat_frac: Rate = 0.13
    """Value added tax contained in savings, investment, replacements, upkeep and the sale at the end; insurance and
    land count as free of it. Zero for who pays none, and where prices are given without it."""
    vat_credit: Literal["carry_forward", "at_once"] = "carry_forward"
    """What happens to input tax above output tax: carried to later years without interest (lost at the end), or
    credited at once, against other tax of the owner or as a refund (留抵退税)."""
    surcharge_frac: Rate = 0.12
    """City construction and education surcharges, on value added tax that is paid (附加税费)."""
    income_tax_frac: Rate = 0.25
    """Income tax on profit."""
    exempt_years: Years = 0
    """First years without income tax; 3 in "three free, three half" (三免三减半)."""
    half_years: Years = 0
    """Years after those with half of it."""
    depreciation_years: LifeYears = 10
    """Straight-line depreciation of what is bought, from the year after; what is left at the end is written off."""
    depreciation_residual_frac: Fraction = 0.05
    """Share that is not depreciated before the end."""
    losses: Literal["offset", "carry_forward"] = "carry_forward"
    """What a loss does: lowers the tax on other income of the owner in its year, or is carried to later years."""
    carry_forward_years: LifeYears = 5
    """Years in which a loss that is carried can be used, the oldest first."""
