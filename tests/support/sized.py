"""The shipped profiles, sized once for all tests that look at them, and as they are when something else holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from storage_opt import DispatchResult, optimize
from storage_opt.lowering.open_sizes import open_sizes, resized
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.sizing.result import SizingResult
from storage_opt.studies.sizing.study import size
from tests.support.shipped import shipped

__all__ = ["changed", "nothing_built", "sized", "sized_if"]


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
