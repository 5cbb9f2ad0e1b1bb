"""What can't be scaled from a part of a year to the years of a project."""

from __future__ import annotations

from storage_opt.errors import Fault, Faults
from storage_opt.spec.resolved import Site

__all__ = ["require_whole_years"]

_YEAR_ROUNDING = 0.02
"""Of a year: the odd day of 365 or 366, or a week that is left out. [year]"""


def require_whole_years(site: Site) -> None:
    """Refuse to let the bill of a part of a year stand for years where it bills the peak of a year.

    That peak is billed in full however short the horizon is, so scaling the bill up would bill it many times.

    Raises
    ------
    InputError
        When it would; names every such charge.
    """
    span = site.horizon.years
    if abs(span - max(round(span), 1)) <= _YEAR_ROUNDING:
        return
    faults = Faults()
    for name, tariff in site.spec.tariff.items():
        for number, charge in enumerate(tariff.demand):
            if charge.per == "year":
                what = (
                    f"the peak of a year is billed in full, so a bill over {span * 365:.0f} days cannot stand for the "
                    "years of a project"
                )
                hint = "take a horizon of whole years"
                faults.add(Fault(what, hint, key=f"tariff.{name}.demand[{number}].per"))
    faults.raise_if_any()
