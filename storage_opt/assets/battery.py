"""A battery with its converter, metered at the AC side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage_opt.assets.base import Opposites, Ports
from storage_opt.horizon import Horizon
from storage_opt.modeler import Expression, Limit, Modeler, Rule, Sense
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.battery import AtLeast, BatterySpec, taper_lines

__all__ = ["Battery"]


@dataclass(frozen=True, eq=False)
class Battery:
    """Stored energy, its window and its power limits.

    Parameters
    ----------
    name : str
        Name of the battery.
    spec : BatterySpec
        Ratings, efficiencies and rules.
    soc_min_kwh, soc_max_kwh : (T,) array
        Window of the stored energy at the end of each interval. [kWh]
    backup_kwh : (T+1,) array or None
        Energy held for a loss of the grid at the start of each interval, and at the end of the last; None without
        backup. [kWh]
    rest : (T,) bool array or None
        Intervals in which it neither charges nor discharges.

    Notes
    -----
    ``dynamics``:  ``E_t+1 = (1-sigma) E_t + h (eta_c c_t - d_t / eta_d) - h aux``, sigma the loss of one interval;
    ``soc_min``, ``soc_max``:  window of E;  ``backup``:  ``E_t >= E_backup,t``, see
    :func:`~storage_opt.lowering.backup.backup_plan`;  ``charge_power``, ``discharge_power``:  ratings;
    ``rest``:  ``c, d <= 0``;
    ``cyclic``, ``initial_soc``, ``final_soc``:  ends;
    ``charge_taper``, ``discharge_taper``:  concave limits over E_t+1;
    ``ramp_up``, ``ramp_down``:  ``|n_t - n_t-1| <= ramp h`` with ``n = d - c``;
    ``cycles_per_day``, ``cycles_per_year``:  ``h sum d / eta_d <= cycles E_rated`` of a day, of the horizon;
    ``throughput``:  ``h sum d <= allowance``;  ``mean_soc``:  ``sum E_t+1 / T <= share E_rated``.
    """

    name: str
    spec: BatterySpec
    soc_min_kwh: NDArray[np.float64]
    soc_max_kwh: NDArray[np.float64]
    backup_kwh: NDArray[np.float64] | None = None
    rest: NDArray[np.bool_] | None = None

    def build(self, model: Modeler) -> Ports:
        """State the flows, the stored energy and the rules."""
        steps = self.soc_min_kwh.size
        charge = self._power(model, "charge", self.spec.power_kw, "power_kw")
        discharge_key = "power_kw" if self.spec.discharge_kw is None else "discharge_kw"
        discharge = self._power(model, "discharge", self.spec.discharge_limit_kw, discharge_key)
        stored = model.variable(
            f"{self.name}.energy_kwh",
            steps + 1,
            lower=self._floors(),
            upper=[Limit(self._soc_max_rule, np.concatenate([self.soc_max_kwh[:1], self.soc_max_kwh]))],
        )
        self._require_dynamics(model, charge, discharge, stored)
        self._require_ends(model, stored)
        self._require_tapers(model, charge, discharge, stored)
        self._require_ramp(model, charge, discharge)
        self._require_caps(model, discharge)
        self._require_mean_soc(model, stored)
        charge_flow, discharge_flow = Flow(self.name, FlowKind.CHARGE_KW), Flow(self.name, FlowKind.DISCHARGE_KW)
        return Ports(
            {charge_flow: charge, discharge_flow: discharge, Flow(self.name, FlowKind.ENERGY_KWH): stored[1:]},
            supply=(discharge_flow,),
            demand=(charge_flow,),
            opposites=(Opposites.of(charge_flow, discharge_flow),),
        )

    def loss_frac(self, horizon: Horizon) -> float:
        """Share of the stored energy lost in one interval."""
        return self.spec.loss_frac(horizon.step_h)

    def _floors(self) -> list[Limit]:
        floors = [Limit(self._soc_min_rule, np.concatenate([self.soc_min_kwh[:1], self.soc_min_kwh]))]
        if self.backup_kwh is not None:
            words = f"energy held in {self.name} for a loss of the grid"
            rule = Rule(f"{self.name}.backup", words, "kWh", "backup.ride_through_h", Sense.FLOOR)
            floors.append(Limit(rule, self.backup_kwh))
        return floors

    @cached_property
    def _soc_min_rule(self) -> Rule:
        return self._rule("soc_min", "lowest state of charge", "kWh", "soc_min_frac", Sense.FLOOR)

    @cached_property
    def _soc_max_rule(self) -> Rule:
        return self._rule("soc_max", "highest state of charge", "kWh", "soc_max_frac")

    def _rule(self, name: str, words: str, unit: str, key: str, sense: Sense = Sense.CAP) -> Rule:
        return Rule(f"{self.name}.{name}", f"{words} of {self.name}", unit, f"battery.{self.name}.{key}", sense)

    def _power(self, model: Modeler, direction: str, rating_kw: float, key: str) -> Expression:
        rule = self._rule(f"{direction}_power", f"{direction.removesuffix('e')}ing power", "kW", key)
        limits = [Limit(rule, np.full(self.soc_min_kwh.size, rating_kw))]
        if self.rest is not None and self.rest.any():
            resting = self._rule("rest", "power in the hours of rest", "kW", "rest")
            limits.append(Limit(resting, np.where(self.rest, 0.0, np.inf)))
        name = f"{self.name}.{direction}_kw"
        return model.variable(name, self.soc_min_kwh.size, lower=0.0, upper=limits, even=1.0)

    def _require_dynamics(self, model: Modeler, charge: Expression, discharge: Expression, stored: Expression) -> None:
        h, spec = model.horizon.step_h, self.spec
        kept = 1.0 - self.loss_frac(model.horizon)
        gained = (h * spec.charge_efficiency) * charge - (h / spec.discharge_efficiency) * discharge
        carried = stored[:-1] if kept == 1.0 else kept * stored[:-1]
        following = carried + gained - h * spec.auxiliary_kw if spec.auxiliary_kw else carried + gained
        model.require(f"{self.name}.dynamics", stored[1:] == following)

    def _require_ends(self, model: Modeler, stored: Expression) -> None:
        rated = self.spec.energy_kwh
        if self.spec.initial_soc_frac is not None:
            rule = self._rule("initial_soc", "initial state of charge", "kWh", "initial_soc_frac", Sense.EXACT)
            model.require(rule.name, stored[:1] == self.spec.initial_soc_frac * rated, rule)
        match self.spec.final_soc:
            case "free":
                return
            case "cyclic":
                rule = self._rule(
                    "cyclic", "final state of charge equal to the initial", "kWh", "final_soc", Sense.EXACT
                )
                model.require(rule.name, stored[-1:] == stored[:1], rule)
            case AtLeast(at_least=share):
                rule = self._rule("final_soc", "least final state of charge", "kWh", "final_soc", Sense.FLOOR)
                model.require(rule.name, stored[-1:] >= share * rated, rule)
            case share:
                rule = self._rule("final_soc", "final state of charge", "kWh", "final_soc", Sense.EXACT)
                model.require(rule.name, stored[-1:] == float(share) * rated, rule)

    def _require_tapers(self, model: Modeler, charge: Expression, discharge: Expression, stored: Expression) -> None:
        tapers = (
            ("charge_taper", charge, self.spec.power_kw, self.spec.charge_taper),
            ("discharge_taper", discharge, self.spec.discharge_limit_kw, self.spec.discharge_taper),
        )
        if not self.spec.energy_kwh:
            return  # nothing can be stored, so the dynamics allow no power that a taper could limit
        for name, power, rating_kw, points in tapers:
            for number, (slope, offset) in enumerate(taper_lines(points), start=1):
                rule = self._rule(f"{name}_{number}", name.replace("_", " "), "kW", name)
                per_kwh = slope * rating_kw / self.spec.energy_kwh
                model.require(rule.name, power <= per_kwh * stored[1:] + offset * rating_kw, rule)

    def _require_ramp(self, model: Modeler, charge: Expression, discharge: Expression) -> None:
        if self.spec.ramp_kw_per_h is None:
            return
        rule = self._rule("ramp", "ramp limit", "kW", "ramp_kw_per_h")
        net = discharge - charge
        step = self.spec.ramp_kw_per_h * model.horizon.step_h
        model.require(f"{rule.name}_up", net[1:] - net[:-1] <= step, rule)
        model.require(f"{rule.name}_down", net[:-1] - net[1:] <= step, rule)

    def _require_caps(self, model: Modeler, discharge: Expression) -> None:
        spec, horizon = self.spec, model.horizon
        if spec.max_cycles_per_day is not None:
            rule = self._rule("cycles_per_day", "energy from the cells a day", "kWh", "max_cycles_per_day")
            name, days = f"{self.name}.cells_by_day_kwh", horizon.days
            from_cells = (horizon.step_h / spec.discharge_efficiency) * discharge
            daily = model.group_totals(name, from_cells, days.ids, days.count)
            model.require(rule.name, daily <= spec.max_cycles_per_day * spec.energy_kwh * days.covered_frac, rule)
        whole = np.zeros(horizon.steps, dtype=np.intp)
        if spec.max_cycles_per_year is not None:
            rule = self._rule("cycles_per_year", "energy from the cells over the horizon", "kWh", "max_cycles_per_year")
            from_cells = (horizon.step_h / spec.discharge_efficiency) * discharge
            total = model.group_totals(f"{self.name}.cells_kwh", from_cells, whole, 1)
            model.require(rule.name, total <= spec.max_cycles_per_year * spec.energy_kwh * horizon.years, rule)
        if spec.max_throughput_kwh_per_year is not None:
            rule = self._rule("throughput", "throughput of the horizon", "kWh", "max_throughput_kwh_per_year")
            name = f"{self.name}.throughput_kwh"
            total = model.group_totals(name, horizon.step_h * discharge, whole, 1)
            model.require(rule.name, total <= spec.max_throughput_kwh_per_year * horizon.years, rule)

    def _require_mean_soc(self, model: Modeler, stored: Expression) -> None:
        if self.spec.max_mean_soc_frac is None:
            return
        rule = self._rule("mean_soc", "mean stored energy of the horizon", "kWh", "max_mean_soc_frac")
        steps = model.horizon.steps
        share = (1.0 / steps) * stored[1:]
        mean = model.group_totals(f"{self.name}.mean_kwh", share, np.zeros(steps, dtype=np.intp), 1)
        model.require(rule.name, mean <= self.spec.max_mean_soc_frac * self.spec.energy_kwh, rule)
