"""What the contract measures: exchange, generation, self-use, consumption.

Self-use follows 发改能源〔2026〕688号 art. 11: generation that is used, less export. Energy that a battery took
from the grid never adds to it, whatever it serves later, because only generation is counted; and all export counts
as generation, also where a battery resells grid energy, which can only understate self-use. With storage losses taken
off, self-use is ``used - export - charge + discharge``, which on the bus is load less import.
"""

from __future__ import annotations

from storage_opt.schedule import GRID, Flow, FlowKind, Metered
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.site import SiteSpec

__all__ = ["EXPORT", "IMPORT", "available", "consumption", "produced", "self_use", "storage_charge"]

IMPORT = Metered.of(Flow(GRID, FlowKind.IMPORT_KW))
EXPORT = Metered.of(Flow(GRID, FlowKind.EXPORT_KW))


def produced(spec: SiteSpec) -> Metered:
    """Output of all plants that is used or exported. [kW]"""
    return Metered.of(*(Flow(name, FlowKind.USED_KW) for name in spec.generator))


def available(spec: SiteSpec) -> Metered:
    """Output all plants could give, curtailed output included. [kW]"""
    return Metered.of(*(Flow(name, FlowKind.AVAILABLE_KW) for name in spec.generator))


def storage_charge(spec: SiteSpec) -> Metered:
    """What all batteries draw. [kW]"""
    return Metered.of(*(Flow(name, FlowKind.CHARGE_KW) for name in spec.battery))


def self_use(spec: SiteSpec, contract: ContractSpec) -> Metered:
    """Generation used on site, less what storage loses where the contract says so. [kW]"""
    kept = produced(spec) - EXPORT
    if contract.deduct_storage_losses:
        discharge = Metered.of(*(Flow(name, FlowKind.DISCHARGE_KW) for name in spec.battery))
        kept = kept - storage_charge(spec) + discharge
    return kept


def consumption(spec: SiteSpec, contract: ContractSpec) -> Metered:
    """The load, or what the meters say was consumed, storage losses included. [kW]"""
    if contract.consumption_basis == "metered":
        return IMPORT + produced(spec) - EXPORT
    return Metered.of(*(Flow(name, FlowKind.LOAD_KW) for name in spec.consumers))
