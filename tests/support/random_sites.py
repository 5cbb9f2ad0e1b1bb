"""Random small sites as plain descriptions, so that a test can change one thing and build the site again.

Every site is feasible by construction: the grid carries the load and what the batteries lose, plants that must
be taken can be exported, and batteries that lose energy may charge from the grid.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import numpy as np
from hypothesis import strategies as st

from storage_opt.horizon import Horizon
from storage_opt.spec.horizon import HorizonSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec

__all__ = ["Description", "built", "changed_batteries", "descriptions", "scaled_prices", "without_batteries"]

Description = dict[str, Any]

_STARTS = (
    (date(2025, 1, 30), "UTC"),  # crosses the end of a month
    (date(2024, 2, 28), "Asia/Shanghai"),  # leap day
    (date(2025, 3, 29), "Europe/Berlin"),  # a day of 23 hours
    (date(2025, 10, 25), "Europe/Berlin"),  # a day of 25 hours
)
_MONEY_KEYS = ("price", "cost", "credit", "per_period", "per_day")
_NO_MONEY = ("max_cycles_per_day",)


def built(description: Description) -> Site:
    """The site of a description."""
    spec = SiteSpec.model_validate(deepcopy(description))
    return Site(spec, spec.horizon.build())


def without_batteries(description: Description) -> Description:
    """The same site with no battery on the bus."""
    return {key: part for key, part in description.items() if key != "battery"}


def changed_batteries(description: Description, **fields: Any) -> Description:
    """The same site with `fields` of every battery replaced; a function is applied to the old value."""
    batteries = {}
    for name, battery in description["battery"].items():
        new = {key: value(battery[key]) if callable(value) else value for key, value in fields.items()}
        batteries[name] = battery | new
    return description | {"battery": batteries}


def scaled_prices(part: Any, factor: float, *, money: bool = False) -> Any:
    """The same description with every amount of money multiplied by `factor`."""
    if isinstance(part, dict):
        return {key: scaled_prices(value, factor, money=money or _is_money(key)) for key, value in part.items()}
    if isinstance(part, list):
        return [scaled_prices(value, factor, money=money) for value in part]
    return factor * part if money else part


def _is_money(key: str) -> bool:
    return key not in _NO_MONEY and any(word in key for word in _MONEY_KEYS)


@st.composite
def descriptions(
    draw: st.DrawFn, *, plants: bool = True, batteries: bool = True, odd: bool = True, minimum: bool = True
) -> Description:
    """A site of one to three days.

    Parameters
    ----------
    draw : callable
        Hypothesis' source of choices.
    plants, batteries : bool
        Whether there may be plants, and whether there are batteries.
    odd : bool
        Whether prices may be negative, export may pay more than import costs, and plants may have costs.
    minimum : bool
        Whether a minimum bill may make energy free at the margin.
    """
    horizon = draw(_horizons())
    whole = HorizonSpec.model_validate(horizon).build()
    load = draw(_load(whole))
    plant = draw(_plant(whole, costs=odd)) if plants and draw(st.booleans()) else None
    strange = odd and draw(st.integers(0, 3)) == 0
    export_kw = draw(st.sampled_from([0.0, 60.0, 400.0]))
    if plant is not None and not plant["curtailable"]:
        export_kw = max(export_kw, plant["capacity_kw"])
    site: Description = {
        "name": "random",
        "horizon": horizon,
        "grid": draw(_grid(float(load.max()), export_kw)),
        "load": {"works": {"power_kw": load}},
        "tariff": {"supply": draw(_supply(strange=strange, minimum=minimum))},
    }
    if export_kw > 0:
        site["tariff"]["sale"] = draw(_sale(strange=strange))
    if plant is not None:
        site["generator"] = {"pv": plant}
    if batteries:
        count = draw(st.sampled_from([1, 1, 2]))
        site["battery"] = {f"bess_{number}": draw(_battery()) for number in range(count)}
    return site


@st.composite
def _horizons(draw: st.DrawFn) -> Description:
    start, zone = draw(st.sampled_from(_STARTS))
    days = draw(st.integers(1, 3))
    step = draw(st.sampled_from([60, 60, 30]))
    return {"start": start, "end": start + timedelta(days=days), "zone": zone, "step_minutes": step}


@st.composite
def _load(draw: st.DrawFn, horizon: Horizon) -> np.ndarray:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    swing = draw(st.integers(0, 100)) * np.sin((horizon.hour - draw(st.integers(0, 23))) / 24 * 2 * np.pi)
    return np.asarray((150.0 + swing + rng.uniform(0, 50, horizon.steps)).round(1))


@st.composite
def _plant(draw: st.DrawFn, horizon: Horizon, *, costs: bool) -> Description:
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    sun = np.clip(np.sin((horizon.hour - 6) / 12 * np.pi), 0.0, None)
    plant: Description = {
        "capacity_kw": float(draw(st.sampled_from([50, 200, 500]))),
        "profile": (sun * rng.uniform(0.3, 1.0, horizon.steps)).round(3),
        "curtailable": draw(st.booleans()),
    }
    if costs and draw(st.booleans()):
        plant["energy_cost_per_kwh"] = draw(_cents(0, 30))
        plant["curtailment_cost_per_kwh"] = draw(_cents(0, 20))
    return plant


@st.composite
def _grid(draw: st.DrawFn, peak_kw: float, export_kw: float) -> Description:
    grid: Description = {"export_limit_kw": export_kw}
    if draw(st.booleans()):
        grid["import_limit_kw"] = round(1.3 * peak_kw + 30.0, 1)
    if draw(st.booleans()):
        grid["transformer_kva"] = round(max(1.5 * peak_kw, export_kw) / 0.9 + 50.0, 1)
        grid["power_factor"] = 0.9
    return grid


def _cents(low: int, high: int) -> st.SearchStrategy[float]:
    return st.integers(low, high).map(lambda cents: cents / 100)


@st.composite
def _supply(draw: st.DrawFn, *, strange: bool, minimum: bool) -> Description:
    tariff: Description = {"meter": "import", "energy": [draw(_energy(strange=strange))]}
    if draw(st.booleans()):
        tariff["energy"].append({"name": "surcharge", "price_per_kwh": draw(_cents(0, 5))})
    if draw(st.booleans()):
        tariff["demand"] = [draw(_demand())]
    if draw(st.booleans()):
        tariff["fixed"] = [{"per_period": 100.0, "per_day": 3.0, "price_per_kva": 2.0, "capacity_kva": 50.0}]
    if minimum and draw(st.integers(0, 4)) == 0:
        tariff["minimum_bill"] = {"per_period": float(draw(st.integers(0, 80)) * 100)}
    return tariff


@st.composite
def _energy(draw: st.DrawFn, *, strange: bool) -> Description:
    if strange:
        return {"price_per_kwh": draw(st.lists(_cents(-30, 90), min_size=24, max_size=24))}
    cheap = draw(_cents(5, 40))
    dear = round(cheap + draw(_cents(0, 80)), 2)
    match draw(st.sampled_from(["tou", "tou", "hours", "tiers", "flat"])):
        case "tou":
            rules = [
                {"period": "valley", "hours": ["23:00-07:00"], "price_per_kwh": cheap},
                {"period": "peak", "days": ["weekday"], "hours": ["17:00-21:00"], "price_per_kwh": dear},
                {"period": "flat", "price_per_kwh": round((cheap + dear) / 2, 3)},
            ]
            return {"tou": rules}
        case "hours":
            return {"price_per_kwh": draw(st.lists(_cents(5, 90), min_size=24, max_size=24))}
        case "tiers":
            end = float(draw(st.integers(5, 120)) * 100)
            return {"tiers": [{"up_to_kwh": end, "price_per_kwh": cheap}, {"price_per_kwh": dear}]}
        case _:
            return {"price_per_kwh": cheap}


@st.composite
def _demand(draw: st.DrawFn) -> Description:
    price = float(draw(st.integers(1, 40)))
    match draw(st.sampled_from(["plain", "window", "mean", "day", "year", "tiers", "top", "ratchet"])):
        case "window":
            return {"price_per_kw": price, "hours": ["08:00-12:00", "16:00-22:00"], "days": ["weekday"]}
        case "mean":
            return {"price_per_kw": price, "averaging_minutes": 60, "floor_kw": 120.0}
        case "day":
            return {"price_per_kw": price / 20, "per": "day"}
        case "year":
            return {"price_per_kw": price, "per": "year", "hours": ["06:00-22:00"], "top_n": 2, "top_n_of": "day"}
        case "tiers":
            return {"tiers": [{"up_to_kw": 180.0, "price_per_kw": price}, {"price_per_kw": 2 * price}]}
        case "top":
            return {"price_per_kw": price, "top_n": 3, "carried_kw": 100.0}
        case "ratchet":
            return {"price_per_kw": price, "ratchet": {"share_frac": 0.8, "history_kw": [150.0, 190.0]}}
        case _:
            return {"price_per_kw": price}


@st.composite
def _sale(draw: st.DrawFn, *, strange: bool) -> Description:
    price = draw(_cents(-20, 90)) if strange else draw(_cents(0, 5))
    return {"meter": "export", "paid_to_site": True, "energy": [{"name": "sale", "price_per_kwh": price}]}


@st.composite
def _battery(draw: st.DrawFn) -> Description:
    power = float(draw(st.sampled_from([20, 50, 120])))
    battery: Description = {
        "energy_kwh": power * draw(st.sampled_from([0.5, 2.0, 4.0])),
        "power_kw": power,
        "charge_efficiency": draw(st.sampled_from([0.85, 0.95, 1.0])),
        "discharge_efficiency": draw(st.sampled_from([0.9, 0.97])),
        "grid_charging": draw(st.integers(0, 3)) > 0,
        "export": draw(st.booleans()),
        "wear_cost_per_kwh": draw(_cents(0, 8)),
    }
    for fields in (*_starts_and_ends(), *_rules(power)):
        if draw(st.integers(0, 3)) == 0:
            battery |= fields
    if draw(st.integers(0, 3)) == 0:
        battery |= {"wear_cost_per_kwh": 0.0, "wear": draw(_wear())}
    if battery["grid_charging"] and draw(st.booleans()):
        battery |= {"self_discharge_frac_per_h": 0.002, "auxiliary_kw": 0.5}
    return battery


@st.composite
def _wear(draw: st.DrawFn) -> Description:
    law: Description = {"coefficient": 5e-4, "exponent": draw(st.sampled_from([1.0, 1.3, 2.03]))}
    sheet = {"corners": [{"depth_frac": 0.6, "cycles": 6000.0}, {"depth_frac": 1.0, "cycles": 2500.0}]}
    wear: Description = {"replacement_cost_per_kwh": float(draw(st.sampled_from([0, 100, 300])))}
    wear |= {"cycle_life": draw(st.sampled_from([law, sheet])), "segments": draw(st.integers(1, 6))}
    if draw(st.booleans()):
        rates = zip((0.2, 0.5, 1.0), (0.0, 0.01, 0.05), strict=True)
        wear["calendar"] = {"corners": [{"soc_frac": soc, "fade_frac_per_year": rate} for soc, rate in rates]}
    return wear


def _starts_and_ends() -> tuple[Description, ...]:
    return (
        {"initial_soc_frac": 0.5},
        {"initial_soc_frac": 0.6, "final_soc": {"at_least": 0.5}},
        {"initial_soc_frac": 0.4, "final_soc": "free"},
    )


def _rules(power_kw: float) -> tuple[Description, ...]:
    return (
        {"discharge_kw": 0.8 * power_kw},
        {"ramp_kw_per_h": 0.7 * power_kw},
        {"max_cycles_per_day": 0.6},
        {"max_throughput_kwh_per_year": 200.0 * power_kw},
        {"max_cycles_per_year": 150.0},
        {"max_mean_soc_frac": 0.7},
        {"rest": [{"hours": ["12:00-14:00"], "days": ["weekday"]}]},
        {"soc_min_frac": [0.1] * 16 + [0.3] * 5 + [0.1] * 3, "soc_max_frac": 0.9},
        {"charge_taper": [{"soc_frac": 0.6, "power_frac": 1.0}, {"soc_frac": 1.0, "power_frac": 0.2}]},
        {"discharge_taper": [{"soc_frac": 0.0, "power_frac": 0.2}, {"soc_frac": 0.4, "power_frac": 1.0}]},
    )
