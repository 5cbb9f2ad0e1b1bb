"""The bill of a schedule, planned or metered; needs no solver."""

from __future__ import annotations

from storage_opt.errors import Fault, Faults
from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import Flow, Schedule
from storage_opt.spec.resolved import Site

__all__ = ["bill", "horizon_faults"]


def bill(site: Site, schedule: Schedule) -> Ledger:
    """Settle a schedule under the tariffs and costs of a site, line by line and period by period.

    Parameters
    ----------
    site : Site
        Whose tariffs and assets apply.
    schedule : Schedule
        Planned or metered flows, on the horizon of the site.

    Returns
    -------
    Ledger
        Entries with quantity, unit, rate, amount, payer and payee.

    Raises
    ------
    InputError
        When a tariff can't be applied, the schedule has another horizon, or lacks a flow that a line is levied on.
    """
    charges = lower_site(site)
    faults = Faults()
    faults.extend(horizon_faults(site, schedule))
    faults.raise_if_any()
    for charge in charges:
        metered = charge.metered
        for flow in _missing(schedule, [term for term, _ in metered.terms] if metered else []):
            what = f"line `{charge.line.name}` needs `{flow.column}`, which the schedule does not have"
            faults.add(Fault(what, "add the column to the schedule", column=flow.column))
    faults.raise_if_any()
    return settle(schedule, charges)


def horizon_faults(site: Site, schedule: Schedule) -> list[Fault]:
    """What is wrong where a schedule has other intervals than its site."""
    ours, theirs = site.horizon, schedule.horizon
    if (ours.start_instant, ours.steps, ours.step_minutes) == (theirs.start_instant, theirs.steps, theirs.step_minutes):
        return []
    what = (
        f"schedule has {theirs.steps:,} intervals of {theirs.step_minutes} min from {theirs.start_instant}, "
        f"the site {ours.steps:,} of {ours.step_minutes} min from {ours.start_instant}"
    )
    return [Fault(what, "take the part of the site that the schedule covers", key="horizon")]


def _missing(schedule: Schedule, needed: list[Flow]) -> list[Flow]:
    return [flow for flow in needed if flow not in schedule.flows]
