"""The equation of every named constraint, for people who ask what the model says.

Keys are the part of a constraint's name behind its owner, without a running number; a test fails when the model
states a constraint that is missing here.
"""

from __future__ import annotations

import re

__all__ = ["EQUATIONS", "equation_of"]

EQUATIONS: dict[str, str] = {
    "above": "o[g] >= q[g] - high[g],  o >= 0",
    "access_capacity": "import[t] <= S_access cos(phi)",
    "balance": "import + sum used + sum discharge = sum load + sum charge + export",
    "battery_export": "export[t] <= sum used[t] + sum discharge[t] of batteries that may export",
    "below": "u[g] >= low[g] - q[g],  u >= 0",
    "block": "cost[g] >= p[k] q[g] + offset[k]",
    "carried": "measured[g] >= carried[g]",
    "charge_power": "c[t] <= P_charge",
    "charge_taper": "c[t] <= P_charge (slope E[t+1] / E_rated + offset)",
    "chunk_excess": "S[c] = sum_i s[i]",
    "chunk_peak": "b[i] <= p[c],  p[c] <= D[day]",
    "cycles_per_day": "h sum_day d[t] / eta_d <= N E_rated",
    "cyclic": "E[T] = E[0]",
    "day_peak": "b[i] <= D[day]",
    "discharge_power": "d[t] <= P_discharge",
    "discharge_taper": "d[t] <= P_discharge (slope E[t+1] / E_rated + offset)",
    "dynamics": "E[t+1] = (1 - sigma) E[t] + h (eta_c c[t] - d[t] / eta_d) - h aux",
    "excess": "s[i] >= b[i] - theta[c],  s >= 0",
    "export_cap": "export[t] <= cap[t]",
    "export_limit": "export[t] <= limit[t]",
    "export_of_available": "100 (h sum export + before) / available <= 100 share",
    "final_soc": "E[T] = s_T E_rated, or >=",
    "floor": "billed[g] >= floor[g]",
    "green_share": "100 (h sum (used - export - losses + green import) + before) / consumption >= 100 share",
    "grid_charging": "sum charge[t] of batteries that may not charge from the grid <= sum used[t]",
    "group_peak": "D[day] <= measured[g]",
    "headroom": "r[t] <= H[t] + headroom[t]",
    "import_cap": "import[t] <= cap[t]",
    "import_limit": "import[t] <= limit[t]",
    "initial_soc": "E[0] = s_0 E_rated",
    "low": "f[t] >= low[day]",
    "measured": "billed[g] >= measured[g]",
    "must_take": "used[t] >= available[t]",
    "no_export": "export[t] <= 0 in named periods",
    "off_grid_export": "export[t] <= 0",
    "off_grid_import": "import[t] <= 0",
    "partial": "partial[c] = sum_(t in c) f[t]",
    "peak_valley_rate": "low[day] >= (1 - rate) high[day]",
    "ramp_down": "n[t-1] - n[t] <= ramp h,  n = d - c",
    "ramp_up": "n[t] - n[t-1] <= ramp h,  n = d - c",
    "ratchet": "billed[g] >= lookback[g,k] measured[k]",
    "rebate": "h sum_(t in g) f[t] >= threshold[g] where the rebate is granted",
    "self_use_of_available": "100 (h sum (used - export - losses) + before) / available >= 100 share",
    "self_use_of_consumption": "100 (h sum (used - export - losses) + before) / consumption >= 100 share",
    "soc_max": "E[t+1] <= E_max[t]",
    "soc_min": "E[t+1] >= E_min[t]",
    "spot_region": "export[t] <= 0",
    "storage_from_grid": "sum charge[t] <= sum used[t]",
    "threshold": "theta[c] = theta[g]",
    "throughput": "h sum_t d[t] <= allowance years",
    "top_n": "measured[g] >= theta[g] + (1/n) sum_c S[c]",
    "total": "total[g] = sum_(c in g) partial[c]",
    "transformer": "import[t], export[t] <= S cos(phi)",
}


def equation_of(constraint: str) -> str:
    """Equation of a constraint by its full name.

    Examples
    --------
    >>> equation_of("bess.charge_taper_1")
    'c[t] <= P_charge (slope E[t+1] / E_rated + offset)'
    """
    return EQUATIONS[re.sub(r"_\d+$", "", constraint.rsplit(".", 1)[-1])]
