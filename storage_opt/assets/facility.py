"""A building with clusters: the power of work, and of the cold that it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites, Ports
from storage_opt.assets.cold import Cold, state_cold
from storage_opt.assets.parts import state_parts
from storage_opt.assets.work import Work, state_work
from storage_opt.modeler import Expression, Limit, Modeler, Rule
from storage_opt.schedule import Flow, FlowKind
from storage_opt.workload.bounds import activity_bounds, least_it_kw, load_bounds_kw
from storage_opt.workload.building import Building
from storage_opt.workload.plan import ClusterPlan, FacilityPlan
from storage_opt.workload.power import corners

__all__ = ["Facility"]

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Facility:
    """Clusters, their cooling, and one load on the bus.

    Parameters
    ----------
    plan : FacilityPlan
        What stands in it, in numbers.
    sells : bool
        Whether power of it may be held for calls.

    Notes
    -----
    ``units``:  ``sum u[t] <= on[t]``;  ``it_power``:  ``above_k[t] >= y[t] - corner_k N`` for each corner of the curve,
    where above or the slack is zero, and ``P[t] = idle on[t] + span (slope_1 y[t] + sum_k (slope_{k+1} - slope_k)
    above_k[t])``;  ``ramp_up``, ``ramp_down``:  of P;
    ``power``:  ``load[t] = pue[t] (1 + ups) P[t] + cooling[t] + fixed``.
    """

    plan: FacilityPlan
    sells: bool = False

    def build(self, model: Modeler) -> Ports:
        """State the work of every cluster, the cold, and the load."""
        flows: dict[Flow, Expression] = {}
        pairs: list[Opposites] = []
        it_parts = [_state_cluster(model, cluster, flows, pairs) for cluster in self.plan.clusters]
        building, name = self.plan.building, self.plan.name
        steps = building.outdoor_temp_c.size
        it_kw: Expression = reduce(add, it_parts, np.zeros(steps))
        cooling: Expression = np.zeros(steps)
        if building.cooling is not None:
            least_heat = building.heat_kw(least_it_kw(self.plan))
            cold = state_cold(model, name, building, it_kw, least_heat, apart=self.sells)
            cooling = cold.cooling_kw
            pairs += cold.opposites
            flows[Flow(name, FlowKind.COOLING_KW)] = cooling
            flows |= _cold_flows(name, cold)
        load = building.it_factor * it_kw if isinstance(it_kw, np.ndarray) else _scaled(building, it_kw)
        load = load + cooling + building.spec.fixed_overhead_kw
        load_flow = Flow(name, FlowKind.LOAD_KW)
        if not isinstance(load, np.ndarray):
            least, most = load_bounds_kw(self.plan)
            total = model.variable(
                load_flow.column,
                steps,
                lower=[Limit(None, least, implied=True)],
                upper=[Limit(None, most, implied=True)],
            )
            model.require(f"{name}.power", total == load)
            load = total
        flows[load_flow] = load
        return Ports(flows, demand=(load_flow,), opposites=tuple(pairs))


def _state_cluster(
    model: Modeler, cluster: ClusterPlan, flows: dict[Flow, Expression], pairs: list[Opposites]
) -> Expression:
    """IT power of a cluster (T,), its flows and pairs added to those of the building. [kW]"""
    power, name = cluster.power, cluster.name
    work = [state_work(model, plan) for plan in cluster.work]
    for stated in work:
        flows.update(stated.flows)
        pairs += stated.opposites
    _require_units(model, cluster, work)
    nothing = np.zeros_like(power.on_units)
    activity = reduce(add, [stated.activity for stated in work], nothing)
    if isinstance(activity, np.ndarray):
        it_kw: Expression = power.it_kw(activity)
    else:
        it_kw = power.idle_kw * power.on_units + power.span_kw * _on_curve(model, cluster, activity, pairs)
    flows[Flow(name, FlowKind.IT_KW)] = it_kw
    if cluster.ramp_kw_per_h is not None and not isinstance(it_kw, np.ndarray):
        rule = Rule(f"{name}.ramp", f"ramp limit of {name}", "kW", f"cluster.{name}.ramp_kw_per_h")
        most = cluster.ramp_kw_per_h * model.horizon.step_h
        model.require(f"{name}.ramp_up", it_kw[1:] - it_kw[:-1] <= most, rule)
        model.require(f"{name}.ramp_down", it_kw[:-1] - it_kw[1:] <= most, rule)
    return it_kw


def _on_curve(model: Modeler, cluster: ClusterPlan, activity: Expression, pairs: list[Opposites]) -> Expression:
    """Power above idle over the span of a unit (T,). [unit]"""
    power = cluster.power
    least, most = activity_bounds(cluster)
    drawn = power.curve[0].slope * activity
    for number, corner in enumerate(corners(power.curve), start=1):
        at = power.installed_units * corner.at
        variable, row = f"{cluster.name}.above_{number}", f"{cluster.name}.it_power_{number}"
        parts = state_parts(model, variable, row, activity - at, most - at, least - at)
        drawn = drawn + corner.rise * parts.above
        pairs.append(parts.opposites)
    return drawn


def _require_units(model: Modeler, cluster: ClusterPlan, work: list[Work]) -> None:
    fixed = sum((w.unshifted_units for w in cluster.work if not w.moves), np.zeros_like(cluster.power.on_units))
    moving = [stated.units for stated, plan in zip(work, cluster.work, strict=True) if plan.moves]
    if not moving:
        return
    name = cluster.name
    rule = Rule(f"{name}.units", f"units of {name}", "unit", f"cluster.{name}.installed_units")
    model.require(rule.name, reduce(add, moving) <= np.maximum(cluster.power.on_units - fixed, 0.0), rule)


def _scaled(building: Building, it_kw: Expression) -> Expression:
    factor = building.it_factor
    if np.all(factor == factor[0]):
        return float(factor[0]) * it_kw
    import scipy.sparse as sp

    return sp.diags_array(factor) @ it_kw


def _cold_flows(name: str, cold: Cold) -> Mapping[Flow, Expression]:
    return {Flow(name, kind): values for kind, values in cold.flows.items()}
