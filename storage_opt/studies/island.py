"""The physics of a site without the grid: plants, then the generator set, then batteries, over a piece of time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.lowering.ride_through import OutageBattery

__all__ = ["Island", "Running"]

_Array = NDArray[np.float64]

_ENOUGH = 1.0 + 1e-9
"""Power that falls short by less than this factor is enough."""

_HALVINGS = 50


@dataclass(slots=True, eq=False)
class Running:
    """Islands that still serve their load, one a column.

    Parameters
    ----------
    stored_kwh : (B, N) array
        Energy in each battery. [kWh]
    fuel_kwh : (N,) array
        Electricity that the fuel left yields. [kWh]
    """

    stored_kwh: _Array
    fuel_kwh: _Array

    def only(self, kept: NDArray[np.bool_]) -> Running:
        """The islands at which `kept` is true."""
        return Running(self.stored_kwh[:, kept], self.fuel_kwh[kept])


@dataclass(frozen=True, slots=True, eq=False)
class Island:
    """Batteries, and a generator set that may run.

    Parameters
    ----------
    batteries : tuple of OutageBattery
        One a row.
    share_frac : (B,) array
        In what proportion they serve.
    genset_kw : float
        Power of the generator set; nothing before it has started. [kW]

    Notes
    -----
    All power is constant over a piece of ``s`` hours, the share ``f = s / h`` of an interval. A battery keeps
    ``K = (1 - f sigma) E - s aux`` and gives at most ``min(rating, (K - E_low) eta_d / s)``, less where a taper limits
    it; the generator set gives at most ``min(rating, fuel / s)``. One battery that can give no more is replaced by the
    others. A deficit above the sum of these is unserved.
    """

    batteries: tuple[OutageBattery, ...]
    share_frac: _Array
    genset_kw: float

    def short(self, now: Running, deficit_kw: _Array, hours: float) -> NDArray[np.bool_]:
        """Where a deficit can't be served over some hours (N,)."""
        genset, given = self._most(now, np.full(deficit_kw.size, hours))
        short: NDArray[np.bool_] = deficit_kw > (genset + given.sum(axis=0)) * _ENOUGH
        return short

    def served_hours(self, now: Running, deficit_kw: _Array, hours: float) -> _Array:
        """How long a deficit can be served that can't be served all the time (N,). [h]

        What batteries and fuel can give falls with the time asked for, so the longest time is found by halving.
        """
        lasting, too_long = np.zeros_like(deficit_kw), np.full_like(deficit_kw, hours)
        for _ in range(_HALVINGS):
            middle = (lasting + too_long) / 2.0
            genset, given = self._most(now, middle)
            enough = deficit_kw <= (genset + given.sum(axis=0)) * _ENOUGH
            lasting, too_long = np.where(enough, middle, lasting), np.where(enough, too_long, middle)
        return lasting

    def after(self, now: Running, deficit_kw: _Array, surplus_kw: _Array, full_kwh: _Array, hours: float) -> Running:
        """The islands after some hours in which their deficit was served and their surplus stored as far as it fits.

        `full_kwh` (B, N) is to where each battery may be charged.
        """
        genset, most = self._most(now, np.full(deficit_kw.size, hours))
        from_genset = np.minimum(genset, deficit_kw)
        discharge = _shared(deficit_kw - from_genset, most, self.share_frac)
        ratings = np.array([battery.spec.power_kw for battery in self.batteries])
        charge = _shared(surplus_kw, self._most_charge(now, full_kwh, hours), ratings)
        stored = self._kept(now, np.full(deficit_kw.size, hours))
        for row, battery in enumerate(self.batteries):
            spec = battery.spec
            gained = spec.charge_efficiency * charge[row] - discharge[row] / spec.discharge_efficiency
            stored[row] = np.maximum(stored[row] + hours * gained, 0.0)
        return Running(stored, np.maximum(now.fuel_kwh - hours * from_genset, 0.0))

    def _kept(self, now: Running, hours: _Array) -> _Array:
        """Energy left by losses and auxiliaries alone (B, N). [kWh]"""
        rows = [
            (1.0 - hours / battery.step_h * battery.loss_frac) * stored - hours * battery.spec.auxiliary_kw
            for battery, stored in zip(self.batteries, now.stored_kwh, strict=True)
        ]
        return np.array(rows)

    def _most(self, now: Running, hours: _Array) -> tuple[_Array, _Array]:
        """Most constant power of the generator set (N,) and of each battery (B, N) over some hours (N,). [kW]"""
        genset = np.minimum(self.genset_kw, now.fuel_kwh / hours)
        rows = []
        for battery, kept in zip(self.batteries, self._kept(now, hours), strict=True):
            efficiency = battery.spec.discharge_efficiency
            most = np.minimum(battery.spec.discharge_limit_kw, (kept - battery.lowest_kwh) * efficiency / hours)
            for slope, offset in battery.discharge_lines:
                most = np.minimum(most, _on_line(slope, offset, kept, -hours / efficiency))
            rows.append(np.maximum(most, 0.0))
        return genset, np.array(rows)

    def _most_charge(self, now: Running, full_kwh: _Array, hours: float) -> _Array:
        """Most constant charging power of each battery (B, N). [kW]"""
        rows = []
        for battery, kept, full in zip(self.batteries, self._kept(now, np.asarray(hours)), full_kwh, strict=True):
            efficiency = battery.spec.charge_efficiency
            most = np.minimum(battery.spec.power_kw, (full - kept) / (efficiency * hours))
            for slope, offset in battery.charge_lines:
                most = np.minimum(most, _on_line(slope, offset, kept, np.asarray(hours * efficiency)))
            rows.append(np.maximum(most, 0.0))
        return np.array(rows)


def _on_line(slope: float, offset: float, kept: _Array, stored_per_kw: _Array) -> _Array:
    """Most power p with ``p <= slope (kept + p stored_per_kw) + offset``; without limit where more of it eases it."""
    eased = 1.0 - slope * stored_per_kw
    return np.where(eased > 0, (slope * kept + offset) / np.where(eased > 0, eased, 1.0), np.inf)


def _shared(wanted_kw: _Array, most_kw: _Array, weights: _Array) -> _Array:
    """Power of each battery (B, N): in proportion to their weights, and what one can't give or take from the others."""
    given = np.zeros_like(most_kw)
    for _ in weights:
        open_weights = np.where(given < most_kw, weights[:, None], 0.0)
        total = open_weights.sum(axis=0)
        left = np.maximum(wanted_kw - given.sum(axis=0), 0.0)
        part = np.divide(left, total, out=np.zeros_like(left), where=total > 0)
        given = np.minimum(given + open_weights * part, most_kw)
    return given
