"""The rules of a contract, on the flows and energies of a site."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage_opt.errors import Faults
from storage_opt.lowering.contract.defaults import contract_with_defaults
from storage_opt.lowering.contract.meters import EXPORT, IMPORT, produced, storage_charge
from storage_opt.lowering.contract.ratios import lower_ratios
from storage_opt.lowering.refusal import gathered
from storage_opt.lowering.window import window_mask
from storage_opt.modeler import Rule, Sense
from storage_opt.rules.base import ContractRule
from storage_opt.rules.cap import PowerCap
from storage_opt.rules.evenness import DailyEvenness
from storage_opt.schedule import Metered
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import Regime

__all__ = ["lower_rules"]


def lower_rules(site: Site) -> tuple[ContractRule, ...]:
    """Every rule of the site's contract; none without a contract.

    Parameters
    ----------
    site : Site
        A validated site.

    Raises
    ------
    InputError
        When a ratio has nothing to refer to or a window does not fit the horizon; lists all faults.
    """
    if site.spec.contract is None:
        return ()
    faults = Faults()
    rules: list[ContractRule] = []
    contract = site.spec.contract
    with gathered(faults):
        contract = contract_with_defaults(site).contract
    for lowered in (lower_ratios, _exchange_caps, _access_capacity, _export_stops, _evenness, _grid_charging):
        with gathered(faults):
            rules += lowered(site, contract)
    faults.raise_if_any()
    return tuple(rules)


def _exchange_caps(site: Site, contract: ContractSpec) -> list[ContractRule]:
    if contract.supply is not None and contract.supply.regime is Regime.OFF_GRID:
        nothing, key = np.zeros(site.horizon.steps), "contract.supply.regime"
        return [
            _cap("off_grid_import", "no import, off-grid (离网型无下网)", key, IMPORT, nothing),
            _cap("off_grid_export", "no export, off-grid (离网型无上网)", key, EXPORT, nothing),
        ]
    if contract.exchange_cap_kw is None:
        return []
    limit, key = site.values(contract.exchange_cap_kw), "contract.exchange_cap_kw"
    return [
        _cap("import_cap", "declared exchange power, import (交换功率上限)", key, IMPORT, limit),
        _cap("export_cap", "declared exchange power, export (交换功率上限)", key, EXPORT, limit),
    ]


def _access_capacity(site: Site, contract: ContractSpec) -> list[ContractRule]:
    supply = contract.supply
    if supply is None or supply.regime is Regime.OFF_GRID or not isinstance(supply.access_capacity_kva, float):
        return []
    limit = np.full(site.horizon.steps, supply.access_capacity_kva * site.spec.grid.power_factor)
    key = "contract.supply.access_capacity_kva"
    return [_cap("access_capacity", "access capacity x power factor (接网容量)", key, IMPORT, limit)]


def _export_stops(site: Site, contract: ContractSpec) -> list[ContractRule]:
    rules: list[ContractRule] = []
    if not contract.spot_region:
        words = "no export without a continuous spot market (未连续运行现货地区不得上网)"
        rules.append(_cap("spot_region", words, "contract.spot_region", EXPORT, np.zeros(site.horizon.steps)))
    if not contract.no_export:
        return rules
    closed = np.zeros(site.horizon.steps, dtype=np.bool_)
    faults = Faults()
    for number, window in enumerate(contract.no_export):
        with gathered(faults):
            closed |= window_mask(window, site.horizon, f"contract.no_export[{number}]")
    faults.raise_if_any()
    if not closed.any():
        return rules
    words = "no export in named periods (禁止上网时段)"
    rules.append(_cap("no_export", words, "contract.no_export", EXPORT, np.where(closed, 0.0, np.inf)))
    return rules


def _evenness(site: Site, contract: ContractSpec) -> list[ContractRule]:
    del site
    if contract.exchange_peak_valley_max_frac is None or contract.exchange_peak_valley_max_frac == 1.0:
        return []  # a rate of 1 allows everything
    words = "peak-valley rate of import on a day (下网峰谷差率)"
    rule = Rule("contract.peak_valley_rate", words, "kW", "contract.exchange_peak_valley_max_frac")
    return [DailyEvenness(rule, IMPORT, contract.exchange_peak_valley_max_frac)]


def _grid_charging(site: Site, contract: ContractSpec) -> list[ContractRule]:
    if contract.storage_from_grid == "not_green" or not site.spec.battery:
        return []
    words = "storage charged from own generation only (储能不得从电网充电)"
    rule = Rule("contract.storage_from_grid", words, "kW", "contract.storage_from_grid", Sense.SWITCH)
    from_grid = storage_charge(site.spec) - produced(site.spec)
    return [PowerCap(rule, from_grid, np.zeros(site.horizon.steps))]


def _cap(name: str, words: str, key: str, metered: Metered, limit_kw: NDArray[np.float64]) -> PowerCap:
    return PowerCap(Rule(f"contract.{name}", words, "kW", key), metered, limit_kw)
