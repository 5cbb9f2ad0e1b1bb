"""The bill of a site as it stands, and what it falls by with what is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from storage_opt.charges.base import Stream
from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import Ledger, settle
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.open_sizes import resized
from storage_opt.lowering.site import lower_site
from storage_opt.studies.result import DispatchResult
from storage_opt.studies.sizing.problem import SizingProblem

__all__ = ["Bills", "bill_as_it_stands"]


@dataclass(frozen=True, slots=True, eq=False)
class Bills:
    """Bills of a year, before and with the sizes."""

    saving_per_year: Mapping[Stream, float]
    before_per_year: float
    standing: Mapping[Stream, float]
    """What the bill falls by just because the sizes stand there, nothing stored or shifted."""

    @classmethod
    def of(cls, problem: SizingProblem, dispatch: DispatchResult) -> Bills:
        """The bills of a problem whose sizes are dispatched."""
        before = bill_as_it_stands(problem)
        years = problem.site.horizon.years
        plan, there = dispatch.ledger.by_stream(), dispatch.baseline_ledger.by_stream()
        mine = before.by_stream()
        streams = dict.fromkeys((*mine, *plan, *there))
        return cls(
            {stream: (mine.get(stream, 0.0) - plan.get(stream, 0.0)) / years for stream in streams},
            before.total / years,
            {stream: (mine.get(stream, 0.0) - there.get(stream, 0.0)) / years for stream in streams},
        )


def bill_as_it_stands(problem: SizingProblem) -> Ledger:
    """The bill without anything new, nothing stored or shifted.

    What is declared and not bought is as in the site file, unless `existing` says otherwise: to declare nothing is no
    bill that anyone pays. A bill needs neither backup nor promises to the grid, which what stands there might not hold.
    """
    cost = problem.objective.finance.cost
    moved = [
        (size.range.existing, size)
        for size in problem.sizes
        if (size.is_bought and size.asset in cost) or "existing" in size.range.model_fields_set
    ]
    sizes = tuple(size for _, size in moved)
    site = resized(problem.site, sizes, np.array([existing for existing, _ in moved]))
    site = replace(site, spec=site.spec.model_copy(update={"backup": None, "regulation": {}, "response": {}}))
    charges = lower_site(site)
    return settle(baseline_schedule(site, charges, lower_rules(site)).schedule, charges)
