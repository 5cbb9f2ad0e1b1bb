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
    "at_full_speed": "r[t] <= u[t]",
    "backlog": "B[t] = B[t-1] + h (a[t] - r[t] - q[t] + lost[t]),  0 <= B[t] <= A[t] - D[t]",
    "balance": "import + sum used + sum discharge = sum load + sum charge + export",
    "battery_export": "export[t] <= sum used[t] + sum discharge[t] of batteries that may export",
    "below": "u[g] >= low[g] - q[g],  u >= 0",
    "block": "cost[g] >= p[k] q[g] + offset[k]",
    "carried": "measured[g] >= carried[g]",
    "charge_power": "c[t] <= P_charge",
    "charge_taper": "c[t] <= P_charge (slope E[t+1] / E_rated + offset)",
    "chiller": "chiller[t] + fill[t] <= capacity",
    "chiller_runs": "heat[t] + fill[t] - melt[t] >= 0",
    "chunk_excess": "S[c] = sum_i s[i]",
    "chunk_peak": "b[i] <= p[c],  p[c] <= D[day]",
    "cold": "chiller[t] + melt[t] = heat[t]",
    "curve": "y[t] >= (a_k - a_1) f[t] + b_k - b_1,  y >= 0",
    "cycles_per_day": "h sum_day d[t] / eta_d <= N E_rated",
    "cycles_per_year": "h sum_t d[t] / eta_d <= N E_rated years",
    "cyclic": "E[T] = E[0]",
    "day_peak": "b[i] <= D[day]",
    "deadline": "B[t] <= A[t] - D[t], the same as D[t] <= W[t]",
    "discharge_power": "d[t] <= P_discharge",
    "discharge_taper": "d[t] <= P_discharge (slope E[t+1] / E_rated + offset)",
    "dynamics": "E[t+1] = (1 - sigma) E[t] + h (eta_c c[t] - d[t] / eta_d) - h aux",
    "excess": "s[i] >= b[i] - theta[c],  s >= 0",
    "export_cap": "export[t] <= cap[t]",
    "export_limit": "export[t] <= limit[t]",
    "export_of_available": "100 (h sum export + before) / available <= 100 share",
    "fall": "f_k[t] >= e_k[t-1] - e_k[t],  f_k >= 0",
    "final_soc": "E[T] = s_T E_rated, or >=",
    "first_backlog": "B[0] = h (a[0] - r[0] - q[0] + lost[0])",
    "first_starts": "starts[j,first] >= x[j,first]",
    "first_suspension": "v[0] >= b[0] - r[0]",
    "floor": "billed[g] >= floor[g]",
    "green_share": "100 (h sum (used - export - losses + green import) + before) / consumption >= 100 share",
    "grid_charging": "sum charge[t] of batteries that may not charge from the grid <= sum used[t]",
    "group_peak": "D[day] <= measured[g]",
    "headroom": "r[t] <= H[t] + headroom[t]",
    "import_cap": "import[t] <= cap[t]",
    "import_limit": "import[t] <= limit[t]",
    "initial_soc": "E[0] = s_0 E_rated",
    "it_power": "P[t] >= idle on[t] + span N (slope y[t] / N + offset)",
    "job_width": "x[j,t] <= g[j] overlap[j,t]",
    "jobs": "h sum_t x[j,t] + refused[j] - lost[j] = w[j]",
    "late": "B[t] - L[t] <= A[t] - D[t],  L >= 0",
    "leak": "g[t] >= E[t-1] - E[t] - h withdrawn[t],  g >= 0",
    "low": "f[t] >= low[day]",
    "max_units": "r[t], u[t] <= U",
    "mean_soc": "sum_t E[t+1] / T <= share E_rated",
    "measured": "billed[g] >= measured[g]",
    "min_running": "r[t] >= min(share N, b[t])",
    "must_take": "used[t] >= available[t]",
    "no_export": "export[t] <= 0 in named periods",
    "off_grid_export": "export[t] <= 0",
    "off_grid_import": "import[t] <= 0",
    "partial": "partial[c] = sum_(t in c) f[t]",
    "peak_valley_rate": "low[day] >= (1 - rate) high[day]",
    "power": "load[t] = pue[t] (1 + ups) P[t] + cooling[t] + fixed",
    "ramp_down": "n[t-1] - n[t] <= ramp h,  n = d - c, or work, or power of a cluster",
    "ramp_up": "n[t] - n[t-1] <= ramp h,  n = d - c, or work, or power of a cluster",
    "ratchet": "billed[g] >= lookback[g,k] measured[k]",
    "rebate": "h sum_(t in g) f[t] >= threshold[g] where the rebate is granted",
    "rest": "c[t], d[t] <= 0 in the windows",
    "restarts": "restarted[j] >= sum_t starts[j,t] - g[j],  lost[j] = checkpoint restarted[j]",
    "room": "theta[t] = k theta[t-1] + (1 - k) outdoor[t] + (heat[t] - chiller[t] - melt[t]) (1 - k) / loss",
    "room_end": "theta[T] = set point",
    "room_max": "theta[t] <= theta_max",
    "room_min": "theta[t] >= theta_min",
    "room_start": "theta[0] from the set point",
    "segments": "sum_k e_k[t] = E[t] - E_min",
    "self_use_of_available": "100 (h sum (used - export - losses) + before) / available >= 100 share",
    "self_use_of_consumption": "100 (h sum (used - export - losses) + before) / consumption >= 100 share",
    "slowdown": "s_min u[t] <= r[t]",
    "soc_max": "E[t+1] <= E_max[t]",
    "soc_min": "E[t+1] >= E_min[t]",
    "speed_power": "y[t] >= slope r[t] + offset u[t]",
    "spot_region": "export[t] <= 0",
    "starts": "starts[j,t] >= x[j,t] - x[j,t-1],  starts >= 0",
    "storage_from_grid": "sum charge[t] <= sum used[t]",
    "suspended": "r[t] >= (1 - share) b[t]",
    "suspension": "v[t] >= (b - r)[t] - (b - r)[t-1],  v >= 0,  lost[t] = checkpoint v[t] / h",
    "tank": "C[t+1] = (1 - loss) C[t] + h (fill[t] - melt[t])",
    "tank_charge_kw": "fill[t] <= most",
    "tank_cyclic": "C[T] = C[0]",
    "tank_discharge_kw": "melt[t] <= most",
    "tank_energy_kwh": "C[t] <= capacity",
    "threshold": "theta[c] = theta[g]",
    "throughput": "h sum_t d[t] <= allowance years",
    "top_n": "measured[g] >= theta[g] + (1/n) sum_c S[c]",
    "total": "total[g] = sum_(c in g) partial[c]",
    "transformer": "import[t], export[t] <= S cos(phi)",
    "units": "sum u[t] <= on[t]",
    "work": "r[t] = sum of the streams and jobs of the class",
}


def equation_of(constraint: str) -> str:
    """Equation of a constraint by its full name.

    Examples
    --------
    >>> equation_of("bess.charge_taper_1")
    'c[t] <= P_charge (slope E[t+1] / E_rated + offset)'
    """
    return EQUATIONS[re.sub(r"_\d+$", "", constraint.rsplit(".", 1)[-1])]
