"""What a plan declares to the grid company: demand of each month, access capacity."""

from __future__ import annotations

from dataclasses import dataclass

from storage_opt.ledger.ledger import Ledger
from storage_opt.spec.resolved import Site

__all__ = ["Declared", "declared_quantities"]


@dataclass(frozen=True, slots=True)
class Declared:
    """A quantity the contract left to the optimiser, to be declared for a billing period.

    Parameters
    ----------
    key : str
        Where ``"optimal"`` stands in the site file.
    period : str
        Billing period.
    value : float
        What to declare. [unit]
    unit : str
        kW of demand, kVA of capacity.
    """

    key: str
    period: str
    value: float
    unit: str


def declared_quantities(site: Site, ledger: Ledger) -> tuple[Declared, ...]:
    """Every quantity that was written as ``"optimal"``, read off the settled bill.

    Parameters
    ----------
    site : Site
        Whose contract leaves quantities open.
    ledger : Ledger
        Its bill: a declared quantity is the quantity of its line.
    """
    supply = site.spec.contract.supply if site.spec.contract else None
    if supply is None:
        return ()
    wanted: dict[str, str] = {}
    if supply.access_capacity_kva == "optimal":
        wanted |= dict.fromkeys(("contract.transmission", "contract.basic"), "contract.supply.access_capacity_kva")
    if supply.basic is not None and supply.basic.mode == "contract_demand" and supply.basic.contract_kw == "optimal":
        wanted["contract.basic"] = "contract.supply.basic.contract_kw"
    units = {"contract.supply.access_capacity_kva": "kVA", "contract.supply.basic.contract_kw": "kW"}
    found = [
        Declared(key, entry.period, entry.quantity, entry.unit)
        for entry in ledger.entries
        if (key := wanted.get(entry.line.name)) is not None and entry.unit == units[key]
    ]
    return tuple(dict.fromkeys(found))
