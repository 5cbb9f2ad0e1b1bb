"""Energy of metered flows in groups of intervals, summed once for everything that asks for it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from storage_opt.modeler import Expression, Modeler
from storage_opt.schedule import Flow, Metered

__all__ = ["metered_energy"]


def metered_energy(
    model: Modeler, flows: Mapping[Flow, Expression], metered: Metered, ids: NDArray[np.intp], count: int
) -> Expression:
    """Energy of a combination of flows in each group (count,). [kWh]

    Parameters
    ----------
    model : Modeler
        The model under construction.
    flows : mapping of Flow to (T,) expression
        Flows; those that are numbers already are summed at once. [kW]
    metered : Metered
        The combination.
    ids : (T,) int array
        Group of each interval, -1 where none applies.
    count : int
        Number of groups.

    Notes
    -----
    ``day[d] = h sum_(t in d) f[t]`` and ``total[g] = sum_(d in g) day[d]``, one set of rows a flow, shared by ratios,
    volumes and rebates; a group that cuts days sums intervals by itself.
    """
    total: Expression = np.zeros(count)
    for flow, weight in _fewest(metered, model.balance, flows).items():
        total = total + weight * _energy(model, flows[flow], flow, ids, count)
    return total


def _fewest(metered: Metered, balance: Metered | None, flows: Mapping[Flow, Expression]) -> dict[Flow, float]:
    """Weights of the same combination over as few decided flows as the balance of the bus allows.

    Self-use, generation less export and storage losses, is the load less import, for instance.
    """
    plain = _weights(metered)
    if balance is None:
        return plain
    zero = _weights(balance)
    factors = {plain[flow] / weight for flow, weight in zero.items() if flow in plain}
    written = [plain, *(_weights(metered - balance.times(factor)) for factor in sorted(factors))]
    return min(written, key=lambda weights: sum(not isinstance(flows[flow], np.ndarray) for flow in weights))


def _weights(metered: Metered) -> dict[Flow, float]:
    sums: dict[Flow, float] = {}
    for flow, weight in metered.terms:
        sums[flow] = sums.get(flow, 0.0) + weight
    return {flow: weight for flow, weight in sums.items() if weight}


def _energy(model: Modeler, values: Expression, flow: Flow, ids: NDArray[np.intp], count: int) -> Expression:
    energy = model.horizon.step_h * values
    if isinstance(values, np.ndarray):
        inside = ids >= 0
        return np.bincount(ids[inside], energy[inside], count)
    days = model.horizon.days
    first = np.searchsorted(days.ids, np.arange(days.count))
    name = f"{flow.column}.energy"
    if np.any(ids != ids[first][days.ids]):
        return model.shared((flow, ids.tobytes()), lambda: model.group_totals(name, energy, ids, count))
    daily = model.shared(
        (flow, "days"), lambda: model.group_totals(f"{flow.column}.day_energy", energy, days.ids, days.count)
    )
    of_day = ids[first]
    return model.shared((flow, of_day.tobytes()), lambda: model.group_totals(name, daily, of_day, count))
