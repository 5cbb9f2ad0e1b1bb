"""The shipped profiles, solved once for all tests that look at them."""

from __future__ import annotations

from functools import cache

import storage_opt
from storage_opt import DispatchResult

__all__ = ["optimised"]


@cache
def optimised(name: str) -> DispatchResult:
    """The optimum of a profile's year."""
    return storage_opt.optimize(storage_opt.load_site(storage_opt.profile_folder(name)))
