"""What every line of the contract's bill needs: the site, the contract, prices and meters by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Line, Stream
from storage_opt.charges.energy import Bands, EnergyCharge
from storage_opt.charges.grouping import Groups
from storage_opt.lowering.contract.meters import consumption, produced, self_use
from storage_opt.lowering.contract.tou import Shape, tou_shape
from storage_opt.lowering.refusal import refuse
from storage_opt.lowering.years import counted_years
from storage_opt.schedule import Metered
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Series
from storage_opt.spec.supply import Regime, SupplySpec

__all__ = ["FUNDS_PAYEE", "KEY", "Bill"]

KEY = "contract.supply"
FUNDS_PAYEE = "government funds"


@dataclass(frozen=True, eq=False)
class Bill:
    """A supply contract on a horizon, its gaps filled."""

    site: Site
    contract: ContractSpec
    spec: SupplySpec

    @property
    def seller(self) -> str:
        """Who sells imported energy."""
        return self.spec.grid_payee if self.spec.regime is Regime.ORDINARY_AGENCY else self.spec.market_payee

    @cached_property
    def shape(self) -> Shape | None:
        """Time-of-use multipliers; None where prices have none."""
        return tou_shape(self.spec.tou, self.site)

    @cached_property
    def produced(self) -> Metered:
        """Output of all plants that is used or exported. [kW]"""
        return produced(self.site.spec)

    @cached_property
    def self_use(self) -> Metered:
        """Self-used generation. [kW]"""
        return self_use(self.site.spec, self.contract)

    @cached_property
    def consumption(self) -> Metered:
        """Consumption. [kW]"""
        return consumption(self.site.spec, self.contract)

    @cached_property
    def years(self) -> Groups:
        """Contract years."""
        return counted_years(self.site.horizon, self.contract.year_start_month)

    def price(self, name: str, series: Series | None) -> NDArray[np.float64]:
        """A price on the horizon (T,); refused when nobody gave it. [money/kWh]"""
        if series is None:
            hint = "give it, or region and voltage for what the catalog knows"
            refuse(f"{KEY}.{name}", f"is missing, which regime `{self.spec.regime}` needs", hint)
        return self.site.values(series)

    def shaped(self, component: str, flat: NDArray[np.float64]) -> NDArray[np.float64]:
        """A component with its time of use (T,): ``p (1 + w (m - 1))``, w whether it floats. [money/kWh]"""
        return flat if self.shape is None else flat * (1.0 + self.shape.rise(component))

    def mean_by_period(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Plain mean of a series in each billing period (G,)."""
        periods = self.site.horizon.billing
        mean: NDArray[np.float64] = periods.total(values) / np.bincount(periods.ids)
        return mean

    def line(self, name: str, payee: str, stream: Stream = Stream.ENERGY) -> Line:
        """A line of the contract's bill."""
        return Line(f"contract.{name}", payee, stream)

    def per_kwh(
        self, line: Line, metered: Metered, price: NDArray[np.float64], bands: Bands | None = None
    ) -> EnergyCharge:
        """A charge per kWh."""
        return EnergyCharge(line, metered, price, bands)
