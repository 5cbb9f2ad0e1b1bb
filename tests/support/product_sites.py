"""Small sites that sell products, described as ``site.toml`` would be, and random ones."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = [
    "FULL_SITE",
    "battery",
    "described",
    "product_sites",
    "site_of",
    "with_products",
    "without_products",
]

Described = dict[str, Any]
PRODUCTS = ("regulation", "response", "incentive")
START = date(2025, 1, 1)
_LOAD = [900.0] * 8 + [1100.0] * 10 + [1000.0] * 6
_PRICE = [0.3] * 8 + [1.0] * 4 + [0.6] * 6 + [1.0] * 4 + [0.3] * 2


def battery(energy_kwh: float = 1000.0, power_kw: float = 500.0, **changed: Any) -> Described:
    """A battery without losses and with its whole window, on which results can be worked out on paper."""
    plain = {"charge_efficiency": 1.0, "discharge_efficiency": 1.0, "soc_min_frac": 0.0, "soc_max_frac": 1.0}
    return {"energy_kwh": energy_kwh, "power_kw": power_kw} | plain | changed


def described(*, days: int = 1, step_minutes: int = 60, **parts: Any) -> Described:
    """A site of `days` days from 1 January 2025, a Wednesday, in UTC, as its file would describe it."""
    horizon = {"start": START, "end": START + timedelta(days=days), "step_minutes": step_minutes, "zone": "UTC"}
    plain = {
        "name": "products",
        "horizon": horizon,
        "load": {"dc": {"power_kw": _LOAD}},
        "grid": {"import_limit_kw": 4000.0},
        "tariff": {"t": {"energy": [{"price_per_kwh": _PRICE}]}},
    }
    return plain | parts


def site_of(site: Described) -> Site:
    """The site that a description is read as."""
    spec = SiteSpec.model_validate(copy.deepcopy(site))
    return Site(spec, spec.horizon.build())


def without_products(site: Described) -> Described:
    """The site without anything that it sells apart from energy."""
    return {key: value for key, value in site.items() if key not in PRODUCTS}


def with_products(site: Described, **more: Any) -> Described:
    """The site with further products."""
    return site | {section: site.get(section, {}) | products for section, products in more.items()}


# every asset and every kind of product, for what has to hold of all of them
FULL_SITE: Described = described(
    days=5,
    load={"dc": {"power_kw": _LOAD, "curtailable_frac": 0.2, "curtailment_cost_per_kwh": 0.8, "notice_h": 0.5}},
    battery={
        "bess": {
            "energy_kwh": 2000.0,
            "power_kw": 800.0,
            "charge_taper": [{"soc_frac": 0.8, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.2}],
            "discharge_taper": [{"soc_frac": 0.0, "power_frac": 0.2}, {"soc_frac": 0.3, "power_frac": 1.0}],
        }
    },
    facility={
        "hall": {},
        "cool": {
            "outdoor_temp_c": [10.0] * 8 + [20.0] * 16,
            "cooling": {
                "cop": [{"outdoor_temp_c": 10.0, "cop": 6.0}, {"outdoor_temp_c": 20.0, "cop": 4.0}],
                "capacity_kw": 1000.0,
                "tank": {"energy_kwh": 400.0, "charge_kw": 200.0, "discharge_kw": 200.0},
            },
        },
    },
    cluster={
        "gpu": {"facility": "hall", "installed_units": 100.0, "idle_kw_per_unit": 0.2, "full_kw_per_unit": 1.0},
        "cpu": {"facility": "cool", "installed_units": 300.0, "idle_kw_per_unit": 0.5, "full_kw_per_unit": 1.0},
    },
    workload={
        "train": {"cluster": "gpu", "kind": "training", "units": 50.0, "max_delay_h": 8.0, "checkpoint_h": 0.25},
        "batch": {"cluster": "gpu", "kind": "batch", "units": 20.0, "max_delay_h": 6.0},
        "serve": {"cluster": "cpu", "kind": "inference", "units": 200.0},
    },
    grid={"import_limit_kw": 4000.0, "export_limit_kw": 300.0},
    regulation={
        "peak": {
            "direction": "up",
            "duration_h": 2.0,
            "notice_h": 1.0,
            "price_held_per_kw_day": 0.3,
            "call_probability_frac": 0.1,
            "min_block_kw": 100.0,
            "max_kw": 600.0,
            "window": [{"hours": ["17:00-21:00"]}],
        },
        "reserve": {
            "direction": "symmetric",
            "duration_h": 0.5,
            "commitment": "interval",
            "price_held_per_kwh": 0.05,
            "max_kw": 500.0,
        },
        "monthly": {
            "direction": "down",
            "duration_h": 1.5,
            "commitment": "month",
            "price_held_per_kw_month": 6.0,
            "window": [{"hours": ["10:00-14:00"]}],
        },
        "long": {
            "direction": "up",
            "duration_h": 9.0,
            "commitment": "interval",
            "price_held_per_kwh": 0.01,
            "providers": ["bess"],
        },
    },
    response={
        "shave": {
            "window": [{"hours": ["18:00-20:00"], "days": ["weekday"]}],
            "price_per_kwh": 2.0,
            "price_per_kw": 0.5,
            "max_events_per_month": 1,
            "min_block_kw": 100.0,
            "max_kw": 700.0,
        },
        "fill": {
            "direction": "fill",
            "events": [{"start": "2025-01-03T12:00:00", "end": "2025-01-03T14:00:00"}],
            "price_per_kwh": 0.5,
            "committed_kw": 200.0,
            "underdelivery_price_per_kwh": 0.3,
        },
    },
    incentive={
        "new": {"kind": "discharge", "eligible": True, "price_per_kwh": 0.01},
        "order": {"kind": "charge", "eligible": True, "price_per_kwh": 0.01, "window": [{"hours": ["02:00-04:00"]}]},
        "there": {"kind": "capacity", "eligible": True, "price_per_kw_year": 330.0, "net_peak_h": 4.0},
    },
)

_HOURS = ("06:00-10:00", "10:00-14:00", "17:00-21:00", "18:00-20:00", "22:00-02:00")
_fracs = st.sampled_from([0.0, 0.0, 0.1, 0.3])


@st.composite
def _batteries(draw: st.DrawFn) -> Described:
    found: Described = {
        "energy_kwh": draw(st.sampled_from([500.0, 1000.0, 2000.0])),
        "power_kw": draw(st.sampled_from([250.0, 500.0])),
        "charge_efficiency": draw(st.sampled_from([0.9, 0.95])),
        "discharge_efficiency": draw(st.sampled_from([0.92, 1.0])),
        "soc_min_frac": draw(st.sampled_from([0.1, 0.25])),
        "self_discharge_frac_per_h": draw(st.sampled_from([0.0, 0.001])),
        "auxiliary_kw": draw(st.sampled_from([0.0, 1.0])),
        "export": draw(st.sampled_from([True, True, False])),
    }
    if draw(st.booleans()):
        found["discharge_kw"] = 400.0
    if draw(st.integers(0, 2)) == 0:
        found["charge_taper"] = [{"soc_frac": 0.6, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.1}]
        found["discharge_taper"] = [{"soc_frac": 0.1, "power_frac": 0.1}, {"soc_frac": 0.5, "power_frac": 1.0}]
    return found


@st.composite
def _regulations(draw: st.DrawFn, step_minutes: int, called: bool) -> Described:
    durations = [0.5, 1.0, 1.5, 2.0, 3.0] if step_minutes == 60 else [0.25, 0.4, 0.5, 1.0, 2.5]
    commitment = draw(st.sampled_from(["interval", "day", "month"]))
    found: Described = {
        "direction": draw(st.sampled_from(["up", "up", "down", "symmetric"])),
        "commitment": commitment,
        "duration_h": draw(st.sampled_from(durations)),
        "notice_h": 1.0,
        "price_held_per_kwh": draw(st.sampled_from([0.005, 0.02, 0.05])),
    }
    if draw(st.booleans()):
        found["window"] = [{"hours": [draw(st.sampled_from(_HOURS))]}]
    if commitment == "day":
        found["price_held_per_kw_day"] = draw(st.sampled_from([0.05, 0.3]))
    if called:
        found["call_probability_frac"] = draw(_fracs)
        found["price_called_per_kwh"] = draw(st.sampled_from([0.0, 0.6]))
    if draw(st.booleans()):
        found["max_kw"] = 300.0
    if commitment != "interval" and draw(st.integers(0, 3)) == 0:
        found["min_block_kw"] = 50.0
    return found


@st.composite
def _responses(draw: st.DrawFn) -> Described:
    direction = draw(st.sampled_from(["shave", "shave", "fill"]))
    found: Described = {
        "direction": direction,
        "window": [{"hours": [draw(st.sampled_from(["18:00-20:00", "17:00-21:00", "10:00-12:00"]))]}],
        # above the price of energy, filling would pay for burning it
        "price_per_kwh": draw(st.sampled_from([0.2, 2.0] if direction == "shave" else [0.1, 0.2])),
        "baseline": {"like_days": draw(st.sampled_from([1, 2]))},
    }
    if draw(st.booleans()):
        found["max_events_per_month"] = 1
    if draw(st.booleans()):
        found["min_block_kw"] = 50.0
    if draw(st.integers(0, 3)) == 0:
        found["price_per_kw"] = 0.5
    return found


@st.composite
def product_sites(
    draw: st.DrawFn, *, called: bool = True, events: bool = True, incentives: bool = True, days: int = 3
) -> Described:
    """A random site with random products over batteries, work, cold tanks and load that may be dropped."""
    step_minutes = draw(st.sampled_from([60, 60, 15]))
    days = days if step_minutes == 60 else min(days, 2)
    load: Described = {"power_kw": _LOAD}
    if draw(st.booleans()):
        load |= {"curtailable_frac": 0.2, "curtailment_cost_per_kwh": draw(st.sampled_from([0.1, 1.0]))}
        load |= {"max_curtailment_h": draw(st.sampled_from([1.0, 4.0]))}
    grid: Described = {"import_limit_kw": draw(st.sampled_from([1600.0, 4000.0]))}
    grid["export_limit_kw"] = draw(st.sampled_from([0.0, 200.0]))
    found = described(days=days, step_minutes=step_minutes, load={"dc": load}, grid=grid)
    found["battery"] = {"bess": draw(_batteries())}
    if draw(st.integers(0, 3)) == 0:
        found["battery"]["second"] = draw(_batteries())
    if draw(st.integers(0, 3)) == 0:
        found["contract"] = {"exchange_cap_kw": 1500.0}
    if draw(st.booleans()):
        found |= draw(_compute())
    found["regulation"] = {
        f"r{number}": draw(_regulations(step_minutes, called)) for number in range(draw(st.integers(1, 3)))
    }
    if events and draw(st.booleans()):
        found["response"] = {f"e{number}": draw(_responses()) for number in range(draw(st.integers(1, 2)))}
    if incentives and draw(st.integers(0, 2)) == 0:
        kind = draw(st.sampled_from(["discharge", "charge"]))
        # below what a cycle loses, so that nothing is burnt for it
        for product in found["regulation"].values():
            product.pop("price_called_per_kwh", None)
        found["incentive"] = {"i": {"kind": kind, "eligible": True, "price_per_kwh": 0.01}}
    return found


@st.composite
def _compute(draw: st.DrawFn) -> Described:
    work = {
        "cluster": "gpu",
        "kind": "batch",
        "units": draw(st.sampled_from([40.0, 70.0])),
        "max_delay_h": draw(st.sampled_from([3.0, 8.0])),
        "checkpoint_h": draw(st.sampled_from([0.0, 0.25])),
        "power_frac": draw(st.sampled_from([0.8, 1.0])),
    }
    if draw(st.booleans()):
        work["max_units"] = 80.0
    if draw(st.integers(0, 2)) == 0:
        work["max_suspended_frac"] = 0.5
    hall: Described = {"outdoor_temp_c": [12.0] * 8 + [24.0] * 10 + [18.0] * 6}
    if draw(st.booleans()):
        tank = {"energy_kwh": 150.0, "charge_kw": 60.0, "discharge_kw": 60.0}
        cop = [{"outdoor_temp_c": 10.0, "cop": 6.0}, {"outdoor_temp_c": 25.0, "cop": 3.0}]
        hall["cooling"] = {"cop": cop, "tank": tank, "capacity_kw": 150.0}
    else:
        hall["pue"] = [{"outdoor_temp_c": 10.0, "pue": 1.1}, {"outdoor_temp_c": 25.0, "pue": 1.4}]
    gpu = {"facility": "hall", "installed_units": 100.0, "idle_kw_per_unit": 0.2, "full_kw_per_unit": 1.0}
    return {"facility": {"hall": hall}, "cluster": {"gpu": gpu}, "workload": {"batch": work}}
