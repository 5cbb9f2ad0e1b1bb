"""What a contract leaves out, filled from the national rules and the catalog, each told with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from storage_opt.errors import InputError
from storage_opt.lowering.contract.agency import agency_defaults
from storage_opt.lowering.contract.network_defaults import network_defaults
from storage_opt.lowering.contract.tou import shape_notes
from storage_opt.spec.basic_charge import BasicChargeSpec
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import Regime, SupplySpec

__all__ = ["DefaultedContract", "contract_notes", "contract_with_defaults"]

_NATIONAL = "发改能源〔2025〕650号 art. 6"
_LATER_VINTAGE = 2030


@dataclass(frozen=True, slots=True)
class DefaultedContract:
    """A contract with its gaps filled, and what was filled from where."""

    contract: ContractSpec
    notes: tuple[str, ...]


def contract_with_defaults(site: Site) -> DefaultedContract:
    """Fill ratios of the national rules and prices of the catalog; what the user wrote stays.

    Parameters
    ----------
    site : Site
        A site with a contract; prices in force on the first day of its horizon are taken.

    Raises
    ------
    InputError
        When the catalog knows no such region or voltage.
    """
    contract = site.spec.contract or ContractSpec()
    ratios, told = _national_ratios(contract, has_plant=bool(site.spec.generator))
    if contract.supply is None:
        return DefaultedContract(contract.model_copy(update=ratios), told)
    supply, notes = _supply(contract.supply, site)
    return DefaultedContract(contract.model_copy(update=ratios | {"supply": supply}), (*told, *notes))


def contract_notes(site: Site) -> tuple[str, ...]:
    """What was filled in for a site's contract, with its source; nothing without a contract."""
    return contract_with_defaults(site).notes if site.spec.contract else ()


def _national_ratios(contract: ContractSpec, *, has_plant: bool) -> tuple[dict[str, float], tuple[str, ...]]:
    if contract.rule_set == "none" or not has_plant:
        return {}, ()
    later = contract.commissioned_year is not None and contract.commissioned_year >= _LATER_VINTAGE
    national = {
        "self_use_of_available_min_frac": 0.60,
        "self_use_of_consumption_min_frac": 0.35 if later else 0.30,
        "export_of_available_max_frac": 0.20,
    }
    filled = {name: value for name, value in national.items() if getattr(contract, name) is None}
    return filled, tuple(f"contract.{name} = {value:g} from {_NATIONAL}" for name, value in filled.items())


def _supply(supply: SupplySpec, site: Site) -> tuple[SupplySpec, tuple[str, ...]]:
    supply = supply.model_copy(update={"basic": _basic_with_capacity(supply)})
    notes: list[str] = []
    # the agency's sheet goes first: its line loss and funds are those its prices were made with
    fillers = [agency_defaults, network_defaults] if supply.regime is Regime.ORDINARY_AGENCY else [network_defaults]
    for fill in fillers if supply.region is not None else []:
        with _at("contract.supply.region"):
            filled, told = fill(supply, site)
            supply = supply.model_copy(update=filled)
            notes += told
    if site.spec.generator and not supply.plant.site_sells and site.values(supply.export_price_per_kwh).any():
        notes.append(
            "exported energy is the plant owner's, because the site pays for what it consumes; if it is the site's, "
            'write contract.supply.plant.export_revenue = "site"'
        )
    with _at("contract.supply.tou.calendar"):
        notes += shape_notes(supply.tou, site)
    return supply, tuple(dict.fromkeys(notes))


@contextmanager
def _at(key: str) -> Iterator[None]:
    """Say where the user wrote what the catalog does not know."""
    try:
        yield
    except InputError as error:
        raise InputError([replace(fault, key=fault.key or key) for fault in error.faults]) from error


def _basic_with_capacity(supply: SupplySpec) -> BasicChargeSpec | None:
    """The basic charge on the access capacity, where it names no capacity of its own."""
    basic, access = supply.basic, supply.access_capacity_kva
    if basic is None or basic.capacity_kva is not None or access is None or isinstance(access, str):
        return basic
    changed: Mapping[str, float] = {"capacity_kva": access}
    return basic.model_copy(update=changed)
