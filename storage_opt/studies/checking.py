"""What a site was understood to be, before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage_opt.charges.base import Charge
from storage_opt.ledger.marginal import price_per_kwh
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.resolved import Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Understanding", "check"]


@dataclass(frozen=True, slots=True, eq=False)
class Understanding:
    """A site and what its tariffs come to.

    Parameters
    ----------
    site : Site
        The validated site.
    charges : tuple of Charge
        Every line of its bill.
    import_price, export_price : (T,) array
        Price of one more kWh imported, and exported (negative when the site is paid). [money/kWh]
    """

    site: Site
    charges: tuple[Charge, ...]
    import_price: NDArray[np.float64]
    export_price: NDArray[np.float64]


def check(site: Site) -> Understanding:
    """Apply the tariffs of a site to its horizon, without a solver.

    Raises
    ------
    InputError
        When a tariff can't be applied; lists all faults.
    """
    charges = lower_site(site)
    imported, exported = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)
    return Understanding(
        site, charges, price_per_kwh(charges, imported, site.horizon), price_per_kwh(charges, exported, site.horizon)
    )
