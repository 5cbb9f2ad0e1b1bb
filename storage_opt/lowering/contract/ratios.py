"""Ratios of energy a contract requires in each contract year: self-use, export, green share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.grouping import Groups
from storage_opt.errors import Fault, Faults
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.lowering.contract.meters import EXPORT, IMPORT, available, consumption, self_use
from storage_opt.lowering.refusal import refuse
from storage_opt.lowering.years import counted_years
from storage_opt.modeler import Rule, Sense
from storage_opt.rules.base import ContractRule
from storage_opt.rules.share import Counted, ShareRule
from storage_opt.schedule import Metered
from storage_opt.spec.contract import ContractSpec, YearToDateSpec
from storage_opt.spec.resolved import Site
from storage_opt.workload.flows import unshifted_load_kw

__all__ = ["green_energy", "lower_ratios", "yearly_available_kwh", "yearly_consumption_kwh"]


@dataclass(frozen=True, slots=True)
class _Ratio:
    """A ratio of energies, before its numbers are known."""

    name: str
    words: str
    key: str
    sense: Sense
    share_frac: float | None
    part: Metered
    of_consumption: bool
    part_before_kwh: float
    bought: bool = False


def lower_ratios(site: Site, contract: ContractSpec) -> list[ContractRule]:
    """A rule for each ratio and contract year of the horizon.

    Raises
    ------
    InputError
        When a ratio has nothing to refer to; lists all of them.
    """
    years = counted_years(site.horizon, contract.year_start_month)
    before = _year_to_date(site, contract)
    faults, rules = Faults(), []
    wholes = {
        False: (available(site.spec), yearly_available_kwh(site, years), before.available_kwh),
        True: (consumption(site.spec, contract), yearly_consumption_kwh(site, years), before.consumption_kwh),
    }
    for ratio in _asked(site, contract, before):
        whole, whole_kwh, whole_before_kwh = wholes[ratio.of_consumption]
        for year in range(years.count):
            first = year == 0
            reference = float(whole_kwh[year]) + whole_before_kwh * first
            if reference <= 0:
                what = f"{ratio.words} has nothing to refer to: that energy is 0 kWh on this horizon"
                faults.add(Fault(what, "add a generator, or leave the rule out", key=ratio.key))
                break
            counted = Counted(years.ids == year, ratio.part_before_kwh * first, whole_before_kwh * first)
            rule = _rule(ratio, years.labels[year] if years.count > 1 else "")
            rules.append(
                ShareRule(rule, ratio.part, whole, float(ratio.share_frac or 0.0), counted, reference, ratio.bought)
            )
    faults.raise_if_any()
    return list(rules)


def green_energy(site: Site, contract: ContractSpec) -> Metered:
    """Renewable consumption before certificates: self-use, and the green part of import. [kW]"""
    bought = IMPORT.times(contract.green.market_green_frac if contract.green else 0.0)
    return self_use(site.spec, contract) + bought if site.spec.generator else bought


def yearly_available_kwh(site: Site, years: Groups) -> NDArray[np.float64]:
    """Energy all plants could give in each contract year (Y,). [kWh]"""
    total = np.zeros(site.horizon.steps)
    for plant in site.spec.generator.values():
        total += plant.capacity_kw * site.values(plant.profile)
    return np.bincount(years.ids, total * site.horizon.step_h, years.count).astype(np.float64)


def yearly_consumption_kwh(site: Site, years: Groups) -> NDArray[np.float64]:
    """Energy of all consumers in each contract year when nothing is shifted (Y,). [kWh]"""
    total = np.zeros(site.horizon.steps)
    for load in site.spec.load.values():
        total += site.values(load.power_kw)
    for facility in compute_plan(site).facilities.values():
        total += unshifted_load_kw(facility)
    return np.bincount(years.ids, total * site.horizon.step_h, years.count).astype(np.float64)


def _asked(site: Site, contract: ContractSpec, before: YearToDateSpec) -> list[_Ratio]:
    own = self_use(site.spec, contract)
    ratios = [
        _Ratio(
            "self_use_of_available",
            "self-use of available generation (自发自用占可用发电量)",
            "contract.self_use_of_available_min_frac",
            Sense.FLOOR,
            contract.self_use_of_available_min_frac,
            own,
            of_consumption=False,
            part_before_kwh=before.self_use_kwh,
        ),
        _Ratio(
            "self_use_of_consumption",
            "self-use of consumption (自发自用占总用电量)",
            "contract.self_use_of_consumption_min_frac",
            Sense.FLOOR,
            contract.self_use_of_consumption_min_frac,
            own,
            of_consumption=True,
            part_before_kwh=before.self_use_kwh,
        ),
        _Ratio(
            "export_of_available",
            "export of available generation (上网占可用发电量)",
            "contract.export_of_available_max_frac",
            Sense.CAP,
            contract.export_of_available_max_frac,
            EXPORT,
            of_consumption=False,
            part_before_kwh=before.export_kwh,
        ),
    ]
    if contract.green is not None:
        bought = contract.green.certificate_price_per_kwh is not None
        ratios.append(
            _Ratio(
                "green_share",
                "green share of consumption"
                + (", certificates included (绿电占比, 含绿证)" if bought else " (绿电占比)"),
                "contract.green.min_share_frac",
                Sense.FLOOR,
                contract.green.min_share_frac,
                green_energy(site, contract),
                of_consumption=True,
                part_before_kwh=before.green_kwh,
                bought=bought,
            )
        )
    return [ratio for ratio in ratios if ratio.share_frac is not None]


def _rule(ratio: _Ratio, year: str) -> Rule:
    name = f"contract.{ratio.name}" + (f"_{year}" if year else "")
    words = ratio.words + (f" in {year}" if year else "")
    return Rule(
        name, words, "percentage point", ratio.key, ratio.sense, required=100.0 * float(ratio.share_frac or 0.0)
    )


def _year_to_date(site: Site, contract: ContractSpec) -> YearToDateSpec:
    if contract.year_to_date is None:
        return YearToDateSpec()
    whole = site.spec.horizon.build()
    if site.horizon.start_instant != whole.start_instant:
        what = (
            f"holds for the start of the horizon, {whole.start_instant:%Y-%m-%d}, but the part that is solved starts "
            f"on {site.horizon.start_instant:%Y-%m-%d}: what happens in between is not known"
        )
        refuse("contract.year_to_date", what, "start with the horizon, or leave year_to_date out for this part")
    return contract.year_to_date
