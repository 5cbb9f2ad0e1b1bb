"""Energy management contracts: an investor builds, and shares the savings with the host (合同能源管理)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from storage_opt.spec.fields import Fraction, Spec
from storage_opt.spec.money_fields import LifeYears

__all__ = ["SharingSpec"]


class SharingSpec(Spec):
    """An investor pays for the project and shares its savings; at the end of the contract it passes to the host."""

    investor_frac: Annotated[Fraction, Field(gt=0)] = 0.9
    """Share of the savings that the investor receives; 0.9 and 0.85 are usual in China, less where spreads are wide."""
    years: LifeYears
    """Years of the contract; afterwards the host has all savings and all costs, and the salvage at the end."""
    om_payer: Literal["investor", "host"] = "investor"
    """Who pays upkeep, insurance and land during the contract; the investor pays replacements in any case."""
