"""Projects of several kinds, small enough to read."""

from __future__ import annotations

from typing import Any

import numpy as np

from storage_opt.charges.base import Stream
from storage_opt.finance.project import AssetSize, Project
from storage_opt.spec.finance import FinanceSpec

BESS = {
    "capex_per_kwh": 800.0,
    "capex_per_kw": 300.0,
    "capex": 10_000.0,
    "subsidy_per_kwh": 50.0,
    "om_per_kwh_year": 8.0,
    "om_per_year": 1_000.0,
    "insurance_frac": 0.003,
    "land_per_year": 500.0,
    "life_years": 8,
    "replacement_per_kwh": 400.0,
    "replacement_price_frac_per_year": -0.03,
    "salvage_frac": 0.05,
}
PLAIN: dict[str, Any] = {
    "years": 15,
    "inflation_frac": 0.02,
    "escalation_frac": {"energy": 0.015},
    "cost": {"bess": BESS},
}
AT_ONCE = {"losses": "offset", "vat_credit": "at_once"}
LEVEL = {"share_frac": 0.7, "rate_frac": 0.045, "years": 10, "grace_years": 1}
SCULPTED = {"rate_frac": 0.045, "years": 7, "repayment": "sculpted", "target_dscr": 1.3}
EMC = {"investor_frac": 0.85, "years": 10}

KINDS: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "taxed at once": PLAIN | {"tax": AT_ONCE},
    "holiday and carrying": PLAIN | {"tax": {"exempt_years": 3, "half_years": 3, "carry_forward_years": 4}},
    "level": PLAIN | {"debt": LEVEL, "tax": {}},
    "equal principal": PLAIN | {"debt": LEVEL | {"repayment": "equal_principal"}, "tax": {}},
    "sculpted": PLAIN | {"debt": SCULPTED, "tax": AT_ONCE},
    "sculpted over a replacement": PLAIN | {"debt": SCULPTED | {"years": 10}},
    "shared": PLAIN | {"sharing": EMC},
    "shared, taxed, borrowed": PLAIN | {"sharing": EMC | {"om_payer": "host"}, "tax": {}, "debt": LEVEL},
}


def finance(kind: str = "plain", **changes: Any) -> FinanceSpec:
    """A spec of one of the kinds."""
    return FinanceSpec.model_validate(KINDS[kind] | changes)


def project(spec: FinanceSpec, scale: float = 1.0, **parts: Any) -> Project:
    """A megawatt-hour whose savings fade, with wear that is no cash; money times `scale`."""
    years = np.arange(spec.years)
    fade = 0.98**years
    given: dict[str, Any] = {
        "sizes": {"bess": AssetSize(power_kw=500.0, energy_kwh=1000.0)},
        "savings": {
            Stream.WEAR: np.full(spec.years, -30_000.0) * scale,
            Stream.ENERGY: 160_000.0 * fade * scale,
            Stream.DEMAND: np.where(years == 3, -400_000.0, 40_000.0) * scale,
        },
        "throughput_kwh": 600_000.0 * fade,
        "charging_cost": 150_000.0 * fade * scale,
        "augmentation": np.where(years == 4, 20_000.0, 0.0) * scale,
    }
    return Project(spec=spec, **(given | parts))
