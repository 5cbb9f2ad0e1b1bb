"""What a project costs and how it is paid for: the table `[finance]` of a site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import field_validator, model_validator

from storage_opt.spec.asset_cost import AssetCostSpec
from storage_opt.spec.debt import DebtSpec
from storage_opt.spec.fields import Name, Spec
from storage_opt.spec.life import LifeSpec
from storage_opt.spec.misfit import Misfit
from storage_opt.spec.money_fields import LifeYears, PriceChange, PriceChangePerYear, Rate
from storage_opt.spec.sharing import SharingSpec
from storage_opt.spec.tax import TaxSpec

__all__ = ["CASH_STREAMS", "FinanceSpec"]

CASH_STREAMS = (
    "energy",
    "demand",
    "export",
    "generation",
    "curtailment",
    "fixed",
    "minimum",
    "reserve",
    "power_factor",
    "certificates",
    "service",
)
"""Streams of the bill that are cash: all but `wear`, which is paid for when cells are replaced."""


class FinanceSpec(Spec):
    """Costs, taxes, debt and sharing of a project; cash flows stand at the ends of years, rates are nominal."""

    years: LifeYears = 15
    """Life of the project; 15 to 20 are usual for storage."""
    discount_rate_frac: Rate = 0.06
    """Discount rate a year, nominal; public calculators take 0.03 to 0.08."""
    inflation_frac: PriceChange = 0.0
    """Yearly rise of upkeep, insurance, land and, unless they have a change of their own, replacements."""
    escalation_frac: Mapping[Name, PriceChange] = {}
    """Yearly rise of the savings of a stream of the bill, such as `{energy = 0.02}`; others stay as in year 1."""
    augmentation_price_frac_per_year: PriceChangePerYear | None = None
    """Yearly change of the price of cells that are added; left out: inflation."""
    cost: Mapping[Name, AssetCostSpec] = {}
    """Costs of new capacity by name of a battery, a plant, a building (its cold tank), or `grid` (its access)."""
    tax: TaxSpec | None = None
    """Taxes; left out, every figure is before tax."""
    debt: DebtSpec | None = None
    """A loan; left out, the owner pays everything."""
    life: LifeSpec | None = None
    """How batteries fade over the project; left out, every year is as the first."""
    sharing: SharingSpec | None = None
    """An energy management contract; left out, the owner is the host."""

    @field_validator("escalation_frac")
    @classmethod
    def _streams_are_known(cls, escalation: Mapping[str, float]) -> Mapping[str, float]:
        unknown = [stream for stream in escalation if stream not in CASH_STREAMS]
        if unknown == ["wear"]:
            message = "wear is no cash, so nothing of it can rise; give life_years and the price of a replacement"
            raise ValueError(message)
        if unknown:
            known = ", ".join(f"`{stream}`" for stream in CASH_STREAMS)
            message = f"{unknown[0]!r} is no stream of the bill; name some of {known}"
            raise ValueError(message)
        return escalation

    @model_validator(mode="after")
    def _nothing_outlasts_the_project(self) -> Self:
        spans = {
            "debt.years": self.debt and self.debt.years,
            "tax.depreciation_years": self.tax and self.tax.depreciation_years,
            "sharing.years": self.sharing and self.sharing.years,
        }
        for name, span in spans.items():
            if span and span > self.years:
                message = f"{name} {span} is longer than the project of {self.years} years; shorten it, or raise years"
                raise ValueError(message)
        if self.debt and self.sharing and self.debt.years > self.sharing.years:
            message = (
                f"debt.years {self.debt.years} is longer than sharing.years {self.sharing.years}, after which the "
                "investor earns nothing; shorten the loan"
            )
            raise ValueError(message)
        return self

    def misfits(self, kinds: Mapping[str, str]) -> Iterator[Misfit]:
        """Costs of a kind that their asset does not have.

        Parameters
        ----------
        kinds : mapping of str to str
            Kind of each asset of the site that can be paid for, by its name.
        """
        for name, cost in self.cost.items():
            for key in cost.misfits(kinds[name]) if name in kinds else ():
                what = f"finance.cost.{name}.{key} does not fit a {kinds[name]}"
                yield Misfit(("finance", "cost", name, key), what, "leave it out")
