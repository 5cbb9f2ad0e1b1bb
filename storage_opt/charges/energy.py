"""Price per kWh: time of use, spot, network energy, surcharge, export revenue, wear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.base import Entry, Line
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["Bands", "EnergyCharge"]


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Names for parts of a billing period, such as peak, flat and valley.

    Parameters
    ----------
    ids : (T,) int array
        Band of each interval.
    names : tuple of str
        One name a band.
    """

    ids: NDArray[np.intp]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EnergyCharge:
    """Energy times price.

    Parameters
    ----------
    line : Line
        Line of the bill.
    metered : Metered
        Flow that is charged. [kW]
    price_per_kwh : (T,) array
        Price, negative when the site is paid. [money/kWh]
    bands : Bands or None
        Split of the settlement; the cost does not depend on it.
    unit : str
        Unit of the flow times hours, where it is not power.

    Notes
    -----
    cost = h sum_t p[t] f[t]; no constraint.
    """

    equation: ClassVar[str] = "h sum_t p[t] f[t]"

    line: Line
    metered: Metered
    price_per_kwh: NDArray[np.float64]
    bands: Bands | None = None
    unit: str = "kWh"

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost over the horizon, linear. [money]"""
        return (model.horizon.step_h * self.price_per_kwh) @ self.metered.value(flows)

    def by_period(self, model: Modeler, flows: Mapping[Flow, Expression]) -> Expression:
        """Cost of each billing period (G,). [money]"""
        periods = model.horizon.billing

        def totals() -> Expression:
            rate = sp.diags_array(model.horizon.step_h * self.price_per_kwh)
            cost = rate @ self.metered.value(flows)
            return model.group_totals(self.line.name, cost, periods.ids, periods.count)

        return model.once(self, totals)

    def settle(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> tuple[Entry, ...]:
        """An entry for each billing period and band that occurs in it."""
        energy_kwh = self.metered.value(flows) * horizon.step_h
        periods = horizon.billing
        bands = self.bands or Bands(np.zeros(horizon.steps, dtype=np.intp), ("",))
        cells = periods.ids * len(bands.names) + bands.ids
        size = periods.count * len(bands.names)
        quantity = np.bincount(cells, energy_kwh, size).astype(np.float64)
        amount = np.bincount(cells, energy_kwh * self.price_per_kwh, size).astype(np.float64)
        rate = self._rates(cells, quantity, amount)
        return tuple(
            Entry(
                self.line,
                periods.labels[cell // len(bands.names)],
                bands.names[cell % len(bands.names)],
                float(quantity[cell]),
                self.unit,
                float(rate[cell]),
                float(amount[cell]),
            )
            for cell in np.unique(cells)
        )

    def _rates(
        self, cells: NDArray[np.intp], quantity: NDArray[np.float64], amount: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Rate of each cell: the price itself where it is constant, the mean by energy elsewhere. [money/kWh]"""
        lowest, highest = np.full(quantity.size, np.inf), np.full(quantity.size, -np.inf)
        np.minimum.at(lowest, cells, self.price_per_kwh)
        np.maximum.at(highest, cells, self.price_per_kwh)
        plain_mean = np.bincount(cells, self.price_per_kwh, quantity.size) / np.maximum(
            np.bincount(cells, minlength=quantity.size), 1
        )
        by_energy = np.divide(amount, quantity, out=plain_mean, where=quantity != 0)
        return np.where(lowest == highest, lowest, by_energy)
