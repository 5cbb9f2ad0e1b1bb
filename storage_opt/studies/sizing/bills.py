"""The bill of a site as it stands, and what it falls by with what is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from storage_opt.charges.base import Stream
from storage_opt.errors import InfeasibleError, InputError
from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.lowering.backup import backup_plan
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.open_sizes import resized
from storage_opt.lowering.site import lower_site
from storage_opt.spec.resolved import Site
from storage_opt.studies.dispatch import dispatched
from storage_opt.studies.meanwhile import Meanwhile
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.sellable import selling_what_it_can

__all__ = ["Bills", "bill_as_it_stands", "standing_bill"]


@dataclass(frozen=True, slots=True, eq=False)
class Bills:
    """Bills of a year, before and with the sizes."""

    saving_per_year: Mapping[Stream, float]
    before: Mapping[Stream, float]
    """The best bill of the horizon without anything new. [money]"""
    standing: Mapping[Stream, float]
    """What the bill falls by a year just because the sizes stand there, nothing stored or shifted. [money/year]"""

    @classmethod
    def of(cls, before: Ledger, dispatch: DispatchResult) -> Bills:
        """The bills of sizes that are dispatched, and the best bill without anything new."""
        years = dispatch.site.horizon.years
        plan, there = dispatch.ledger.by_stream(), dispatch.baseline_ledger.by_stream()
        mine = before.by_stream()
        streams = dict.fromkeys((*mine, *plan, *there))
        return cls(
            {stream: (mine.get(stream, 0.0) - plan.get(stream, 0.0)) / years for stream in streams},
            mine,
            {stream: (mine.get(stream, 0.0) - there.get(stream, 0.0)) / years for stream in streams},
        )


def standing_bill(problem: SizingProblem) -> Callable[[], Ledger]:
    """:func:`bill_as_it_stands`, begun at once where it takes long; sizes and the state of batteries don't matter."""
    if not _can_choose(_standing(problem)):
        return partial(bill_as_it_stands, problem)
    return Meanwhile(_bill_as_it_stands, problem.site, problem.solver)


def _bill_as_it_stands(site: Site, solver: str | None) -> Ledger:
    return bill_as_it_stands(SizingProblem.of(site, solver=solver))


def bill_as_it_stands(problem: SizingProblem) -> Ledger:
    """The best bill of the site without anything new: what it could save anyway is no saving of the project.

    What is declared and not bought is as in the site file, unless `existing` says otherwise: to declare nothing is no
    bill that anyone pays. Backup and promises that what stands there can't hold are left out. Where no schedule keeps
    all rules without what is new, nothing is stored or shifted, and rules are broken that the bill does not price.
    """
    site = _standing(problem)
    if _can_choose(site):
        with suppress(InfeasibleError):
            return dispatched(site, solver=problem.solver, explain=False)[0].ledger
    charges = lower_site(site)
    return settle(baseline_schedule(site, charges, lower_rules(site)).schedule, charges)


def _standing(problem: SizingProblem) -> Site:
    """The site without anything new."""
    cost = problem.objective.finance.cost
    moved = [
        (size.range.existing, size)
        for size in problem.sizes
        if (size.is_bought and size.asset in cost) or "existing" in size.range.model_fields_set
    ]
    sizes = tuple(size for _, size in moved)
    site = _holding_what_it_can(resized(problem.site, sizes, np.array([existing for existing, _ in moved])))
    return selling_what_it_can(site)[0]


def _holding_what_it_can(site: Site) -> Site:
    try:
        backup_plan(site)
    except InputError:
        return replace(site, spec=site.spec.model_copy(update={"backup": None}))
    return site


def _can_choose(site: Site) -> bool:
    """Whether anything can be stored, moved, dropped or sold, so that the best bill may differ from the plain one."""
    spec = site.spec
    stores = any(battery.energy_kwh and battery.power_kw for battery in spec.battery.values())
    cools = any(building.cooling and building.cooling.tank for building in spec.facility.values())
    drops = any(load.curtailable_frac for load in spec.load.values())
    return bool(stores or cools or drops or spec.workload or spec.regulation or spec.response)
