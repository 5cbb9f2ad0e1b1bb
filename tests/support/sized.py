"""The shipped profiles, sized once for all tests that look at them, and as they are when something else holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from storage_opt import DispatchResult, optimize
from storage_opt.finance.cash_flow import CashFlow, cash_flow
from storage_opt.lowering.open_sizes import open_sizes, resized
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.sizing.result import SizingResult
from storage_opt.studies.sizing.study import size
from tests.support.shipped import shipped

__all__ = ["alone", "changed", "nothing_built", "sized", "sized_if"]


@cache
def sized(name: str) -> SizingResult:
    """The best sizes of a profile."""
    return size(shipped(name))


@cache
def nothing_built(name: str) -> DispatchResult:
    """The optimum of the year with what stands already; what is declared is as it is today."""
    site = shipped(name)
    sizes = tuple(one for one in open_sizes(site) if one.range.existing or not one.is_billed)
    return optimize(resized(site, sizes, np.array([one.range.existing for one in sizes])))


def alone(name: str) -> CashFlow:
    """The project against the optimum with nothing built, instead of a site where nothing moves."""
    result, without = sized(name), nothing_built(name)
    before, years = without.ledger.by_stream(), without.site.horizon.years
    plan = result.dispatch.ledger.by_stream()
    project = result.cash_flow.project
    saved = {
        stream: np.full(project.spec.years, (before.get(stream, 0.0) - plan.get(stream, 0.0)) / years)
        for stream in dict.fromkeys((*before, *plan))
    }
    return cash_flow(replace(project, savings=saved))


def changed(site: Site, changes: Mapping[str, Any]) -> Site:
    """A site with other values at dotted keys."""
    document = site.spec.model_dump(exclude_unset=True)
    for key, value in changes.items():
        *above, last = key.split(".")
        inner = document
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = value
    return replace(site, spec=SiteSpec.model_validate(document))


def sized_if(name: str, changes: Mapping[str, Any]) -> SizingResult:
    """The best sizes of a profile when something else holds."""
    return size(changed(shipped(name), changes))
