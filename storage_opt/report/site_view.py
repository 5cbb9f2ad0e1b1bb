"""What `check` shows: the span, the assets, the grid, the lines of the bill, and the range of prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage_opt.ledger.baseline import consumption_flows
from storage_opt.lowering.backup import backup_plan
from storage_opt.report.backup_tables import held_words
from storage_opt.report.contract_words import contract_words
from storage_opt.report.layout import Column, bullets, heading, table
from storage_opt.report.line_words import item_words
from storage_opt.report.numbers import Scale, energy_scale, power_scale
from storage_opt.report.party_words import party_words
from storage_opt.report.summary import horizon_document
from storage_opt.report.tables import rule_table, span_words
from storage_opt.report.view import Row, View
from storage_opt.report.words import both
from storage_opt.schedule import FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.studies.checking import Understanding

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["site_view"]


def site_view(found: Understanding) -> View:
    """What `storage-opt check` prints."""
    return View(lambda: _tables(found), lambda: _document(found), lambda: _rows(found))


def _document(found: Understanding) -> dict[str, object]:
    site = found.site
    return {
        "site": site.spec.name,
        "currency": site.spec.currency,
        "horizon": {**horizon_document(site.horizon), "billing_periods": list(site.horizon.billing.labels)},
        "assets": [dict(row) for row in _assets(site)],
        "bill": [
            {
                "line": charge.line.name,
                "stream": str(charge.line.stream),
                "payee": charge.line.payee,
                "charge": type(charge).__name__,
            }
            for charge in found.charges
        ],
        "contract": contract_words(site),
        "baseline_rules": [asdict(check) for check in found.baseline_rules],
        "prices": {name: _range(price) for name, price in _prices(found).items()},
        "notes": list(found.notes),
    }


def _range(price: NDArray[np.float64]) -> dict[str, float]:
    return {"lowest": float(price.min()), "mean": float(price.mean()), "highest": float(price.max())}


def _prices(found: Understanding) -> dict[str, NDArray[np.float64]]:
    prices = {"import_per_kwh": found.import_price}
    return prices | {"export_per_kwh": found.export_price} if found.export_price.any() else prices


def _assets(site: Site) -> Iterator[Row]:
    """Every asset with the figures that betray a slip of units: peak, energy, full-load hours."""
    spec, hours = site.spec, site.horizon.step_h
    for name, load in spec.load.items():
        power = site.values(load.power_kw)
        yield {"name": name, "kind": "load", "peak_kw": float(power.max()), "energy_kwh": float(power.sum() * hours)}
    for flow, power in consumption_flows(site).items():
        if flow.kind is FlowKind.LOAD_KW and flow.owner in spec.facility:
            energy = float(power.sum() * hours)
            yield {"name": flow.owner, "kind": "facility", "peak_kw": float(power.max()), "energy_kwh": energy}
        if flow.kind is FlowKind.IT_KW and flow.owner in spec.cluster:
            named = " ".join(filter(None, [flow.owner, spec.cluster[flow.owner].accelerator]))
            yield {
                "name": named,
                "kind": "cluster",
                "peak_kw": float(power.max()),
                "energy_kwh": float(power.sum() * hours),
            }
    for name, plant in spec.generator.items():
        output = site.values(plant.profile)
        energy = float(output.sum() * hours) * plant.capacity_kw
        yield {"name": name, "kind": "generator", "peak_kw": float(plant.capacity_kw), "energy_kwh": energy}
    for name, battery in spec.battery.items():
        power_kw = float(max(battery.power_kw, battery.discharge_limit_kw))
        yield {"name": name, "kind": "battery", "peak_kw": power_kw, "energy_kwh": float(battery.energy_kwh)}


def _rows(found: Understanding) -> Iterator[Row]:
    for asset in _assets(found.site):
        yield {**asset, "price_lowest": "", "price_mean": "", "price_highest": ""}
    for name, price in _prices(found).items():
        figures = {f"price_{kind}": value for kind, value in _range(price).items()}
        yield {"name": name, "kind": "price", "peak_kw": "", "energy_kwh": "", **figures}
    for charge in found.charges:
        empty = dict.fromkeys(("peak_kw", "energy_kwh", "price_lowest", "price_mean", "price_highest"), "")
        yield {"name": charge.line.name, "kind": type(charge).__name__, **empty}


def _tables(found: Understanding) -> Sequence[RenderableType]:
    site, currency = found.site, found.site.spec.currency
    lines = [
        (
            charge.line.name,
            " ".join(item_words(charge.line))
            if charge.line.name.startswith("contract.")
            else both(str(charge.line.stream)),
            party_words(charge.line.payee),
            type(charge).__name__,
        )
        for charge in found.charges
    ]
    columns: list[Column] = [(both("line"), "left"), ("Item 名称", "left"), ("Payee 收款方", "left")]
    columns.append(("Charge 计费方式", "left"))
    shown = [
        heading(f"{site.spec.name}: understood", span_words(site.horizon)),
        _asset_table(site),
        bullets(both("grid"), _grid_words(site)),
        *([bullets(both("contract"), contract_words(site))] if contract_words(site) else []),
        *([bullets(both("backup"), [held_words(plan)])] if (plan := backup_plan(site)) else []),
        table(both("bill"), columns, lines),
        *([rule_table(found.baseline_rules, both("rules_without_storage"))] if found.baseline_rules else []),
        _price_table(found, currency),
    ]
    return [*shown, bullets("Notes 说明", found.notes)] if found.notes else shown


def _asset_table(site: Site) -> RenderableType:
    assets = list(_assets(site))
    power = power_scale(float(str(row["peak_kw"])) for row in assets)
    energy = energy_scale(float(str(row["energy_kwh"])) for row in assets)
    rows = []
    for row in assets:
        peak_kw, energy_kwh = float(str(row["peak_kw"])), float(str(row["energy_kwh"]))
        hours = f"{energy_kwh / peak_kw:,.1f}" if peak_kw else ""
        name, kind = str(row["name"]), str(row["kind"])
        rows.append((name, both(kind), power.text(peak_kw), energy.text(energy_kwh), hours))
    columns: list[Column] = [
        ("", "left"),
        (both("kind"), "left"),
        (f"Peak or rating 功率 [{power.unit}]", "right"),
        (f"Energy 电量 [{energy.unit}]", "right"),
        ("Full-load hours 满发小时 [h]", "right"),
    ]
    note = "energy of loads and plants over the horizon, of batteries as rated"
    return table(both("assets"), columns, rows, note=note)


def _grid_words(site: Site) -> list[str]:
    grid = site.spec.grid
    words = []
    limits = (site.values(limit) for limit in (grid.import_limit_kw, grid.export_limit_kw) if limit is not None)
    most_kw = [float(values.max()) for values in limits]
    scale = power_scale([*most_kw, grid.transformer_kva or 0.0])
    if grid.import_limit_kw is not None:
        words.append(f"import limit {_span(site.values(grid.import_limit_kw), scale)}")
    export = site.values(grid.export_limit_kw)
    words.append(f"export limit {_span(export, scale)}" if export.any() else "export forbidden")
    if grid.transformer_kva is not None:
        words.append(
            f"transformer {grid.transformer_kva:,.0f} kVA at power factor {grid.power_factor:g}: "
            f"{scale.text(grid.transformer_kva * grid.power_factor)} {scale.unit} each way"
        )
    if grid.import_limit_kw is None and grid.transformer_kva is None:
        words.append("import limited by the contract only" if site.spec.contract else "import without limit")
    return words


def _span(values_kw: NDArray[np.float64], scale: Scale) -> str:
    low, high = scale.text(float(values_kw.min())), scale.text(float(values_kw.max()))
    return f"{high} {scale.unit}" if low == high else f"{low} to {high} {scale.unit}"


def _price_table(found: Understanding, currency: str) -> RenderableType:
    rows = [
        (both(name.partition("_")[0]), *(f"{value:z,.4f}" for value in _range(price).values()))
        for name, price in _prices(found).items()
    ]
    columns: list[Column] = [("", "left")]
    columns += [(f"{words} [{currency}/kWh]", "right") for words in ("Lowest 最低", "Mean 平均", "Highest 最高")]
    note = "sum of all charges per kWh; tiers, demand charges and net billing have no price of their own"
    return table(both("price"), columns, rows, note=note)
