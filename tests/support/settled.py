"""Bills of sites without storage, settled without a solver."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage_opt.charges.base import Entry
from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import Ledger
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import Schedule
from storage_opt.spec.resolved import Site
from storage_opt.studies.billing import bill
from tests.support.small_sites import small_site

__all__ = ["at_rest", "bill_of", "entries", "load_with"]


def at_rest(site: Site) -> Schedule:
    """What the site does without storage."""
    return baseline_schedule(site, lower_site(site)).schedule


def bill_of(load_kw: Any, start: str, end: str, tariff: dict[str, Any], **parts: Any) -> Ledger:
    """Bill of a load under one tariff called ``t``, the horizon as site.toml would say it."""
    horizon = {"start": start, "end": end} | parts.pop("horizon", {})
    site = small_site(load_kw, horizon=horizon, tariff={"t": tariff}, **parts)
    return bill(site, at_rest(site))


def load_with(base_kw: float, steps: int, peaks: dict[int, float]) -> NDArray[np.float64]:
    """A flat load with other values in a few intervals, counted from 0."""
    load = np.full(steps, base_kw)
    load[list(peaks)] = list(peaks.values())
    return load


def entries(ledger: Ledger, line: str) -> list[Entry]:
    """Entries of one line, in order of settlement."""
    return [entry for entry in ledger.entries if entry.line.name == line]
