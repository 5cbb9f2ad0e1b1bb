"""Battery arbitrage as a plain HiGHS problem: written out row by row, without CVXPY and without the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Arbitrage", "PlainAnswer"]


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """Least cost, and the flows that reach it. [money, kW]"""

    cost: float
    charge_kw: NDArray[np.float64]
    discharge_kw: NDArray[np.float64]

    @property
    def is_exclusive(self) -> bool:
        """Whether the battery never charges and discharges in one interval."""
        return bool(np.all(np.minimum(self.charge_kw, self.discharge_kw) <= 1e-6 * self.charge_kw.max()))


@dataclass(frozen=True, slots=True, eq=False)
class Arbitrage:
    """A battery that buys and sells at one price and ends as it starts.

    Parameters
    ----------
    price_per_kwh : (T,) array
        Price of import and export alike. [money/kWh]
    power_kw, high_kwh : float
        Converter, and most stored energy.
    low_kwh : float or (T,) array
        Least stored energy at the end of each interval.
    efficiency : float
        Each way.

    Notes
    -----
    Columns c (T), d (T), E (T), and binaries u (T) when asked for; E[-1] is the start as well.
    E[t] - E[t-1] - eta c[t] + d[t] / eta = 0;  c[t] <= u[t];  d[t] <= 1 - u[t]. Powers are shares of the converter's
    and prices are per MWh inside: with kW and a big-M of 100,000 HiGHS does not close the gap in minutes.
    """

    price_per_kwh: NDArray[np.float64]
    power_kw: float
    low_kwh: float | NDArray[np.float64]
    high_kwh: float
    efficiency: float

    def solve(self, *, binaries: bool) -> PlainAnswer:
        """The optimum, with opposite flows forbidden by binaries in every interval or left to the prices."""
        highspy: ModuleType = import_module("highspy")
        steps, price = self.price_per_kwh.size, 1000.0 * self.price_per_kwh
        unit, nothing = sp.eye_array(steps), sp.coo_array((steps, steps))
        before = _previous(steps)
        rows = [[-self.efficiency * unit, unit / self.efficiency, unit - before]]
        low, high = [np.zeros(steps)], [np.zeros(steps)]
        if binaries:
            rows[0].append(nothing)
            rows += [[unit, nothing, nothing, -1.0 * unit], [nothing, unit, nothing, unit]]
            low += [np.full(2 * steps, -highspy.kHighsInf)]
            high += [np.zeros(steps), np.ones(steps)]
        matrix = sp.csc_array(sp.block_array(rows))

        lp = highspy.HighsLp()
        lp.num_row_, lp.num_col_ = matrix.shape
        free = np.zeros(matrix.shape[1] - 2 * steps)
        lp.col_cost_ = np.concatenate([price, -price, free])
        ones = np.ones(steps)
        ends = [ones, ones, self.high_kwh / self.power_kw * ones] + ([ones] if binaries else [])
        starts = [0 * ones, 0 * ones, self.low_kwh / self.power_kw * ones] + ([0 * ones] if binaries else [])
        lp.col_lower_, lp.col_upper_ = np.concatenate(starts), np.concatenate(ends)
        lp.row_lower_, lp.row_upper_ = np.concatenate(low), np.concatenate(high)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
        if binaries:
            kinds = highspy.HighsVarType
            lp.integrality_ = [kinds.kContinuous] * (3 * steps) + [kinds.kInteger] * steps

        solver = highspy.Highs()
        solver.silent()
        solver.setOptionValue("mip_rel_gap", 1e-8)
        solver.passModel(lp)
        solver.run()
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
        found = np.array(solver.getSolution().col_value)
        cost = solver.getInfo().objective_function_value * self.power_kw / 1000.0
        return PlainAnswer(cost, self.power_kw * found[:steps], self.power_kw * found[steps : 2 * steps])


def _previous(steps: int) -> sp.coo_array:
    """Picks the interval before each, the last before the first."""
    here = np.arange(steps)
    return sp.coo_array((np.ones(steps), (here, (here - 1) % steps)))
