"""Which column of a metered table is which flow: our own headers, plain English, Chinese; kW or kWh per interval."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage_opt.errors import Fault
from storage_opt.io.spec_faults import nearest
from storage_opt.io.stamps import is_time_header
from storage_opt.io.table import Table
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.load import LoadSpec
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.workload import WorkloadSpec
from storage_opt.units import Dimension, factor, unit_in_header

__all__ = ["FlowColumn", "expected_flows", "flow_columns", "kinds_of", "product_kinds"]

_WORDS: dict[FlowKind, tuple[str, ...]] = {
    FlowKind.IMPORT_KW: ("import", "grid_import", "下网", "购电", "受电"),
    FlowKind.EXPORT_KW: ("export", "grid_export", "上网", "售电"),
    FlowKind.LOAD_KW: ("load", "consumption", "负荷", "负载", "用电"),
    FlowKind.DROPPED_KW: ("dropped", "切除"),
    FlowKind.AVAILABLE_KW: ("available", "可用", "可发"),
    FlowKind.USED_KW: ("used", "generation", "发电"),
    FlowKind.CURTAILED_KW: ("curtailed", "curtailment", "弃电"),
    FlowKind.CHARGE_KW: ("charge", "charging", "充电"),
    FlowKind.DISCHARGE_KW: ("discharge", "discharging", "放电"),
    FlowKind.ENERGY_KWH: ("energy", "stored_energy", "储能电量"),
    FlowKind.UP_KW: ("up", "上调预留"),
    FlowKind.DOWN_KW: ("down", "下调预留"),
    FlowKind.COMMITTED_KW: ("committed", "承诺"),
    FlowKind.DELIVERED_KW: ("delivered", "响应"),
    FlowKind.REFUSED_UNITS: ("refused_units",),
    FlowKind.LATE_UNIT_H: ("late_unit_h",),
}
_OF_WORK = {FlowKind.REFUSED_UNITS, FlowKind.LATE_UNIT_H}
"""Flows that are not power or energy; their header says their only unit."""
_UNIT = re.compile(r"\s*[\[(（【].*$|_(?:k|m|g)?wh?$", re.IGNORECASE)
_CHINESE_END = re.compile(r"(?:功率|电量|量)$")
_SPACE = re.compile(r"[\s\-]+")


@dataclass(frozen=True, slots=True)
class FlowColumn:
    """A column of a table that holds a flow.

    Parameters
    ----------
    position : int
        Position in the table.
    flow : Flow
        What it holds.
    scale : float
        Factor to kW, or to kWh for stored energy.
    """

    position: int
    flow: Flow
    scale: float


def kinds_of(spec: SiteSpec) -> dict[str, tuple[FlowKind, ...]]:
    """Every owner of flows at a site, and the kinds of flows it has."""
    generator = (FlowKind.AVAILABLE_KW, FlowKind.USED_KW, FlowKind.CURTAILED_KW)
    battery = (FlowKind.CHARGE_KW, FlowKind.DISCHARGE_KW, FlowKind.ENERGY_KWH)
    return {
        GRID: (FlowKind.IMPORT_KW, FlowKind.EXPORT_KW),
        **dict.fromkeys(spec.consumers, (FlowKind.LOAD_KW,)),
        **{name: _service_flows(workload) for name, workload in spec.workload.items()},
        **{name: _load_flows(load) for name, load in spec.load.items() if load.curtailable_frac},
        **dict.fromkeys(spec.generator, generator),
        **dict.fromkeys(spec.battery, battery),
        **product_kinds(spec),
    }


def product_kinds(spec: SiteSpec) -> dict[str, tuple[FlowKind, ...]]:
    """Every owner of flows of products, and the kinds of flows it may have."""
    all_providers = (*spec.battery, *spec.workload, *spec.facility, *spec.load)
    held = {
        f"{name}.{provider}": (FlowKind.UP_KW, FlowKind.DOWN_KW)
        for name, product in spec.regulation.items()
        for provider in product.providers or all_providers
    }
    events = dict.fromkeys(spec.response, (FlowKind.COMMITTED_KW, FlowKind.DELIVERED_KW))
    paid = {
        f"{name}.{battery}": (FlowKind.DELIVERED_KW,)
        for name, payment in spec.incentive.items()
        for battery in payment.batteries or tuple(spec.battery)
    }
    return {**held, **events, **paid}


def _load_flows(load: LoadSpec) -> tuple[FlowKind, ...]:
    return (FlowKind.LOAD_KW, FlowKind.DROPPED_KW) if load.curtailable_frac else (FlowKind.LOAD_KW,)


def _service_flows(workload: WorkloadSpec) -> tuple[FlowKind, ...]:
    """Flows of a class of work that are paid for."""
    late = (FlowKind.LATE_UNIT_H,) if workload.late_cost_per_unit_h is not None else ()
    refused = (FlowKind.REFUSED_UNITS,) if workload.value_per_unit_h is not None else ()
    return (*late, *refused)


def expected_flows(spec: SiteSpec) -> tuple[Flow, ...]:
    """Every flow a schedule of the site has, in the order of its file."""
    return tuple(Flow(owner, kind) for owner, kinds in kinds_of(spec).items() for kind in kinds)


def flow_columns(table: Table, spec: SiteSpec, step_h: float) -> tuple[list[FlowColumn], list[Fault], tuple[str, ...]]:
    """Match the headers of a table to the flows of a site.

    Parameters
    ----------
    table : Table
        The metered table.
    spec : SiteSpec
        The site.
    step_h : float
        Interval length, which turns energy per interval into power. [h]

    Returns
    -------
    list of FlowColumn
        Columns that hold flows.
    list of Fault
        Headers that fit no asset, several, or one that another header fits too; units that are none.
    tuple of str
        Notes on columns that were not used.
    """
    columns: list[FlowColumn] = []
    faults: list[Fault] = []
    unused: list[str] = []
    for position, header in enumerate(table.headers):
        found = _flow_of(header, spec)
        if isinstance(found, str):
            faults.append(Fault(found, "name it `<asset>.<kind>`, such as `grid.import_kw`", table.name, "", 1, header))
        elif found is None:
            unused += [] if is_time_header(header) else [header]
        else:
            scale, fault = _scale(header, found, step_h, table.name)
            columns.append(FlowColumn(position, found, scale))
            faults += [] if fault is None else [fault]
    taken: dict[Flow, str] = {}
    for column in columns:
        header = table.headers[column.position]
        if column.flow in taken:
            what = f"columns `{taken[column.flow]}` and `{header}` both hold `{column.flow.column}`"
            faults.append(Fault(what, "keep one of them", table.name, "", 1, header))
        taken[column.flow] = header
    notes = (f"{table.name}: columns not used: {', '.join(unused)}",) if unused else ()
    return columns, faults, notes


def _flow_of(header: str, spec: SiteSpec) -> Flow | str | None:
    owners = kinds_of(spec)
    folded = _SPACE.sub("_", _UNIT.sub("", header).strip()).casefold()
    by_folded = {owner.casefold(): owner for owner in owners}
    prefix, separator, rest = folded.rpartition(".")
    kind = _kind(rest)
    if kind is None:
        return None
    if not separator:
        holders = [owner for owner, kinds in owners.items() if kind in kinds]
        if len(holders) > 1:
            return f"column `{header}` may belong to {', '.join(f'`{owner}`' for owner in holders)}"
        return Flow(holders[0], kind) if holders else None
    if prefix not in by_folded:
        close = nearest(prefix, by_folded)
        suggestion = f"; did you mean `{by_folded[close]}`?" if close else ""
        return f"column `{header}` belongs to `{prefix}`, which the site does not have{suggestion}"
    owner = by_folded[prefix]
    if kind not in owners[owner]:
        return f"column `{header}`: `{owner}` has no such flow, only {', '.join(owners[owner])}"
    return Flow(owner, kind)


def _kind(word: str) -> FlowKind | None:
    plain = word if word in _WORDS[FlowKind.ENERGY_KWH] else _CHINESE_END.sub("", word)
    return next((kind for kind, words in _WORDS.items() if plain in words), None)


def _scale(header: str, flow: Flow, step_h: float, file: str) -> tuple[float, Fault | None]:
    if flow.kind in _OF_WORK:
        return 1.0, None
    unit = unit_in_header(header)
    stored = flow.kind is FlowKind.ENERGY_KWH
    if unit is None:
        hint = "add the unit to the header, as in `import (kW)`"
        return 1.0, Fault(f"column `{header}` has no unit", hint, file, "", 1, header)
    try:
        return factor(unit, Dimension.ENERGY if stored else Dimension.POWER), None
    except ValueError as error:
        message = str(error)
    try:
        if not stored:
            return factor(unit, Dimension.ENERGY) / step_h, None
    except ValueError:
        pass
    return 1.0, Fault(message, "give power in kW or MW, or energy per interval in kWh or MWh", file, "", 1, header)
