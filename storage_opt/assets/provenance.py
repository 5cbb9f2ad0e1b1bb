"""Where stored and exported energy may come from, when the site says so."""

from __future__ import annotations

from collections.abc import Mapping

from storage_opt.modeler import Expression, Modeler, Rule, Sense
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.site import SiteSpec

__all__ = ["require_provenance"]


def require_provenance(model: Modeler, spec: SiteSpec, flows: Mapping[Flow, Expression]) -> None:
    """Keep grid energy out of batteries, and stored energy out of export, where the site forbids it.

    Notes
    -----
    ``grid_charging``:  charge of the batteries that may not charge from the grid <= used generation;
    ``battery_export``:  export <= used generation + discharge of the batteries that may export. On-site
    generation is counted towards the battery first, then towards the load.
    """
    generation = [flows[Flow(name, FlowKind.USED_KW)] for name in spec.generator]
    no_grid = [name for name, battery in spec.battery.items() if not battery.grid_charging]
    if no_grid:
        charged = sum(flows[Flow(name, FlowKind.CHARGE_KW)] for name in no_grid)
        words = f"charging of {', '.join(no_grid)} from the grid (forbidden)"
        rule = Rule("site.grid_charging", words, "kW", f"battery.{no_grid[0]}.grid_charging", Sense.SWITCH)
        model.require(rule.name, charged <= sum(generation), rule)
    no_export = [name for name, battery in spec.battery.items() if not battery.export]
    if no_export:
        may = [flows[Flow(name, FlowKind.DISCHARGE_KW)] for name, battery in spec.battery.items() if battery.export]
        words = f"export of energy stored in {', '.join(no_export)} (forbidden)"
        rule = Rule("site.battery_export", words, "kW", f"battery.{no_export[0]}.export", Sense.SWITCH)
        model.require(rule.name, flows[Flow(GRID, FlowKind.EXPORT_KW)] <= sum([*generation, *may]), rule)
