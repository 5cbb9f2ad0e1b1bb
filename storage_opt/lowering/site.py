"""Everything a site pays for, as charges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from storage_opt.charges.base import Charge
from storage_opt.errors import Fault, Faults
from storage_opt.lowering.assets import lower_assets
from storage_opt.lowering.backup import backup_plan
from storage_opt.lowering.compute.charges import lower_service
from storage_opt.lowering.contract.supply import lower_supply
from storage_opt.lowering.products.charges import lower_products
from storage_opt.lowering.refusal import gathered
from storage_opt.lowering.tariff import lower_tariff
from storage_opt.spec.resolved import Site

__all__ = ["lower_site"]


def lower_site(site: Site) -> tuple[Charge, ...]:
    """All charges of a site: its tariffs in order, then what its assets cost.

    Parameters
    ----------
    site : Site
        A validated site with its series.

    Raises
    ------
    InputError
        When tariffs can't be applied to the horizon, or the backup can't be held; lists the faults of all of them.
    """
    file = site.source.name if site.source else ""
    faults = Faults()
    charges: list[Charge] = []
    for name, tariff in site.spec.tariff.items():
        with gathered(faults):
            charges.extend(lower_tariff(name, tariff, site))
    with gathered(faults):
        charges.extend(lower_supply(site))
    with gathered(faults):
        charges.extend(lower_assets(site))
    charges.extend(lower_service(site))
    with gathered(faults):
        charges.extend(lower_products(site))
    with gathered(faults):
        # costs nothing by itself; what can't be held is told with everything else that is wrong
        backup_plan(site)
    faults.extend(_names_twice(charges))
    Faults([replace(fault, file=fault.file or file) for fault in faults.found]).raise_if_any()
    return tuple(charges)


def _names_twice(charges: Iterable[Charge]) -> list[Fault]:
    counts = Counter(charge.line.name for charge in charges)
    return [
        Fault(
            f"line `{name}` occurs {times} times",
            "rename the charge, tariff or asset",
            key=f"tariff.{name.split('.')[0]}",
        )
        for name, times in counts.items()
        if times > 1
    ]
