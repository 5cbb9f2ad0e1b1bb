"""Random small sites with open sizes, and what the laws of sizing have in common."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from hypothesis import Phase, settings
from hypothesis import strategies as st

from storage_opt.errors import InfeasibleError
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.compile import compile_program
from storage_opt.model.optimum import solve_relaxed
from storage_opt.model.program import Program
from tests.support.sizing_sites import bess, built, described, finance

TOLERANCE = 1e-6
# each example is several solves, so a failing one is shown as it was found
PHASES = (Phase.explicit, Phase.generate)
FEW = settings(max_examples=5, deadline=None, derandomize=True, phases=PHASES)
SOME = settings(max_examples=10, deadline=None, derandomize=True, phases=PHASES)

Described = dict[str, Any]


def optimum(program: Program) -> float:
    """The relaxed optimum, infinite where there is none. [money]"""
    try:
        return float(solve_relaxed(program, explain=False).point.optimality.cost)
    except InfeasibleError:
        return np.inf


def solved_at(site: Any) -> float:
    """The relaxed optimum of a site that is compiled from scratch. [money]"""
    return optimum(compile_program(site, lower_site(site), lower_rules(site)))


def close(a: float, b: float, scale: float = 0.0) -> bool:
    return a == b or abs(a - b) <= TOLERANCE * max(abs(a), abs(b), scale, 1.0)


@st.composite
def small(draw: st.DrawFn) -> Described:
    """A day or two of hours with a battery, often a plant and a demand charge; energy and power open, no wear."""
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    days = draw(st.integers(1, 2))
    load = rng.uniform(50, 150, 24 * days).round(1)
    price = rng.uniform(0.05, 1.0, 24).round(3).tolist()
    tariff: Described = {"energy": [{"price_per_kwh": price}]}
    if draw(st.booleans()):
        tariff["demand"] = [{"price_per_kw": float(draw(st.integers(1, 3)))}]
    eta = draw(st.sampled_from([0.9, 0.95]))
    site = described(load, days=days, tariff={"supply": tariff})
    site["battery"] = {"bess": bess(charge_efficiency=eta, discharge_efficiency=eta, soc_min_frac=0.1)}
    if draw(st.booleans()):
        sun = np.clip(np.sin((np.arange(24) - 6) / 12 * np.pi), 0.0, None).round(3).tolist()
        site["generator"] = {"pv": {"capacity_kw": float(draw(st.integers(50, 300))), "profile": sun}}
        site["grid"] = {"export_limit_kw": draw(st.sampled_from([0.0, 80.0]))}
    years, rate = draw(st.sampled_from([(1, 0.0), (12, 0.07)]))
    life = 1 if years == 1 else 8
    cost = {"capex_per_kwh": float(draw(st.integers(20, 150)) * life), "capex_per_kw": float(draw(st.integers(5, 80)))}
    site["finance"] = finance({"bess": cost}, years=years, discount_rate_frac=rate)
    most = draw(st.sampled_from([150.0, 600.0]))
    site["sizing"] = {"battery": {"bess": {"energy_kwh": {"most": most}, "power_kw": {"most": most / 2}}}}
    return site


def one_open(site: Described) -> Described:
    """The same with 50 kW of power that stay."""
    found = deepcopy(site)
    del found["sizing"]["battery"]["bess"]["power_kw"]
    found["battery"]["bess"]["power_kw"] = 50.0
    return found


def years_of(site: Described) -> float:
    return float(built(site).horizon.years)
