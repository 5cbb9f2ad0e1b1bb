"""What an asset costs to build, to keep and to replace. No price is a default: prices of 2026 are wrong in 2028.

Figures to start from, by public offers and calculators of 2025 and 2026 (as of their dates, in CNY): commercial lithium
iron phosphate systems 600 a kWh, turnkey 800 to 1,100 a kWh; upkeep 0.5 to 2 % of capex a year; new cells in year 8 at
400 a kWh; wind 3,600 to 4,100 and PV 2,700 to 3,000 a kW.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

from pydantic import model_validator

from storage_opt.spec.fields import Fraction, MoneyPerKva, MoneyPerKw, Spec
from storage_opt.spec.money_fields import (
    Cost,
    CostPerKvaYear,
    CostPerKwh,
    CostPerKwhYear,
    CostPerKwYear,
    CostPerYear,
    LifeYears,
    PriceChangePerYear,
    Rate,
)

__all__ = ["AssetCostSpec"]

_UNITS_OF_KIND = {
    "battery": ("kwh", "kw"),
    "generator": ("kw",),
    "facility": ("kwh", "kw"),
    "grid": ("kva",),
}


class AssetCostSpec(Spec):
    """Cost of new capacity of an asset: a battery, a plant, the cold tank of a building, or grid access."""

    capex_per_kwh: CostPerKwh = 0.0
    """Investment for each kWh of new energy capacity; of a building: of its cold tank."""
    capex_per_kw: MoneyPerKw = 0.0
    """Investment for each kW of new power."""
    capex_per_kva: MoneyPerKva = 0.0
    """Investment for each kVA of new access capacity; of `grid` only."""
    capex: Cost = 0.0
    """Investment that does not depend on the size."""
    subsidy_per_kwh: CostPerKwh = 0.0
    """Investment subsidy for each kWh, received with the investment; it lowers what is depreciated (net method)."""
    subsidy_per_kw: MoneyPerKw = 0.0
    """Investment subsidy for each kW."""
    subsidy: Cost = 0.0
    """Investment subsidy that does not depend on the size."""
    om_per_kwh_year: CostPerKwhYear = 0.0
    """Operation and maintenance of a year for each kWh, in prices of year 1."""
    om_per_kw_year: CostPerKwYear = 0.0
    """Operation and maintenance of a year for each kW, in prices of year 1."""
    om_per_kva_year: CostPerKvaYear = 0.0
    """Operation and maintenance of a year for each kVA, in prices of year 1; of `grid` only."""
    om_per_year: CostPerYear = 0.0
    """Operation and maintenance of a year that does not depend on the size."""
    insurance_frac: Rate = 0.0
    """Insurance of a year as a share of the investment, in prices of year 1."""
    land_per_year: CostPerYear = 0.0
    """Rent of land or rooms a year, in prices of year 1."""
    life_years: LifeYears | None = None
    """Years after which it is replaced; left out: it lasts as long as the project."""
    replacement_per_kwh: CostPerKwh | None = None
    """Cost of a replacement for each kWh, in prices of year 0; with none of the two, a replacement costs the capex."""
    replacement_per_kw: MoneyPerKw | None = None
    """Cost of a replacement for each kW, in prices of year 0."""
    replacement_price_frac_per_year: PriceChangePerYear | None = None
    """Yearly change of the price of replacements, negative when it falls; left out: inflation."""
    salvage_frac: Fraction = 0.0
    """What a unit that is worn out is worth, as a share of its cost. What stands at the end of the project earns this,
    and of the rest the part of its life that is left, in a straight line."""

    @model_validator(mode="after")
    def _something_is_bought(self) -> Self:
        if not any((self.capex_per_kwh, self.capex_per_kw, self.capex_per_kva, self.capex)):
            message = (
                "says nothing of capex, so the asset would be free; give capex_per_kwh, _per_kw, _per_kva or capex"
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _subsidy_is_part_of_the_investment(self) -> Self:
        for paid, got in (("capex_per_kwh", "subsidy_per_kwh"), ("capex_per_kw", "subsidy_per_kw")):
            if getattr(self, got) > getattr(self, paid) and not self.capex:
                message = (
                    f"{got} {getattr(self, got):g} is above {paid} {getattr(self, paid):g}, so that each unit would "
                    "earn money by being built; correct one of them"
                )
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _replacement_has_its_time(self) -> Self:
        priced = self.replacement_per_kwh is not None or self.replacement_per_kw is not None
        if priced and self.life_years is None:
            message = "a replacement has a price and no time; give life_years, or leave the price out"
            raise ValueError(message)
        return self

    def misfits(self, kind: str) -> Iterator[str]:
        """Keys of prices per unit that an asset of a kind does not have.

        Parameters
        ----------
        kind : str
            ``battery``, ``generator``, ``facility`` or ``grid``.
        """
        fitting = _UNITS_OF_KIND[kind]
        for name in type(self).model_fields:
            unit = name.removesuffix("_year").rpartition("_per_")[2]
            if unit in {"kwh", "kw", "kva"} and unit not in fitting and getattr(self, name):
                yield name
