"""The rules of a contract, on the flows and energies of a site.

Self-use follows 发改能源〔2026〕688号 art. 11: generation that is used, less export. Energy that a battery took
from the grid never adds to it, whatever it serves later, because only generation is counted; and all export counts
as generation, also where a battery resells grid energy, which can only understate self-use.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from storage_opt.errors import Fault, Faults
from storage_opt.lowering.refusal import gathered
from storage_opt.lowering.window import window_mask
from storage_opt.modeler import Rule, Sense
from storage_opt.rules.base import ContractRule
from storage_opt.rules.cap import PowerCap
from storage_opt.rules.evenness import DailyEvenness
from storage_opt.rules.share import ShareRule
from storage_opt.schedule import GRID, Flow, FlowKind, Metered
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site

__all__ = ["lower_rules"]

_IMPORT = Metered.of(Flow(GRID, FlowKind.IMPORT_KW))
_EXPORT = Metered.of(Flow(GRID, FlowKind.EXPORT_KW))


@dataclass(frozen=True, slots=True)
class _Ratio:
    """A ratio of energies, before its numbers are known."""

    name: str
    words: str
    sense: Sense

    @property
    def key(self) -> str:
        """Where it stands in the site file."""
        return f"contract.{self.name}_{'min' if self.sense is Sense.FLOOR else 'max'}_frac"


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
    contract = site.spec.contract
    if contract is None:
        return ()
    faults = Faults()
    rules: list[ContractRule] = []
    with gathered(faults):
        rules += _shares(site, contract)
    rules += _caps(site, contract)
    with gathered(faults):
        rules += _no_export(site, contract)
    faults.raise_if_any()
    if contract.exchange_peak_valley_max_frac is not None:
        words = "peak-valley rate of import on a day (下网峰谷差率)"
        rule = Rule("contract.peak_valley_rate", words, "kW", "contract.exchange_peak_valley_max_frac")
        rules.append(DailyEvenness(rule, _IMPORT, contract.exchange_peak_valley_max_frac))
    return tuple(rules)


def _shares(site: Site, contract: ContractSpec) -> list[ContractRule]:
    h = site.horizon.step_h
    plants = site.spec.generator.items()
    available_kwh = sum(float(site.values(p.profile).sum()) * p.capacity_kw * h for _, p in plants)
    consumed_kwh = sum(float(site.values(load.power_kw).sum()) * h for load in site.spec.load.values())
    self_use = _self_use(site, contract)
    asked = (
        _Ratio("self_use_of_available", "self-use of available generation (自发自用占可用发电量)", Sense.FLOOR),
        _Ratio("self_use_of_consumption", "self-use of consumption (自发自用占总用电量)", Sense.FLOOR),
        _Ratio("export_of_available", "export of available generation (上网占可用发电量)", Sense.CAP),
    )
    shares = (
        contract.self_use_of_available_min_frac,
        contract.self_use_of_consumption_min_frac,
        contract.export_of_available_max_frac,
    )
    faults, rules = Faults(), []
    for ratio, share, whole_kwh in zip(asked, shares, (available_kwh, consumed_kwh, available_kwh), strict=True):
        if share is None:
            continue
        if whole_kwh <= 0:
            what = f"{ratio.words} has nothing to refer to: that energy is 0 kWh on this horizon"
            faults.add(Fault(what, "add a generator, or leave the rule out", key=ratio.key))
            continue
        rule = Rule(f"contract.{ratio.name}", ratio.words, "percentage point", ratio.key, ratio.sense)
        rules.append(ShareRule(rule, self_use if ratio.sense is Sense.FLOOR else _EXPORT, whole_kwh, share))
    faults.raise_if_any()
    return list(rules)


def _self_use(site: Site, contract: ContractSpec) -> Metered:
    used = Metered.of(*(Flow(name, FlowKind.USED_KW) for name in site.spec.generator))
    self_use = used - _EXPORT
    if contract.deduct_storage_losses:
        for name in site.spec.battery:
            lost = Metered.of(Flow(name, FlowKind.CHARGE_KW)) - Metered.of(Flow(name, FlowKind.DISCHARGE_KW))
            self_use = self_use - lost
    return self_use


def _caps(site: Site, contract: ContractSpec) -> list[ContractRule]:
    if contract.exchange_cap_kw is None:
        return []
    limit = site.values(contract.exchange_cap_kw)
    key = "contract.exchange_cap_kw"
    return [
        PowerCap(
            Rule("contract.import_cap", "declared exchange power, import (交换功率上限)", "kW", key), _IMPORT, limit
        ),
        PowerCap(
            Rule("contract.export_cap", "declared exchange power, export (交换功率上限)", "kW", key), _EXPORT, limit
        ),
    ]


def _no_export(site: Site, contract: ContractSpec) -> list[ContractRule]:
    if not contract.no_export:
        return []
    closed = np.zeros(site.horizon.steps, dtype=np.bool_)
    faults = Faults()
    for number, window in enumerate(contract.no_export):
        with gathered(faults):
            closed |= window_mask(window, site.horizon, f"contract.no_export[{number}]")
    faults.raise_if_any()
    rule = Rule("contract.no_export", "no export in named periods (禁止上网时段)", "kW", "contract.no_export")
    return [PowerCap(rule, _EXPORT, np.where(closed, 0.0, np.inf))]
