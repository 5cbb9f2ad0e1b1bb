"""What a charge can measure besides interval flows: peaks, period energy, period cost.

Each is a convex expression of the flows (G,) and, side by side, a NumPy measurement of the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from storage_opt.charges.base import Charge
from storage_opt.charges.grouping import Groups, chunks, incidence
from storage_opt.charges.metered_energy import metered_energy
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["Groups", "PeakDemand", "PeriodCost", "PeriodEnergy", "Quantity"]

_LONGEST_DAY = 300
"""Most blocks of a day that are held under the day's peak directly; 288 are five minutes each."""


class Quantity(Protocol):
    """Something measured once a group."""

    @property
    def unit(self) -> str:
        """Unit of the measurement."""

    @property
    def affine(self) -> bool:
        """Whether the expression is affine in the flows, so that it may also be rewarded."""

    def groups_on(self, horizon: Horizon) -> Groups:
        """The groups it is measured in."""

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression], name: str) -> Expression:
        """The measurement as an expression (G,); an upper bound that a positive price makes tight."""

    def measure(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> NDArray[np.float64]:
        """The measurement of numbers (G,). [unit]"""


@dataclass(frozen=True, slots=True, eq=False)
class PeriodEnergy:
    """Energy of a flow in each group. [kWh]"""

    metered: Metered
    groups: Groups

    unit = "kWh"
    affine = True

    def groups_on(self, horizon: Horizon) -> Groups:
        """The groups it is measured in."""
        del horizon
        return self.groups

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression], name: str) -> Expression:
        """Energy of each group (G,). [kWh]"""
        del name
        return model.once(self, lambda: metered_energy(model, flows, self.metered, self.groups.ids, self.groups.count))

    def measure(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> NDArray[np.float64]:
        """Energy of each group (G,). [kWh]"""
        inside = self.groups.ids >= 0
        energy = (self.metered.value(flows) * horizon.step_h)[inside]
        return np.bincount(self.groups.ids[inside], energy, self.groups.count).astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class PeriodCost:
    """What other charges add up to in each billing period. [money]"""

    charges: tuple[Charge, ...]

    unit = "money"
    affine = True

    def groups_on(self, horizon: Horizon) -> Groups:
        """The billing periods."""
        periods = horizon.billing
        return Groups(periods.ids, np.arange(periods.count), ("",) * periods.count)

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression], name: str) -> Expression:
        """Amount of each billing period (G,). [money]"""
        del name
        total: Expression = 0.0
        for charge in self.charges:
            total = total + charge.by_period(model, flows)
        return total

    def measure(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> NDArray[np.float64]:
        """Amount of each billing period (G,). [money]"""
        position = {label: number for number, label in enumerate(horizon.billing.labels)}
        total = np.zeros(horizon.billing.count)
        for charge in self.charges:
            for entry in charge.settle(flows, horizon):
                total[position[entry.period]] += entry.amount
        return total


@dataclass(frozen=True, slots=True, eq=False)
class PeakDemand:
    """Billed demand of a flow in each group. [kW]

    Parameters
    ----------
    metered : Metered
        Flow whose peak counts. [kW]
    groups : Groups
        Sets of intervals with one demand each.
    floor_kw, carried_kw : (G,) array
        Least billed demand; demand already measured in the group before the horizon. [kW]
    blocks : (T,) int array or None
        Averaging block of each interval, rising from 0; None when every interval is its own.
    top_n : int
        Number of highest values whose mean is the demand.
    top_n_of_days : bool
        Whether the highest values are daily peaks instead of blocks.
    lookback : (G, G) array or None
        Share of the demand measured in group k that group g is billed at least.
    unit : str
        Unit of what is billed: kVA where `metered` turns power into apparent power.

    Notes
    -----
    With block means ``b_i`` of the flow, ``measured_g = max(carried_g, mean of the n highest b_i in g)`` and
    ``billed_g = max(floor_g, measured_g, max_k lookback_gk measured_k)``. As constraints, chained over chunks c
    of intervals so that no column is long:

    ``day_peak``:  ``b_i <= p_d``, through ``chunk_peak`` where a day has many blocks, shared by all charges that look
    at the same days;  ``group_peak``:  ``p_d <= measured_g``;
    ``top_n``:  ``s_i >= b_i - theta_c``, ``theta_c = theta_g``, ``measured_g >= theta_g + (1/n) sum s_i``, ``s >= 0``;
    ``ratchet``:  ``billed_g >= lookback_gk measured_k``.
    """

    metered: Metered
    groups: Groups
    floor_kw: NDArray[np.float64]
    carried_kw: NDArray[np.float64]
    blocks: NDArray[np.intp] | None = None
    top_n: int = 1
    top_n_of_days: bool = False
    lookback: NDArray[np.float64] | None = None
    unit: str = "kW"

    affine = False

    def groups_on(self, horizon: Horizon) -> Groups:
        """The groups it is measured in."""
        del horizon
        return self.groups

    def measure(self, flows: Mapping[Flow, NDArray[np.float64]], horizon: Horizon) -> NDArray[np.float64]:
        """Billed demand of each group (G,). [kW]"""
        values, ids, days = self._blocks_of(np.asarray(self.metered.value(flows)), horizon)
        if self.top_n_of_days:
            values, ids = _daily_peaks(values, ids, days)
        measured = np.maximum(self.carried_kw, _mean_of_highest(values, ids, self.groups.count, self.top_n))
        billed = np.maximum(self.floor_kw, measured)
        if self.lookback is not None:
            billed = np.maximum(billed, (self.lookback * measured).max(axis=1))
        return billed

    def as_expression(self, model: Modeler, flows: Mapping[Flow, Expression], name: str) -> Expression:
        """Billed demand of each group (G,), an upper bound. [kW]"""
        return model.once(self, lambda: self._billed(model, flows, name))

    def _billed(self, model: Modeler, flows: Mapping[Flow, Expression], name: str) -> Expression:
        count = self.groups.count
        measured = model.variable(f"{name}.measured_kw", count, lower=0.0)
        model.require(f"{name}.carried", measured >= self.carried_kw)
        if not np.any(self.groups.ids >= 0):
            pass
        elif self.top_n == 1:
            self._require_highest(model, flows, name, measured)
        else:
            self._require_mean_of_highest(model, flows, name, measured)
        if self.lookback is None and not self.floor_kw.any():
            return measured
        billed = model.variable(f"{name}.billed_kw", count, lower=0.0)
        model.require(f"{name}.floor", billed >= self.floor_kw)
        model.require(f"{name}.measured", billed >= measured)
        if self.lookback is not None:
            later, earlier = np.nonzero(self.lookback)
            share = self.lookback[later, earlier]
            looked_at = sp.diags_array(share) @ incidence(earlier, count)
            if later.size:
                model.require(f"{name}.ratchet", incidence(later, count) @ billed >= looked_at @ measured)
        return billed

    def _require_highest(
        self, model: Modeler, flows: Mapping[Flow, Expression], name: str, measured: Expression
    ) -> None:
        peaks, groups = self.day_peaks(model, flows)
        model.require(f"{name}.group_peak", peaks <= incidence(groups, self.groups.count) @ measured)

    def _require_mean_of_highest(
        self, model: Modeler, flows: Mapping[Flow, Expression], name: str, measured: Expression
    ) -> None:
        if self.top_n_of_days:
            values, ids = self.day_peaks(model, flows)
        else:
            values, ids, _ = self._block_expression(self.metered, flows, model.horizon)
        chunk, group_of_chunk = chunks(ids)
        to_chunk = incidence(chunk, group_of_chunk.size)
        to_group = incidence(group_of_chunk, self.groups.count)
        threshold = model.variable(f"{name}.threshold_kw", self.groups.count)
        chunk_threshold = model.variable(f"{name}.chunk_threshold_kw", group_of_chunk.size)
        excess = model.variable(f"{name}.excess_kw", chunk.size, lower=0.0)
        subtotal = model.variable(f"{name}.chunk_excess_kw", group_of_chunk.size, lower=0.0)
        counted = np.minimum(np.bincount(ids, minlength=self.groups.count), self.top_n)
        share = sp.diags_array(1.0 / np.maximum(counted, 1))
        model.require(f"{name}.threshold", chunk_threshold == to_group @ threshold)
        model.require(f"{name}.excess", excess >= values - to_chunk @ chunk_threshold)
        model.require(f"{name}.chunk_excess", subtotal == to_chunk.T.tocsr() @ excess)
        occupied = incidence(np.flatnonzero(counted), self.groups.count)
        mean = occupied @ threshold + (occupied @ share @ to_group.T.tocsr()) @ subtotal
        model.require(f"{name}.top_n", occupied @ measured >= mean)

    def day_peaks(self, model: Modeler, flows: Mapping[Flow, Expression]) -> tuple[Expression, NDArray[np.intp]]:
        """Peak of each day that counts, an upper bound [kW], and its group.

        One set of rows for everything that looks at the same days of a flow, whatever multiple of it: the peaks of a
        multiple are that multiple of the peaks.
        """
        scale, unit = _unit(self.metered)
        values, ids, days = self._block_expression(unit, flows, model.horizon)
        cells, first, cell = np.unique(days * (self.groups.count + 1) + ids, return_index=True, return_inverse=True)
        blocks = b"" if self.blocks is None else self.blocks.tobytes()

        def peaks() -> Expression:
            name = "_".join(flow.column for flow, _ in unit.terms)
            daily = model.variable(f"{name}.day_peak_kw", cells.size)
            if np.bincount(cell).max() <= _LONGEST_DAY:
                model.require(f"{name}.day_peak", values <= incidence(cell, cells.size) @ daily)
                return daily
            chunk, cell_of_chunk = chunks(cell)
            partial = model.variable(f"{name}.chunk_peak_kw", cell_of_chunk.size)
            model.require(f"{name}.chunk_peak", values <= incidence(chunk, cell_of_chunk.size) @ partial)
            model.require(f"{name}.day_peak", partial <= incidence(cell_of_chunk, cells.size) @ daily)
            return daily

        counts = self.groups.ids >= 0
        daily = model.shared((unit, blocks, counts.tobytes(), cell.tobytes()), peaks)
        return daily if scale == 1.0 else scale * daily, ids[first]

    def _block_expression(
        self, metered: Metered, flows: Mapping[Flow, Expression], horizon: Horizon
    ) -> tuple[Expression, NDArray[np.intp], NDArray[np.intp]]:
        """Means of the blocks that count, their groups and their days."""
        number, ids = self._numbers(horizon)
        kept = np.flatnonzero(ids >= 0)
        values = metered.value(flows)
        if self.blocks is not None:
            sizes = np.bincount(number)
            values = (sp.diags_array(1.0 / sizes) @ incidence(number, sizes.size).T.tocsr()) @ values
        counted = values if kept.size == ids.size else values[kept]
        return counted, ids[kept], self._days_of_blocks(horizon)

    def _blocks_of(
        self, flow: NDArray[np.float64], horizon: Horizon
    ) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
        """Mean, group and day of each block that counts."""
        number, ids = self._numbers(horizon)
        mean = np.bincount(number, flow) / np.bincount(number)
        kept = ids >= 0
        return mean[kept], ids[kept], self._days_of_blocks(horizon)

    def _numbers(self, horizon: Horizon) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Block of each interval (T,) and group of each block."""
        number = np.arange(horizon.steps) if self.blocks is None else self.blocks
        first = np.searchsorted(number, np.arange(number[-1] + 1))
        return number, self.groups.ids[first]

    def _days_of_blocks(self, horizon: Horizon) -> NDArray[np.intp]:
        number, ids = self._numbers(horizon)
        first = np.searchsorted(number, np.arange(number[-1] + 1))
        return horizon.days.ids[first][ids >= 0]


def _unit(metered: Metered) -> tuple[float, Metered]:
    """A positive factor, and the combination of which the metered one is that multiple."""
    scale = abs(metered.terms[0][1])
    return (scale, metered.times(1.0 / scale)) if scale != 1.0 else (1.0, metered)


def _daily_peaks(
    values: NDArray[np.float64], ids: NDArray[np.intp], days: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    cells, inverse = np.unique(days, return_inverse=True)
    peaks = np.full(cells.size, -np.inf)
    np.maximum.at(peaks, inverse, values)
    return peaks, ids[np.searchsorted(days, cells)]


def _mean_of_highest(values: NDArray[np.float64], ids: NDArray[np.intp], count: int, top_n: int) -> NDArray[np.float64]:
    """Mean of the `top_n` highest values of each group, zero for an empty group."""
    order = np.lexsort((-values, ids))
    sizes = np.bincount(ids, minlength=count)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rank = np.arange(ids.size) - starts[ids[order]]
    counts = rank < top_n
    total = np.bincount(ids[order][counts], values[order][counts], count)
    mean: NDArray[np.float64] = total / np.maximum(np.minimum(sizes, top_n), 1)
    return mean
