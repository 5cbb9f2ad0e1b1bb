"""The physics of a schedule, recomputed from the spec in plain NumPy without the package's own model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.spec.battery import AtLeast, BatterySpec
from storage_opt.spec.resolved import Site
from tests.support.compute_physics import assert_compute_physical

__all__ = ["assert_physical"]

_TOLERANCE = 2e-6
"""Of a rating: twice what counts as solver noise."""

_DRIFT = 1e-5
"""Of a rating: noise taken out of the flows of many intervals adds up in the stored energy."""


_MAY_BE_NEGATIVE = {FlowKind.ENERGY_KWH, FlowKind.BACKLOG_UNIT_H, FlowKind.ROOM_TEMP_C}
"""By noise, or below freezing; what noise may be is held where they are worked out again."""


def assert_physical(site: Site, schedule: Schedule) -> None:
    """Every balance, recursion, window, cap, ramp and switch of the site holds in the schedule."""
    for flow, values in schedule.items():
        assert values.shape == (site.horizon.steps,)
        assert np.isfinite(values).all()
        if flow.kind not in _MAY_BE_NEGATIVE:
            assert values.min() >= 0.0, flow.column
    _assert_loads_and_plants(site, schedule)
    _assert_bus_and_grid(site, schedule)
    for name, spec in site.spec.battery.items():
        _assert_battery(site, schedule, name, spec)
    _assert_switches(site, schedule)
    assert_compute_physical(site, schedule)


def _assert_loads_and_plants(site: Site, schedule: Schedule) -> None:
    for name, load in site.spec.load.items():
        np.testing.assert_array_equal(schedule[Flow(name, FlowKind.LOAD_KW)], site.values(load.power_kw))
    for name, plant in site.spec.generator.items():
        available = plant.capacity_kw * site.values(plant.profile)
        used = schedule[Flow(name, FlowKind.USED_KW)]
        curtailed = schedule[Flow(name, FlowKind.CURTAILED_KW)]
        np.testing.assert_allclose(schedule[Flow(name, FlowKind.AVAILABLE_KW)], available, rtol=1e-12)
        np.testing.assert_allclose(used + curtailed, available, atol=1e-9)
        if not plant.curtailable:
            np.testing.assert_allclose(used, available, atol=_TOLERANCE * plant.capacity_kw)


def _assert_bus_and_grid(site: Site, schedule: Schedule) -> None:
    imported, exported = schedule.total(FlowKind.IMPORT_KW), schedule.total(FlowKind.EXPORT_KW)
    supplied = imported + schedule.total(FlowKind.USED_KW) + schedule.total(FlowKind.DISCHARGE_KW)
    drawn = schedule.total(FlowKind.LOAD_KW) + exported + schedule.total(FlowKind.CHARGE_KW)
    size = float(drawn.max())
    np.testing.assert_allclose(supplied, drawn, atol=1e-8 * size)
    assert np.minimum(imported, exported).max() == 0.0
    grid = site.spec.grid
    most = np.inf if grid.transformer_kva is None else grid.transformer_kva * grid.power_factor
    most_import = most if grid.import_limit_kw is None else np.minimum(most, site.values(grid.import_limit_kw))
    most_export = np.minimum(most, site.values(grid.export_limit_kw))
    assert np.all(imported <= most_import + _TOLERANCE * size)
    assert np.all(exported <= most_export + _TOLERANCE * size)


def _assert_battery(site: Site, schedule: Schedule, name: str, spec: BatterySpec) -> None:
    charge, discharge = schedule[Flow(name, FlowKind.CHARGE_KW)], schedule[Flow(name, FlowKind.DISCHARGE_KW)]
    stored = schedule[Flow(name, FlowKind.ENERGY_KWH)]
    h, rated = site.horizon.step_h, spec.energy_kwh
    rating = spec.power_kw if spec.discharge_kw is None else spec.discharge_kw
    noise_kw, noise_kwh = _TOLERANCE * max(spec.power_kw, rating), _DRIFT * max(rated, spec.power_kw, rating)

    assert np.minimum(charge, discharge).max() == 0.0
    assert charge.max() <= spec.power_kw
    assert discharge.max() <= rating

    start = stored[-1] if spec.initial_soc_frac is None else spec.initial_soc_frac * rated
    expected, level = np.empty_like(stored), start
    for t in range(stored.size):
        kept = level * (1.0 - spec.self_discharge_frac_per_h) ** h
        level = kept + h * (spec.charge_efficiency * charge[t] - discharge[t] / spec.discharge_efficiency)
        level -= h * spec.auxiliary_kw
        expected[t] = level
    np.testing.assert_allclose(stored, expected, atol=noise_kwh)

    assert np.all(stored >= site.values(spec.soc_min_frac) * rated - noise_kwh)
    assert np.all(stored <= site.values(spec.soc_max_frac) * rated + noise_kwh)
    _assert_end(spec, start, stored[-1], noise_kwh)
    _assert_tapers(spec, charge, discharge, stored, noise_kw)
    if spec.ramp_kw_per_h is not None:
        assert np.abs(np.diff(discharge - charge)).max() <= spec.ramp_kw_per_h * h + 2 * noise_kw
    _assert_caps(site, spec, discharge)


def _assert_end(spec: BatterySpec, start: float, end: float, noise_kwh: float) -> None:
    match spec.final_soc:
        case "free":
            return
        case "cyclic":
            assert abs(end - start) <= noise_kwh
        case AtLeast(at_least=share):
            assert end >= share * spec.energy_kwh - noise_kwh
        case share:
            assert abs(end - float(share) * spec.energy_kwh) <= noise_kwh


def _assert_tapers(
    spec: BatterySpec, charge: np.ndarray, discharge: np.ndarray, stored: np.ndarray, noise_kw: float
) -> None:
    rating = spec.power_kw if spec.discharge_kw is None else spec.discharge_kw
    for power, rated_kw, corners in (
        (charge, spec.power_kw, spec.charge_taper),
        (discharge, rating, spec.discharge_taper),
    ):
        for left, right in zip(corners, corners[1:], strict=False):
            slope = (right.power_frac - left.power_frac) / (right.soc_frac - left.soc_frac)
            share = left.power_frac + slope * (stored / spec.energy_kwh - left.soc_frac)
            assert np.all(power <= share * rated_kw + 10 * noise_kw)


def _assert_caps(site: Site, spec: BatterySpec, discharge: np.ndarray) -> None:
    stamps = pd.DatetimeIndex(site.horizon.stamps)
    delivered = pd.Series(discharge * site.horizon.step_h, index=stamps)
    by_day = delivered.groupby(stamps.strftime("%Y-%m-%d")).sum()
    if spec.max_cycles_per_day is not None:
        from_cells = by_day / spec.discharge_efficiency
        assert from_cells.max() <= spec.max_cycles_per_day * spec.energy_kwh * (1 + 1e-5)
    if spec.max_throughput_kwh_per_year is not None:
        years = sum(1.0 / (366 if pd.Timestamp(day).is_leap_year else 365) for day in by_day.index)
        assert delivered.sum() <= spec.max_throughput_kwh_per_year * years * (1 + 1e-5)


def _assert_switches(site: Site, schedule: Schedule) -> None:
    used = schedule.total(FlowKind.USED_KW)
    tolerance = _TOLERANCE * float(schedule.total(FlowKind.LOAD_KW).max())
    batteries = site.spec.battery
    green_only = [schedule[Flow(n, FlowKind.CHARGE_KW)] for n, spec in batteries.items() if not spec.grid_charging]
    if green_only:
        assert np.all(np.sum(green_only, axis=0) <= used + tolerance)
    if any(not spec.export for spec in batteries.values()):
        may = [schedule[Flow(n, FlowKind.DISCHARGE_KW)] for n, spec in batteries.items() if spec.export]
        assert np.all(schedule.total(FlowKind.EXPORT_KW) <= used + sum(may) + tolerance)
