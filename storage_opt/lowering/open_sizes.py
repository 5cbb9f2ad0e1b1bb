"""The sizes that a site leaves open, and the site with values for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, InputError
from storage_opt.lowering.consumption import consumption_kw
from storage_opt.lowering.other_sizes import (
    supply_of,
    tank_of,
    with_access_capacity,
    with_asset,
    with_battery_energy,
    with_battery_power,
    with_declared_demand,
    with_plant_volume,
    with_tank,
    with_transformer,
)
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.sizing import BatterySizingSpec, ChoiceSpec, GridSizingSpec, RangeSpec, TankSizingSpec

__all__ = ["OpenSize", "SizeKind", "open_sizes", "resized"]

_Change = Callable[[SiteSpec, float], SiteSpec]

_WIDE = 10.0
"""Times the largest load, or hours of it, that a size without an end may reach."""
_WIDE_H = 100.0


class SizeKind(StrEnum):
    """What a size measures, which says what a unit of it is paid by."""

    POWER = "kW"
    ENERGY = "kWh"
    APPARENT_POWER = "kVA"
    VOLUME = "kWh/year"


@dataclass(frozen=True, slots=True, eq=False)
class OpenSize:
    """One size that is left open.

    Parameters
    ----------
    name : str
        Its name, such as ``bess.energy_kwh``.
    asset : str
        Name of what is built, as costs are given for it.
    kind : SizeKind
        What it measures.
    words : str
        What it is, in words.
    key : str
        Where its range is written.
    range : RangeSpec
        Admissible sizes. [unit of the kind]
    highest : float
        Largest size that is looked at: that of the range, or where it has none one that is larger than the site needs.
    at_site : float
        Size in the site file. [unit of the kind]
    power_kw_per_unit, energy_kwh_per_unit : float
        What a unit of it builds of power and energy, by which it is paid.
    land_m2_per_unit : float
        Land for each unit. [m2]
    change : callable
        The site with another size.
    is_bought : bool
        Whether it is paid for by `[finance.cost]`; a declaration is not.
    is_billed : bool
        Whether the bill charges it too, so that it needs no price there.
    """

    name: str
    asset: str
    kind: SizeKind
    words: str
    key: str
    range: RangeSpec
    highest: float
    at_site: float
    power_kw_per_unit: float
    energy_kwh_per_unit: float
    land_m2_per_unit: float
    change: _Change
    is_bought: bool = True
    is_billed: bool = False

    @property
    def is_limited(self) -> bool:
        """Whether the user gave a largest size."""
        return self.range.highest is not None


def open_sizes(site: Site) -> tuple[OpenSize, ...]:
    """Every size that the site leaves open, in the order of the file.

    Raises
    ------
    InputError
        When nothing is open, or what is open does not exist; lists all faults.
    """
    sizing = site.spec.sizing
    if sizing is None:
        what = "the site leaves no size open and prices none: it has neither [sizing] nor [finance.cost.NAME]"
        raise InputError([Fault(what, "write one, such as [sizing.battery.NAME]", _file(site), "sizing")])
    most_kw = float(consumption_kw(site).max(initial=1.0))
    wide = {
        SizeKind.POWER: _WIDE * most_kw,
        SizeKind.APPARENT_POWER: _WIDE * most_kw,
        SizeKind.ENERGY: _WIDE_H * most_kw,
        SizeKind.VOLUME: 8784.0 * most_kw,
    }
    found = []
    for size in _stated(site.spec):
        highest = wide[size.kind] if size.range.highest is None else size.range.highest
        found.append(replace(size, highest=max(highest, size.range.lowest)))
    return tuple(found)


def resized(site: Site, sizes: tuple[OpenSize, ...], values: NDArray[np.float64]) -> Site:
    """The site with other sizes (K,); whatever a size ties together moves with it."""
    spec = site.spec
    for size, value in zip(sizes, values.tolist(), strict=True):
        spec = size.change(spec, value)
    return replace(site, spec=spec)


def _file(site: Site) -> str:
    return site.source.name if site.source else ""


def _stated(spec: SiteSpec) -> Iterator[OpenSize]:
    assert spec.sizing is not None
    for name, battery in spec.sizing.battery.items():
        yield from _of_battery(spec, name, battery)
    for name, plant in spec.sizing.generator.items():
        if plant.capacity_kw is not None:
            named = _Named("generator", name, "capacity_kw", SizeKind.POWER)
            stated = _size(named, plant.capacity_kw, spec.generator[name].capacity_kw, _capacity_of(name))
            yield replace(stated, land_m2_per_unit=plant.land_m2_per_kw)
    for name, tank in spec.sizing.tank.items():
        yield from _of_tank(spec, name, tank)
    if spec.sizing.grid is not None:
        yield from _of_grid(spec, spec.sizing.grid)
    if spec.sizing.plant is not None and spec.sizing.plant.take_or_pay_volume_kwh_per_year is not None:
        yield _of_plant(spec, spec.sizing.plant.take_or_pay_volume_kwh_per_year)


@dataclass(frozen=True, slots=True)
class _Named:
    """Whose size it is: section and name of the asset, field, and what it measures."""

    section: str
    asset: str
    field: str
    kind: SizeKind


_WORDS = {
    SizeKind.POWER: "power",
    SizeKind.ENERGY: "energy",
    SizeKind.APPARENT_POWER: "capacity",
    SizeKind.VOLUME: "volume",
}


def _size(named: _Named, range_: RangeSpec, at_site: float, change: _Change) -> OpenSize:
    """A size that builds what it measures, on no land."""
    is_one = named.section in {"grid", "plant"}
    key = f"sizing.{named.section}.{named.field}" if is_one else f"sizing.{named.section}.{named.asset}.{named.field}"
    return OpenSize(
        name=f"{named.asset}.{named.field}",
        asset=named.asset,
        kind=named.kind,
        words=f"{_WORDS[named.kind]} of {named.asset}",
        key=key,
        range=range_,
        highest=0.0,
        at_site=at_site,
        power_kw_per_unit=1.0 if named.kind is SizeKind.POWER else 0.0,
        energy_kwh_per_unit=1.0 if named.kind is SizeKind.ENERGY else 0.0,
        land_m2_per_unit=0.0,
        change=change,
    )


def _of_battery(spec: SiteSpec, name: str, sizing: BatterySizingSpec) -> Iterator[OpenSize]:
    """Energy and power, one of them following the other where the duration is fixed."""
    battery, hours = spec.battery[name], sizing.duration_h
    land_kwh, land_kw = sizing.land_m2_per_kwh, sizing.land_m2_per_kw
    if sizing.energy_kwh is not None:
        per_kwh = 0.0 if hours is None else 1.0 / hours

        def energy(spec: SiteSpec, to: float) -> SiteSpec:
            spec = with_battery_energy(spec, name, to)
            return with_battery_power(spec, name, to * per_kwh) if per_kwh else spec

        named = _Named("battery", name, "energy_kwh", SizeKind.ENERGY)
        stated = _size(named, sizing.energy_kwh, battery.energy_kwh, energy)
        yield replace(stated, power_kw_per_unit=per_kwh, land_m2_per_unit=land_kwh + per_kwh * land_kw)
    if sizing.power_kw is not None:
        per_kw = hours or 0.0

        def power(spec: SiteSpec, to: float) -> SiteSpec:
            spec = with_battery_power(spec, name, to)
            return with_battery_energy(spec, name, per_kw * to) if per_kw else spec

        named = _Named("battery", name, "power_kw", SizeKind.POWER)
        stated = _size(named, sizing.power_kw, battery.power_kw, power)
        yield replace(stated, energy_kwh_per_unit=per_kw, land_m2_per_unit=land_kw + per_kw * land_kwh)


def _of_tank(spec: SiteSpec, name: str, sizing: TankSizingSpec) -> Iterator[OpenSize]:
    """Content and power of a tank, the power following the content where only that is open."""
    tank = tank_of(spec, name)
    if sizing.energy_kwh is not None:
        follows = () if sizing.power_kw is not None else ("charge_kw", "discharge_kw")
        ratios = {field: float(getattr(tank, field)) / tank.energy_kwh for field in follows}

        def energy(spec: SiteSpec, to: float) -> SiteSpec:
            return with_tank(spec, name, {"energy_kwh": to, **{field: ratio * to for field, ratio in ratios.items()}})

        stated = _size(_Named("tank", name, "energy_kwh", SizeKind.ENERGY), sizing.energy_kwh, tank.energy_kwh, energy)
        yield replace(stated, land_m2_per_unit=sizing.land_m2_per_kwh)
    if sizing.power_kw is not None:
        ratio = tank.discharge_kw / tank.charge_kw

        def power(spec: SiteSpec, to: float) -> SiteSpec:
            return with_tank(spec, name, {"charge_kw": to, "discharge_kw": ratio * to})

        yield _size(_Named("tank", name, "power_kw", SizeKind.POWER), sizing.power_kw, tank.charge_kw, power)


def _of_grid(spec: SiteSpec, sizing: GridSizingSpec) -> Iterator[OpenSize]:
    """Transformer, access capacity, declared demand."""
    kva = SizeKind.APPARENT_POWER
    if sizing.transformer_kva is not None:
        at_site = float(spec.grid.transformer_kva or 0.0)
        named = _Named("grid", "grid", "transformer_kva", kva)
        yield _size(named, sizing.transformer_kva, at_site, with_transformer)
    if sizing.access_capacity_kva is not None:
        access = supply_of(spec).access_capacity_kva
        named, at_site = (
            _Named("grid", "grid", "access_capacity_kva", kva),
            access if isinstance(access, float) else 0.0,
        )
        stated = _size(named, sizing.access_capacity_kva, at_site, with_access_capacity)
        # one transformer, paid once
        yield replace(stated, is_billed=True, is_bought=sizing.transformer_kva is None)
    if sizing.contract_kw is not None:
        named = _Named("grid", "demand", "contract_kw", SizeKind.POWER)
        basic = supply_of(spec).basic
        assert basic is not None
        # below the floor a declaration is billed as the floor
        floor = basic.floor_frac * (basic.capacity_kva or 0.0)
        range_ = sizing.contract_kw if sizing.contract_kw.lowest >= floor else _from(sizing.contract_kw, floor)
        stated = _size(named, range_, 0.0, with_declared_demand)
        yield replace(stated, is_billed=True, is_bought=False)


def _from(range_: RangeSpec, floor: float) -> RangeSpec:
    """A range without what lies below a floor; the floor itself stays where nothing else does."""
    if range_.choices:
        kept = tuple(choice for choice in range_.choices if choice.size >= floor)
        return range_.model_copy(update={"choices": kept or (ChoiceSpec(size=floor),), "existing": floor})
    most = None if range_.most is None else max(range_.most, floor)
    return range_.model_copy(update={"least": floor, "most": most})


def _of_plant(spec: SiteSpec, range_: RangeSpec) -> OpenSize:
    """Volume of the take-or-pay clause."""
    at_site = float(supply_of(spec).plant.take_or_pay_volume_kwh_per_year or 0.0)
    named = _Named("plant", "plant", "take_or_pay_volume_kwh_per_year", SizeKind.VOLUME)
    return replace(_size(named, range_, at_site, with_plant_volume), is_billed=True, is_bought=False)


def _capacity_of(name: str) -> _Change:
    return lambda spec, to: with_asset(spec, "generator", name, {"capacity_kw": to})
