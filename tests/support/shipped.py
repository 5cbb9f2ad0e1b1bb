"""The shipped profiles, solved once for all tests that look at them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np

import storage_opt
from storage_opt import DispatchResult
from storage_opt.ledger.baseline import consumption_flows
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.studies.compute_use import WorkUse, energy_of_work, work_use
from storage_opt.studies.flexibility import value_of_flexibility
from storage_opt.studies.flexibility_result import Flexibility

__all__ = ["WITH_COMPUTE", "flexibility", "optimised", "shipped", "unshifted_load_kw", "work_before_and_after"]

WITH_COMPUTE = ("guian", "ulanqab", "yangtze")
"""Profiles whose load is work of clusters."""


@cache
def shipped(name: str) -> Site:
    """A profile with its series."""
    return storage_opt.load_site(storage_opt.profile_folder(name))


@cache
def optimised(name: str) -> DispatchResult:
    """The optimum of a profile's year."""
    return storage_opt.optimize(shipped(name))


@cache
def flexibility(name: str) -> Flexibility:
    """What work, battery and both earn in a profile's year."""
    return value_of_flexibility(shipped(name), steps=False)


@cache
def unshifted_load_kw(name: str) -> np.ndarray:
    """Load of a profile when work runs as it arrives (T,). [kW]"""
    return consumption_flows(shipped(name))[Flow("data_centre", FlowKind.LOAD_KW)]


@cache
def work_before_and_after(name: str) -> tuple[Mapping[str, WorkUse], Mapping[str, WorkUse]]:
    """Use of every class of work, unshifted and in the optimum."""
    result = optimised(name)
    site, charges = result.site, lower_site(result.site)
    before, after = (
        work_use(site, schedule, energy_of_work(site, charges, schedule, ledger))
        for schedule, ledger in ((result.baseline, result.baseline_ledger), (result.schedule, result.ledger))
    )
    return before, after
