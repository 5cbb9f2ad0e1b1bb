"""What the contract of green direct supply (绿电直连) requires of the schedule.

The ratios are those of 发改能源〔2025〕650号 (2025-05-21) art. 6 and 发改能源〔2026〕688号 (2026-05-14)
art. 1 and 6; none is in force unless it is written down here, because provinces set their own values.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage_opt.spec.fields import EnergyKwh, Fraction, PowerKwSeries, Spec
from storage_opt.spec.green import GreenSpec
from storage_opt.spec.supply import SupplySpec
from storage_opt.spec.tariff import MonthNumber, Window

__all__ = ["ContractSpec", "YearToDateSpec"]


class YearToDateSpec(Spec):
    """Energy of the contract year before the horizon starts, which counts in the ratios of that year."""

    available_kwh: EnergyKwh = 0.0
    """Available generation so far."""
    self_use_kwh: Annotated[EnergyKwh, Field(allow_inf_nan=False)] = 0.0
    """Self-used energy so far."""
    consumption_kwh: EnergyKwh = 0.0
    """Consumption so far."""
    export_kwh: EnergyKwh = 0.0
    """Exported energy so far."""
    green_kwh: EnergyKwh = 0.0
    """Renewable consumption so far, certificates included."""


class ContractSpec(Spec):
    """Rules of a green direct supply contract, kept over each contract year."""

    rule_set: Literal["none", "national"] = "none"
    """``national`` fills ratios that are left out: 0.60, 0.30 (0.35 from 2030), 0.20 (650号 art. 6)."""
    commissioned_year: Annotated[int, Field(ge=2020, le=2100)] | None = None
    """Year in which the project starts, which decides between 0.30 and 0.35."""
    self_use_of_available_min_frac: Fraction | None = None
    """Self-used energy over available generation, at least; 0.60 in 650号 art. 6. Curtailed energy is available."""
    self_use_of_consumption_min_frac: Fraction | None = None
    """Self-used energy over consumption, at least; 0.30 in 650号 art. 6, 0.35 from 2030."""
    export_of_available_max_frac: Fraction | None = None
    """Exported energy over available generation, at most; 0.20 in 650号 art. 6, set by the province."""
    spot_region: bool = True
    """Whether the region's spot market runs continuously; where it does not, nothing may be exported (650号 art. 6)."""
    deduct_storage_losses: bool = True
    """Whether energy lost in storage is taken off self-use. The rules are silent; deducting is the careful reading."""
    storage_from_grid: Literal["not_green", "forbidden"] = "not_green"
    """How energy that storage takes from the grid counts: never as green, or it may not be taken at all."""
    consumption_basis: Literal["load", "metered"] = "load"
    """What consumption is, in ratios and two-part network charge: the load, or import plus generation less export,
    which includes what storage loses."""
    exchange_cap_kw: PowerKwSeries | None = None
    """Declared exchange power with the public grid, a limit in both directions (650号 art. 10)."""
    no_export: tuple[Window, ...] = ()
    """Periods named by the province in which nothing may be exported (650号 art. 11)."""
    exchange_peak_valley_max_frac: Fraction | None = None
    """Largest (highest - lowest) / highest import of a day (650号 art. 11; the day is an assumption)."""
    year_start_month: MonthNumber | None = None
    """Month in which the contract year starts; left out, years are counted from the first day of the horizon."""
    year_to_date: YearToDateSpec | None = None
    """Energy of the contract year before the horizon, for horizons that start within a year."""
    green: GreenSpec | None = None
    """Green share and certificates."""
    supply: SupplySpec | None = None
    """How backup, own plant and export are paid; none when tariffs say it all."""

    @model_validator(mode="after")
    def _vintage_has_a_use(self) -> Self:
        if self.commissioned_year is not None and self.rule_set == "none":
            message = 'commissioned_year decides a ratio of rule_set = "national" only; write that, or leave it out'
            raise ValueError(message)
        if self.year_to_date is not None and self.year_start_month is None:
            message = "year_to_date needs year_start_month, to know where the contract year ends; give it"
            raise ValueError(message)
        return self
