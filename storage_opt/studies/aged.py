"""A site whose batteries are no longer new."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site

__all__ = ["Health", "aged"]


@dataclass(frozen=True, slots=True)
class Health:
    """How a battery differs from what it was when new.

    Parameters
    ----------
    energy_frac : float
        Energy over rated energy.
    efficiency_frac : float
        Round-trip efficiency over that when new.
    installed_frac : float
        Rated energy of the cells in service over rated energy.
    renewal_price_frac : float
        What the life of its cells is worth over what is paid when they are renewed.
    """

    energy_frac: float = 1.0
    efficiency_frac: float = 1.0
    installed_frac: float = 1.0
    renewal_price_frac: float = 1.0

    def differs(self, other: Health) -> float:
        """Largest difference of any of its shares."""
        pairs = zip(astuple(self), astuple(other), strict=True)
        return max(abs(float(a) - float(b)) for a, b in pairs)


def aged(site: Site, health: Mapping[str, Health]) -> Site:
    """The site with batteries in a state of health; those that are not named stay as they are.

    Parameters
    ----------
    site : Site
        With batteries as they were when new.
    health : mapping of str to Health
        By name of the battery.

    Notes
    -----
    Energy falls, and with it everything that is given as a share of it: the window, start and end, and caps in cycles.
    Power, auxiliary draw and caps in kWh stay. The round trip loses as much while charging as while discharging. A
    share of life costs what the cells in service cost to replace, however little they hold, so that
    ``replacement_cost_per_kwh`` rises by installed over held energy; ``wear_cost_per_kwh`` is a mean over life already.
    A battery without cells neither stores nor draws.
    """
    battery = {name: _aged(spec, health[name]) if name in health else spec for name, spec in site.spec.battery.items()}
    return replace(site, spec=site.spec.model_copy(update={"battery": battery}))


def _aged(battery: BatterySpec, health: Health) -> BatterySpec:
    if health.energy_frac <= 0.0:
        nothing = dict.fromkeys(("energy_kwh", "power_kw", "auxiliary_kw"), 0.0)
        return battery.model_copy(update={**nothing, "discharge_kw": None, "wear": None})
    one_way = math.sqrt(health.efficiency_frac)
    wear = battery.wear
    if wear is not None:
        dearer = health.renewal_price_frac * health.installed_frac / health.energy_frac
        wear = wear.model_copy(update={"replacement_cost_per_kwh": wear.replacement_cost_per_kwh * dearer})
    return battery.model_copy(
        update={
            "energy_kwh": battery.energy_kwh * health.energy_frac,
            "charge_efficiency": battery.charge_efficiency * one_way,
            "discharge_efficiency": battery.discharge_efficiency * one_way,
            "wear_cost_per_kwh": battery.wear_cost_per_kwh * health.renewal_price_frac,
            "wear": wear,
        }
    )
