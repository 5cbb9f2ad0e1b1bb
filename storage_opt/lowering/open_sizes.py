"""The sizes that a site leaves open, and the site with values for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Fault, InputError
from storage_opt.lowering.consumption import consumption_kw
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.sizing import BatterySizingSpec, GridSizingSpec, RangeSpec, TankSizingSpec

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
        what = "the site leaves no size open: it has no [sizing] section"
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
            change = _field("generator", name, "capacity_kw")
            at_site = spec.generator[name].capacity_kw
            yield _size(name, "capacity_kw", SizeKind.POWER, plant.capacity_kw, at_site, plant.land_m2_per_kw, change)
    for name, tank in spec.sizing.tank.items():
        yield from _of_tank(spec, name, tank)
    if spec.sizing.grid is not None:
        yield from _of_grid(spec, spec.sizing.grid)
    if spec.sizing.plant is not None and spec.sizing.plant.take_or_pay_volume_kwh_per_year is not None:
        yield _of_plant(spec, spec.sizing.plant.take_or_pay_volume_kwh_per_year)


_SECTIONS = {SizeKind.POWER: "power", SizeKind.ENERGY: "energy", SizeKind.APPARENT_POWER: "capacity"}


def _size(
    asset: str,
    field: str,
    kind: SizeKind,
    range_: RangeSpec,
    at_site: float,
    land_m2: float,
    change: _Change,
    *,
    section: str = "generator",
    also_kwh: float = 0.0,
) -> OpenSize:
    key = f"sizing.{section}.{field}" if section in {"grid", "plant"} else f"sizing.{section}.{asset}.{field}"
    return OpenSize(
        f"{asset}.{field}",
        asset,
        kind,
        f"{_SECTIONS.get(kind, 'volume')} of {asset}",
        key,
        range_,
        0.0,
        at_site,
        1.0 if kind is SizeKind.POWER else 0.0,
        1.0 if kind is SizeKind.ENERGY else also_kwh,
        land_m2,
        change,
    )


def _of_battery(spec: SiteSpec, name: str, sizing: BatterySizingSpec) -> Iterator[OpenSize]:
    battery, hours = spec.battery[name], sizing.duration_h
    land_kwh, land_kw = sizing.land_m2_per_kwh, sizing.land_m2_per_kw

    def power(to: float) -> Mapping[str, float]:
        if battery.discharge_kw is None:
            return {"power_kw": to}
        return {"power_kw": to, "discharge_kw": battery.discharge_kw * to / battery.power_kw}

    if sizing.energy_kwh is not None:
        per_kwh = 0.0 if hours is None else 1.0 / hours

        def energy(spec: SiteSpec, to: float) -> SiteSpec:
            return _with(spec, "battery", name, {"energy_kwh": to, **(power(to * per_kwh) if per_kwh else {})})

        land = land_kwh + per_kwh * land_kw
        stated = _size(
            name, "energy_kwh", SizeKind.ENERGY, sizing.energy_kwh, battery.energy_kwh, land, energy, section="battery"
        )
        yield replace(stated, power_kw_per_unit=per_kwh)
    if sizing.power_kw is not None:
        per_kw = hours or 0.0

        def rating(spec: SiteSpec, to: float) -> SiteSpec:
            return _with(spec, "battery", name, {**power(to), **({"energy_kwh": per_kw * to} if per_kw else {})})

        land = land_kw + per_kw * land_kwh
        yield _size(
            name,
            "power_kw",
            SizeKind.POWER,
            sizing.power_kw,
            battery.power_kw,
            land,
            rating,
            section="battery",
            also_kwh=per_kw,
        )


def _of_tank(spec: SiteSpec, name: str, sizing: TankSizingSpec) -> Iterator[OpenSize]:
    cooling = spec.facility[name].cooling
    assert cooling is not None
    assert cooling.tank is not None
    tank = cooling.tank

    def change(spec: SiteSpec, changed: Mapping[str, float]) -> SiteSpec:
        facility = spec.facility[name]
        assert facility.cooling is not None
        assert facility.cooling.tank is not None
        new = facility.cooling.model_copy(update={"tank": facility.cooling.tank.model_copy(update=dict(changed))})
        return _with(spec, "facility", name, {"cooling": new})

    if sizing.energy_kwh is not None:
        ratios = {} if sizing.power_kw is not None else {
            "charge_kw": tank.charge_kw / tank.energy_kwh, "discharge_kw": tank.discharge_kw / tank.energy_kwh
        }

        def energy(spec: SiteSpec, to: float) -> SiteSpec:
            return change(spec, {"energy_kwh": to, **{field: ratio * to for field, ratio in ratios.items()}})

        yield _size(
            name,
            "energy_kwh",
            SizeKind.ENERGY,
            sizing.energy_kwh,
            tank.energy_kwh,
            sizing.land_m2_per_kwh,
            energy,
            section="tank",
        )
    if sizing.power_kw is not None:
        ratio = tank.discharge_kw / tank.charge_kw

        def power(spec: SiteSpec, to: float) -> SiteSpec:
            return change(spec, {"charge_kw": to, "discharge_kw": ratio * to})

        yield _size(name, "power_kw", SizeKind.POWER, sizing.power_kw, tank.charge_kw, 0.0, power, section="tank")


def _of_grid(spec: SiteSpec, sizing: GridSizingSpec) -> Iterator[OpenSize]:
    if sizing.transformer_kva is not None:
        at_site = float(spec.grid.transformer_kva or 0.0)
        yield _size(
            "grid",
            "transformer_kva",
            SizeKind.APPARENT_POWER,
            sizing.transformer_kva,
            at_site,
            0.0,
            _with_transformer,
            section="grid",
        )
    if sizing.access_capacity_kva is not None:
        assert spec.contract is not None
        assert spec.contract.supply is not None
        access = spec.contract.supply.access_capacity_kva
        stated = _size(
            "grid",
            "access_capacity_kva",
            SizeKind.APPARENT_POWER,
            sizing.access_capacity_kva,
            access if isinstance(access, float) else 0.0,
            0.0,
            lambda spec, to: _with_supply(spec, {"access_capacity_kva": to}),
            section="grid",
        )
        # one transformer, paid once
        yield replace(stated, is_billed=True, is_bought=sizing.transformer_kva is None)
    if sizing.contract_kw is not None:
        stated = _size(
            "demand",
            "contract_kw",
            SizeKind.POWER,
            sizing.contract_kw,
            0.0,
            0.0,
            lambda spec, to: _with_basic(spec, {"contract_kw": to}),
            section="grid",
        )
        yield replace(stated, is_billed=True, is_bought=False)


def _of_plant(spec: SiteSpec, range_: RangeSpec) -> OpenSize:
    assert spec.contract is not None
    assert spec.contract.supply is not None
    field = "take_or_pay_volume_kwh_per_year"

    def change(spec: SiteSpec, to: float) -> SiteSpec:
        assert spec.contract is not None
        assert spec.contract.supply is not None
        plant = spec.contract.supply.plant.model_copy(update={field: to})
        return _with_supply(spec, {"plant": plant})

    at_site = float(spec.contract.supply.plant.take_or_pay_volume_kwh_per_year or 0.0)
    stated = _size("plant", field, SizeKind.VOLUME, range_, at_site, 0.0, change, section="plant")
    return replace(stated, is_billed=True, is_bought=False)


def _field(section: str, name: str, field: str) -> _Change:
    return lambda spec, to: _with(spec, section, name, {field: to})


def _with(spec: SiteSpec, section: str, name: str, changed: Mapping[str, object]) -> SiteSpec:
    assets = dict(getattr(spec, section))
    assets[name] = assets[name].model_copy(update=dict(changed))
    return spec.model_copy(update={section: assets})


def _with_transformer(spec: SiteSpec, to: float) -> SiteSpec:
    """The rating, and the capacity that the basic charge counts by as much."""
    before = float(spec.grid.transformer_kva or 0.0)
    spec = spec.model_copy(update={"grid": spec.grid.model_copy(update={"transformer_kva": to})})
    basic = None if spec.contract is None or spec.contract.supply is None else spec.contract.supply.basic
    if basic is None or basic.capacity_kva is None:
        return spec
    return _with_basic(spec, {"capacity_kva": max(basic.capacity_kva + to - before, 0.0)})


def _with_basic(spec: SiteSpec, changed: Mapping[str, object]) -> SiteSpec:
    assert spec.contract is not None
    assert spec.contract.supply is not None
    assert spec.contract.supply.basic is not None
    return _with_supply(spec, {"basic": spec.contract.supply.basic.model_copy(update=dict(changed))})


def _with_supply(spec: SiteSpec, changed: Mapping[str, object]) -> SiteSpec:
    assert spec.contract is not None
    assert spec.contract.supply is not None
    supply = spec.contract.supply.model_copy(update=dict(changed))
    return spec.model_copy(update={"contract": spec.contract.model_copy(update={"supply": supply})})
