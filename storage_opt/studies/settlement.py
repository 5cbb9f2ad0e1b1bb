"""A schedule that was planned or metered, its bill, and the same site without storage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.ledger.streams import value_streams
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.products.headroom import lower_headroom
from storage_opt.lowering.products.notes import product_notes
from storage_opt.lowering.site import lower_site
from storage_opt.rules.base import RuleCheck
from storage_opt.schedule import Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.billing import bill
from storage_opt.studies.compliance import broken_rule_notes

__all__ = ["Settlement", "settle_against_baseline"]


@dataclass(frozen=True)
class Settlement:
    """The bill of a schedule beside the bill without storage; no solver had a part in it.

    Parameters
    ----------
    site : Site
        Whose tariffs apply.
    schedule, ledger : Schedule, Ledger
        What was settled, and its bill.
    baseline, baseline_ledger : Schedule, Ledger
        The same site with no storage action, and its bill.
    streams : mapping of str to float
        Savings by value stream; they sum to `savings`. [money]
    notes : tuple of str
        What a reader should know.
    rules : tuple of RuleCheck
        Contract rules measured on the schedule.
    """

    site: Site
    schedule: Schedule
    ledger: Ledger
    baseline: Schedule
    baseline_ledger: Ledger
    streams: Mapping[str, float]
    notes: tuple[str, ...]
    rules: tuple[RuleCheck, ...] = ()

    @property
    def savings(self) -> float:
        """Baseline cost minus the cost of the schedule. [money]"""
        return self.baseline_ledger.total - self.ledger.total


def settle_against_baseline(site: Site, schedule: Schedule) -> Settlement:
    """Settle a schedule and the baseline of its site.

    Parameters
    ----------
    site : Site
        Whose tariffs and assets apply, on the horizon of the schedule.
    schedule : Schedule
        Planned or metered flows.

    Raises
    ------
    InputError
        When a tariff can't be applied, or the schedule lacks a flow that a line is levied on.
    """
    ledger = bill(site, schedule)
    charges = lower_site(site)
    rules = lower_rules(site)
    baseline = baseline_schedule(site, charges, rules)
    before = settle(baseline.schedule, charges)
    streams = value_streams(site, charges, schedule, baseline.schedule, ledger, before)
    checks = tuple(rule.check(schedule, site.horizon) for rule in (*rules, *lower_headroom(site)))
    broken = broken_rule_notes(rule.check(baseline.schedule, site.horizon) for rule in rules)
    notes = (*site.notes, *contract_notes(site), *product_notes(site), *baseline.notes, *broken)
    return Settlement(site, schedule, ledger, baseline.schedule, before, streams, notes, checks)
