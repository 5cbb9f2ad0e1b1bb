"""Flows that a meter did not record, derived from those it did; every assumption becomes a note.

The bus must balance in each interval: import + used + discharge = load + charge + export. In this order:

1. loads and available generation come from the site where the table has none;
2. of used and curtailed generation, the missing one is what is left of the available;
3. import and export, both missing, are the balance of everything else, which then must be metered;
4. export, missing alone, is zero where the site may not export, else the balance;
5. a single battery, or else a single plant, without columns takes the balance when all other flows are metered;
6. otherwise a battery without columns is idle, and a plant without columns uses all that is available;
7. stored energy is integrated from charge and discharge.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from storage_opt.errors import Fault
from storage_opt.io.schedule_columns import expected_flows, product_kinds
from storage_opt.io.stamps import counted
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.resolved import Site

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from storage_opt.spec.battery import BatterySpec

__all__ = ["Filling"]

_IMPORT, _EXPORT = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)
_SIGNS = {
    FlowKind.IMPORT_KW: 1.0,
    FlowKind.USED_KW: 1.0,
    FlowKind.DISCHARGE_KW: 1.0,
    FlowKind.LOAD_KW: -1.0,
    FlowKind.CHARGE_KW: -1.0,
    FlowKind.EXPORT_KW: -1.0,
}
_IMBALANCE_FRAC = 1e-3


@dataclass
class Filling:
    """Completes metered flows.

    Parameters
    ----------
    site : Site
        The site on the horizon of the flows.
    flows : dict of Flow to (T,) array
        Metered flows; completed in place. [kW], stored energy [kWh]
    file : str
        Name of the table, for messages.
    """

    site: Site
    flows: dict[Flow, NDArray[np.float64]]
    file: str
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _metered: frozenset[Flow] = frozenset()

    def __post_init__(self) -> None:
        self._metered = frozenset(self.flows)

    def complete(self) -> None:
        """Fill every flow of the site, or say which columns are needed."""
        self._fill_loads()
        self._fill_products()
        self._fill_generators()
        self._fill_grid()
        if self.faults:
            return
        self._fill_by_balance()
        self._fill_rest()
        if not self.faults:
            self._note_imbalance()

    def _note(self, text: str) -> None:
        self.notes.append(f"{self.file}: {text}")

    def _need(self, *flows: Flow) -> None:
        names = ", ".join(f"`{flow.column}`" for flow in flows)
        what = f"the table lacks {names}, and what it holds does not determine them"
        self.faults.append(Fault(what, f"add a column for each, such as `{flows[0].column}`", self.file))

    def _fill_loads(self) -> None:
        for name, load in self.site.spec.load.items():
            flow = Flow(name, FlowKind.LOAD_KW)
            if flow not in self.flows:
                self.flows[flow] = self.site.values(load.power_kw)
                self._note(f"`{flow.column}` taken from the site")
        for name in self.site.spec.facility:
            if Flow(name, FlowKind.LOAD_KW) not in self.flows:
                self._need(Flow(name, FlowKind.LOAD_KW))
        for flow in expected_flows(self.site.spec):
            if (
                flow.kind in {FlowKind.LATE_UNIT_H, FlowKind.REFUSED_UNITS, FlowKind.DROPPED_KW}
                and flow not in self.flows
            ):
                self.flows[flow] = np.zeros(self.site.horizon.steps)
                self._note(f"`{flow.column}` is zero, for the table does not have it")

    def _fill_products(self) -> None:
        missing = [
            flow
            for owner, kinds in product_kinds(self.site.spec).items()
            for kind in kinds
            if (flow := Flow(owner, kind)) not in self.flows
        ]
        for flow in missing:
            self.flows[flow] = np.zeros(self.site.horizon.steps)
        products = dict.fromkeys(flow.owner.split(".")[0] for flow in missing)
        lacking = [name for name in products if not any(f.owner.split(".")[0] == name for f in self._metered)]
        if lacking:
            self._note(
                f"nothing was sold of {', '.join(f'`{name}`' for name in lacking)}, for the table does not say so"
            )

    def _fill_generators(self) -> None:
        for name, generator in self.site.spec.generator.items():
            available, used, curtailed = (
                Flow(name, kind) for kind in (FlowKind.AVAILABLE_KW, FlowKind.USED_KW, FlowKind.CURTAILED_KW)
            )
            if available not in self.flows and used in self.flows and curtailed in self.flows:
                self.flows[available] = self.flows[used] + self.flows[curtailed]
            if available not in self.flows:
                self.flows[available] = generator.capacity_kw * self.site.values(generator.profile)
                self._note(f"`{available.column}` taken from the site")
            if used not in self.flows and curtailed in self.flows:
                self.flows[used] = np.maximum(self.flows[available] - self.flows[curtailed], 0.0)
                self._metered |= {used} if available in self._metered else set()
            if used in self.flows:
                self._split_available(available, used, curtailed)

    def _split_available(self, available: Flow, used: Flow, curtailed: Flow) -> None:
        over = self.flows[used] > self.flows[available] * (1.0 + 1e-6) + 1e-6
        if over.any():
            count = counted(int(np.count_nonzero(over)), "interval")
            if available not in self._metered:
                self.flows[available] = np.maximum(self.flows[available], self.flows[used])
            done = "kept as metered" if available in self._metered else "raised there"
            self._note(f"`{used.column}` exceeds `{available.column}` in {count}; the latter is {done}")
        if curtailed not in self.flows:
            self.flows[curtailed] = np.maximum(self.flows[available] - self.flows[used], 0.0)

    def _fill_grid(self) -> None:
        has_import, has_export = _IMPORT in self._metered, _EXPORT in self._metered
        if has_import and not has_export and not self.site.values(self.site.spec.grid.export_limit_kw).any():
            self.flows[_EXPORT] = np.zeros(self.site.horizon.steps)
            self._note("`grid.export_kw` is zero, for the site may not export")
            return
        if has_import and has_export:
            return
        unmetered = [flow for flow in self._bus_flows() if flow not in self._metered and flow.owner != GRID]
        if unmetered:
            self._need(*[flow for flow in (_IMPORT, _EXPORT) if flow not in self._metered])
            return
        surplus = self._surplus_kw()
        if has_import or has_export:
            missing = _EXPORT if has_import else _IMPORT
            self.flows[missing] = np.maximum(surplus if has_import else -surplus, 0.0)
            self._note(f"`{missing.column}` derived from the balance of the bus")
            return
        self.flows[_IMPORT], self.flows[_EXPORT] = np.maximum(-surplus, 0.0), np.maximum(surplus, 0.0)
        self._note("`grid.import_kw` and `grid.export_kw` derived from the balance of the bus")

    def _bus_flows(self) -> list[Flow]:
        spec = self.site.spec
        return [
            _IMPORT,
            _EXPORT,
            *(Flow(name, FlowKind.LOAD_KW) for name in spec.consumers),
            *(Flow(name, FlowKind.USED_KW) for name in spec.generator),
            *(Flow(name, kind) for name in spec.battery for kind in (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW)),
        ]

    def _surplus_kw(self) -> NDArray[np.float64]:
        """Power onto the bus less power off it, over the flows that are known (T,). [kW]"""
        total = np.zeros(self.site.horizon.steps)
        for flow in self._bus_flows():
            if flow in self.flows:
                total += _SIGNS[flow.kind] * self.flows[flow]
        return total

    def _fill_by_balance(self) -> None:
        spec = self.site.spec
        loads_metered = all(Flow(name, FlowKind.LOAD_KW) in self._metered for name in spec.consumers)
        plants = [name for name in spec.generator if Flow(name, FlowKind.USED_KW) not in self.flows]
        batteries = [name for name in spec.battery if not {_charge(name), _discharge(name)} & set(self.flows)]
        if not loads_metered or len(plants) + len(batteries) != 1:
            return
        surplus = self._surplus_kw()
        if batteries:
            self.flows[_charge(batteries[0])] = np.maximum(surplus, 0.0)
            self.flows[_discharge(batteries[0])] = np.maximum(-surplus, 0.0)
            self._note(f"charge and discharge of `{batteries[0]}` derived from the balance of the bus")
        else:
            available = self.flows[Flow(plants[0], FlowKind.AVAILABLE_KW)]
            self.flows[Flow(plants[0], FlowKind.USED_KW)] = np.clip(-surplus, 0.0, available)
            self._note(f"`{plants[0]}.used_kw` derived from the balance of the bus")

    def _fill_rest(self) -> None:
        for name in self.site.spec.generator:
            available, used, curtailed = (
                Flow(name, kind) for kind in (FlowKind.AVAILABLE_KW, FlowKind.USED_KW, FlowKind.CURTAILED_KW)
            )
            if used not in self.flows:
                self.flows[used] = self.flows[available]
                self._note(f"`{used.column}` is all that is available")
            if curtailed not in self.flows:
                self.flows[curtailed] = np.maximum(self.flows[available] - self.flows[used], 0.0)
        for name, battery in self.site.spec.battery.items():
            known = [flow for flow in (_charge(name), _discharge(name)) if flow in self.flows]
            if len(known) == 1:
                self._need(*{_charge(name), _discharge(name)} - set(known))
                continue
            if not known:
                self.flows[_charge(name)] = np.zeros(self.site.horizon.steps)
                self.flows[_discharge(name)] = np.zeros(self.site.horizon.steps)
                self._note(f"`{name}` is taken as idle, for the table has no charge and discharge of it")
            stored = Flow(name, FlowKind.ENERGY_KWH)
            if stored not in self.flows:
                self.flows[stored] = self._stored_kwh(name, battery)
                self._note(f"`{stored.column}` integrated from charge and discharge")

    def _stored_kwh(self, name: str, battery: BatterySpec) -> NDArray[np.float64]:
        """Energy at the end of each interval (T,); an unknown start puts the lowest point at soc_min. [kWh]"""
        h = self.site.horizon.step_h
        gained = h * battery.charge_efficiency * self.flows[_charge(name)]
        gained = gained - h / battery.discharge_efficiency * self.flows[_discharge(name)] - h * battery.auxiliary_kw
        kept = (1.0 - battery.self_discharge_frac_per_h) ** h
        if battery.initial_soc_frac is not None:
            start = battery.initial_soc_frac * battery.energy_kwh
        else:
            lowest = float(self.site.values(battery.soc_min_frac).min()) * battery.energy_kwh
            start = lowest - min(0.0, float(np.cumsum(gained).min()))
        if kept == 1.0:
            return np.asarray(start + np.cumsum(gained))
        from scipy.signal import lfilter

        return np.asarray(lfilter([1.0], [1.0, -kept], gained, zi=[kept * start])[0], dtype=np.float64)

    def _note_imbalance(self) -> None:
        if not set(self._bus_flows()) <= self._metered:
            return
        off = np.abs(self._surplus_kw())
        largest = max(float(self.flows[flow].max()) for flow in self._bus_flows())
        worst = int(off.argmax())
        if off[worst] > _IMBALANCE_FRAC * largest:
            stamp = self.site.horizon.stamps[worst].strftime("%Y-%m-%d %H:%M")
            self._note(f"the metered flows do not balance, by up to {off[worst]:,.6g} kW at {stamp}")


def _charge(name: str) -> Flow:
    return Flow(name, FlowKind.CHARGE_KW)


def _discharge(name: str) -> Flow:
    return Flow(name, FlowKind.DISCHARGE_KW)
