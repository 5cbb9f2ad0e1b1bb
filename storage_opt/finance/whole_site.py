"""The project that a site file describes by itself: everything that has a cost is new, at the size it has there."""

from __future__ import annotations

from collections.abc import Mapping

from storage_opt.charges.base import Stream
from storage_opt.finance.project import AssetSize, Project, Row
from storage_opt.spec.site import SiteSpec

__all__ = ["project_of_site", "sizes_of_site"]


def project_of_site(
    site: SiteSpec,
    savings: Mapping[Stream, Row],
    *,
    throughput_kwh: Row | None = None,
    charging_cost: Row | None = None,
    augmentation: Row | None = None,
) -> Project:
    """The project of a site with its `[finance]` table, for savings that are known; parameters as of :class:`Project`.

    Raises
    ------
    ValueError
        When the site has no `[finance]`, or an asset with a cost has no size in the file.
    """
    if site.finance is None:
        message = "the site says nothing of money; write a [finance] section"
        raise ValueError(message)
    return Project(
        site.finance,
        sizes_of_site(site),
        savings,
        augmentation=augmentation,
        throughput_kwh=throughput_kwh,
        charging_cost=charging_cost,
    )


def sizes_of_site(site: SiteSpec) -> dict[str, AssetSize]:
    """Sizes in the file of all assets that have a cost.

    Parameters
    ----------
    site : SiteSpec
        With a `[finance]` table; without one, nothing has a cost.
    """
    return {name: _size(site, name) for name in (site.finance.cost if site.finance is not None else ())}


def _size(site: SiteSpec, name: str) -> AssetSize:
    if name in site.battery:
        battery = site.battery[name]
        return AssetSize(max(battery.power_kw, battery.discharge_limit_kw), battery.energy_kwh)
    if name in site.generator:
        return AssetSize(power_kw=site.generator[name].capacity_kw)
    if name in site.facility:
        cooling = site.facility[name].cooling
        tank = None if cooling is None else cooling.tank
        if tank is None:
            message = f"building {name!r} has a cost and no tank that is bought; leave finance.cost.{name} out"
            raise ValueError(message)
        return AssetSize(max(tank.charge_kw, tank.discharge_kw), tank.energy_kwh)
    supply = None if site.contract is None else site.contract.supply
    access_kva = None if supply is None else supply.access_capacity_kva
    if not isinstance(access_kva, int | float):
        access_kva = site.grid.transformer_kva
    if access_kva is None:
        message = "the grid has a cost and no size; give grid.transformer_kva or contract.supply.access_capacity_kva"
        raise ValueError(message)
    return AssetSize(capacity_kva=float(access_kva))
