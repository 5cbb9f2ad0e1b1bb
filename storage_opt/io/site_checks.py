"""What can be seen to be wrong only once all values stand on the horizon, and needs no solver."""

from __future__ import annotations

import numpy as np

from storage_opt.errors import Fault
from storage_opt.horizon import Horizon
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.scenario_fit import scenario_misfits

__all__ = ["site_faults"]

_TOLERANCE = 1e-9


def site_faults(site: Site, file: str) -> list[Fault]:
    """Contradictions between values of a site, each with its interval.

    Parameters
    ----------
    site : Site
        The site with its series read.
    file : str
        Name of the site file.
    """
    faults: list[Fault] = []
    for name, battery in site.spec.battery.items():
        faults += _battery_faults(site, name, battery, file)
    faults += scenario_misfits(site.spec, file)
    return faults


def _battery_faults(site: Site, name: str, battery: BatterySpec, file: str) -> list[Fault]:
    low, high = site.values(battery.soc_min_frac), site.values(battery.soc_max_frac)
    crossed = np.flatnonzero(low > high + _TOLERANCE)
    if crossed.size:
        first = int(crossed[0])
        what = (
            f"soc_min_frac is above soc_max_frac in {crossed.size:,} intervals, "
            f"first at {_clock(site.horizon, first)} ({low[first]:g} above {high[first]:g})"
        )
        return [Fault(what, "lower soc_min_frac or raise soc_max_frac", file, f"battery.{name}.soc_min_frac")]
    faults: list[Fault] = []
    initial = battery.initial_soc_frac
    if initial is not None and not low[0] - _TOLERANCE <= initial <= high[0] + _TOLERANCE:
        what = f"initial_soc_frac {initial:g} lies outside the window {low[0]:g} to {high[0]:g}"
        hint = "start inside the window, or widen soc_min_frac and soc_max_frac"
        faults.append(Fault(what, hint, file, f"battery.{name}.initial_soc_frac"))
    final = battery.final_soc
    least = final if isinstance(final, float | int) else getattr(final, "at_least", None)
    if least is not None and least > high[-1] + _TOLERANCE:
        what = f"final_soc {least:g} lies above the window's upper end {high[-1]:g} in the last interval"
        faults.append(Fault(what, "lower final_soc, or raise soc_max_frac", file, f"battery.{name}.final_soc"))
    if isinstance(final, float | int) and final < low[-1] - _TOLERANCE:
        what = f"final_soc {final:g} lies below the window's lower end {low[-1]:g} in the last interval"
        faults.append(Fault(what, "raise final_soc, or lower soc_min_frac", file, f"battery.{name}.final_soc"))
    return faults


def _clock(horizon: Horizon, interval: int) -> str:
    return str(horizon.stamps[interval].strftime("%Y-%m-%d %H:%M"))
