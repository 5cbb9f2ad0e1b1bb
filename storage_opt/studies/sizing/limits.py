"""What limits sizes together: their ranges, durations, the budget and the land."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from storage_opt.lowering.open_sizes import OpenSize, SizeKind
from storage_opt.model.joint import SizeRow
from storage_opt.modeler import Rule, Sense
from storage_opt.spec.resolved import Site
from storage_opt.studies.sizing.objective import Objective

__all__ = ["size_rows"]


def size_rows(site: Site, sizes: Sequence[OpenSize], objective: Objective, spent: float = 0.0) -> list[SizeRow]:
    """Every requirement on the sizes alone; `spent` is gone from the budget before.

    Notes
    -----
    ``most``, ``least``:  ``s <= most``, ``s >= least``;  ``min_duration``:  ``hours P - E <= 0``;
    ``max_duration``:  ``E - hours P <= 0``;  ``budget``:  ``sum capex (s - existing) <= budget - fixed capex``;
    ``land``:  ``sum m2 (s - existing) <= land``.
    """
    return [*_ends(sizes), *_durations(site, sizes), *_together(site, sizes, objective, spent)]


def _ends(sizes: Sequence[OpenSize]) -> Iterator[SizeRow]:
    for number, size in enumerate(sizes):
        if size.range.is_whole:
            continue  # admissible sizes are written out one by one
        one = np.eye(len(sizes))[number]
        if size.range.highest is not None:
            rule = Rule(f"{size.name}.most", f"largest {size.words}", size.kind, f"{size.key}.most")
            yield SizeRow(rule, one, size.range.highest)
        if size.range.least > size.range.existing:
            rule = Rule(f"{size.name}.least", f"smallest {size.words}", size.kind, f"{size.key}.least", Sense.FLOOR)
            yield SizeRow(rule, -one, -size.range.least)


def _durations(site: Site, sizes: Sequence[OpenSize]) -> Iterator[SizeRow]:
    sizing = site.spec.sizing
    assert sizing is not None
    for name, battery in sizing.battery.items():
        energy, fixed_kwh = _of(sizes, name, SizeKind.ENERGY, site.spec.battery[name].energy_kwh)
        power, fixed_kw = _of(sizes, name, SizeKind.POWER, site.spec.battery[name].power_kw)
        key = f"sizing.battery.{name}"
        if battery.min_duration_h is not None:
            words, hours = f"least energy over power of {name}", battery.min_duration_h
            rule = Rule(f"{name}.min_duration", words, "kWh", f"{key}.min_duration_h", Sense.FLOOR)
            yield SizeRow(rule, hours * power - energy, fixed_kwh - hours * fixed_kw)
        if battery.max_duration_h is not None:
            words, hours = f"most energy over power of {name}", battery.max_duration_h
            rule = Rule(f"{name}.max_duration", words, "kWh", f"{key}.max_duration_h")
            yield SizeRow(rule, energy - hours * power, hours * fixed_kw - fixed_kwh)


def _of(sizes: Sequence[OpenSize], asset: str, kind: SizeKind, at_site: float) -> tuple[np.ndarray, float]:
    """A quantity of an asset as coefficients (K,) and a constant."""
    mine = np.array([size.asset == asset and size.kind is kind for size in sizes], dtype=np.float64)
    return mine, 0.0 if mine.any() else at_site


def _together(site: Site, sizes: Sequence[OpenSize], objective: Objective, spent: float) -> Iterator[SizeRow]:
    sizing = site.spec.sizing
    assert sizing is not None
    existing = np.array([size.range.existing for size in sizes])
    if sizing.budget is not None:
        rule = Rule("sizing.budget", "budget", site.spec.currency, "sizing.budget", required=sizing.budget)
        built = {size.asset for size in sizes if size.is_bought and size.asset in objective.finance.cost}
        fixed = sum(objective.finance.cost[asset].capex for asset in built)
        coefficients = objective.capex_per_unit
        yield SizeRow(rule, coefficients, sizing.budget - fixed - spent + float(coefficients @ existing))
    if sizing.land_m2 is not None:
        rule = Rule("sizing.land_m2", "land", "m2", "sizing.land_m2", required=sizing.land_m2)
        land = np.array([size.land_m2_per_unit for size in sizes])
        yield SizeRow(rule, land, sizing.land_m2 + float(land @ existing))
