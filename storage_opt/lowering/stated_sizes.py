"""A site that leaves no size open, as one whose sizes are what the file says: a project that is judged, not sized."""

from __future__ import annotations

from dataclasses import replace

from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.sizing import (
    BatterySizingSpec,
    GeneratorSizingSpec,
    GridSizingSpec,
    RangeSpec,
    SizingSpec,
    TankSizingSpec,
)

__all__ = ["as_stated"]


def as_stated(site: Site) -> Site:
    """The site with everything that has a cost new, at its size in the file; unchanged where it has `[sizing]`."""
    spec = site.spec
    if spec.sizing is not None or spec.finance is None or not spec.finance.cost:
        return site
    return replace(site, spec=spec.model_copy(update={"sizing": _sizing(spec, set(spec.finance.cost))}))


def _sizing(spec: SiteSpec, priced: set[str]) -> SizingSpec:
    tanks = {
        name: cooling.tank
        for name, building in spec.facility.items()
        if name in priced and (cooling := building.cooling) is not None and cooling.tank is not None
    }
    kva = spec.grid.transformer_kva
    return SizingSpec(
        battery={
            name: BatterySizingSpec(energy_kwh=_fixed(battery.energy_kwh), power_kw=_fixed(battery.power_kw))
            for name, battery in spec.battery.items()
            if name in priced
        },
        generator={
            name: GeneratorSizingSpec(capacity_kw=_fixed(plant.capacity_kw))
            for name, plant in spec.generator.items()
            if name in priced
        },
        tank={name: TankSizingSpec(energy_kwh=_fixed(tank.energy_kwh)) for name, tank in tanks.items()},
        grid=GridSizingSpec(transformer_kva=_fixed(kva)) if "grid" in priced and kva is not None else None,
    )


def _fixed(size: float) -> RangeSpec:
    return RangeSpec(least=size, most=size)
