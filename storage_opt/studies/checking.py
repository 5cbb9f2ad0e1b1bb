"""What a site was understood to be, before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from storage_opt.charges.base import Charge
from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.marginal import price_per_kwh
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.products.notes import product_notes
from storage_opt.lowering.site import lower_site
from storage_opt.rules.base import RuleCheck
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
    baseline_rules : tuple of RuleCheck
        Contract rules, measured on the site without storage.
    notes : tuple of str
        What was read and filled in on the way.
    import_price, export_price : (T,) array
        Price of one more kWh imported, and exported (negative when the site is paid). [money/kWh]
    """

    site: Site
    charges: tuple[Charge, ...]
    baseline_rules: tuple[RuleCheck, ...]
    notes: tuple[str, ...]
    import_price: NDArray[np.float64]
    export_price: NDArray[np.float64]


def check(site: Site) -> Understanding:
    """Apply the tariffs of a site to its horizon, without a solver.

    Raises
    ------
    InputError
        When a tariff can't be applied; lists all faults.
    """
    charges, rules = lower_site(site), lower_rules(site)
    baseline = baseline_schedule(site, charges, rules)
    checks = tuple(rule.check(baseline.schedule, site.horizon) for rule in rules)
    notes = (*site.notes, *contract_notes(site), *product_notes(site), *compute_plan(site).notes, *baseline.notes)
    imported, exported = Flow(GRID, FlowKind.IMPORT_KW), Flow(GRID, FlowKind.EXPORT_KW)
    return Understanding(
        site,
        charges,
        checks,
        notes,
        price_per_kwh(charges, imported, site.horizon),
        price_per_kwh(charges, exported, site.horizon),
    )
