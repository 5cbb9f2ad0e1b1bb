"""The same linear program here and in PyPSA (linopy and HiGHS), in one run.

The site has what both can say: a battery with losses, wind, PV, a load, import and export at time-varying
prices. PyPSA has no demand charges, so there are none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np

import storage_opt
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.flexibility import without_flexibility
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__: list[str] = []

_IMPORT_KW, _EXPORT_KW = 110_000.0, 40_000.0
_WIND_KW, _PV_KW = 120_000.0, 80_000.0
_BATTERY_KW, _BATTERY_KWH, _EFFICIENCY, _WEAR = 40_000.0, 160_000.0, 0.95, 0.083


def _site(smoke: bool) -> State:
    warm_up()
    profile = without_flexibility(storage_opt.load_site(storage_opt.profile_folder("ulanqab")))
    days = 7 if smoke else 365
    hours = slice(0, 24 * days)

    def hourly(series) -> np.ndarray:
        return profile.values(series).reshape(-1, 4).mean(axis=1)[hours]

    spec = profile.spec
    load, wind, pv = (
        hourly(series)
        for series in (spec.load["data_centre"].power_kw, spec.generator["wind"].profile, spec.generator["pv"].profile)
    )
    hour = np.arange(24 * days) % 24
    price = np.select([hour < 7, (hour >= 17) & (hour < 22)], [0.26, 0.64], 0.43) + 1e-3 * np.sin(np.arange(24 * days))
    state: State = {"load": load, "wind": wind, "pv": pv, "buy": price, "sell": 0.6 * price}
    made = SiteSpec.model_validate(
        {
            "name": "peer comparison",
            "horizon": {"start": "2027-01-01", "end": str(np.datetime64("2027-01-01") + days)},
            "grid": {"import_limit_kw": _IMPORT_KW, "export_limit_kw": _EXPORT_KW},
            "load": {"load": {"power_kw": load}},
            "generator": {
                "wind": {"capacity_kw": _WIND_KW, "profile": wind},
                "pv": {"capacity_kw": _PV_KW, "profile": pv},
            },
            "battery": {
                "bess": {
                    "energy_kwh": _BATTERY_KWH,
                    "power_kw": _BATTERY_KW,
                    "charge_efficiency": _EFFICIENCY,
                    "discharge_efficiency": _EFFICIENCY,
                    "soc_min_frac": 0.0,
                    "soc_max_frac": 1.0,
                    "wear_cost_per_kwh": _WEAR,
                }
            },
            "tariff": {
                "buy": {"energy": [{"price_per_kwh": price}]},
                "sell": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.6 * price}]},
            },
        }
    )
    state["site"] = storage_opt.Site(made, made.horizon.build())
    return state


def _ours(state: State) -> None:
    state["ours"] = storage_opt.optimize(state["site"]).ledger.total


def _pypsa(state: State) -> None:
    import pypsa

    logging.disable(logging.WARNING)
    network = pypsa.Network()
    network.set_snapshots(range(state["load"].size))
    network.add("Bus", "bus")
    network.add("Load", "load", bus="bus", p_set=state["load"])
    network.add("Generator", "wind", bus="bus", p_nom=_WIND_KW, p_max_pu=state["wind"])
    network.add("Generator", "pv", bus="bus", p_nom=_PV_KW, p_max_pu=state["pv"])
    network.add("Generator", "buy", bus="bus", p_nom=_IMPORT_KW, marginal_cost=state["buy"])
    network.add(
        "Generator", "sell", bus="bus", p_nom=_EXPORT_KW, p_min_pu=-1.0, p_max_pu=0.0, marginal_cost=state["sell"]
    )
    network.add(
        "StorageUnit",
        "bess",
        bus="bus",
        p_nom=_BATTERY_KW,
        max_hours=_BATTERY_KWH / _BATTERY_KW,
        efficiency_store=_EFFICIENCY,
        efficiency_dispatch=_EFFICIENCY,
        marginal_cost=_WEAR,
        cyclic_state_of_charge=True,
    )
    status = network.optimize(solver_name="highs", log_to_console=False)
    assert tuple(status) == ("ok", "optimal"), status
    state["pypsa"] = float(network.objective)


def _ratio(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    return {
        "times_faster": seconds["pypsa_s"] / seconds["ours_s"],
        "objective_difference": abs(state["ours"] - state["pypsa"]) / abs(state["pypsa"]),
    }


register(
    BenchSpec(
        "pypsa",
        "against PyPSA (linopy, HiGHS) on the same LP, hourly year",
        _site,
        {"ours_s": _ours, "pypsa_s": _pypsa},
        _ratio,
        {"times_faster": Reach(least=8.0), "objective_difference": Reach(most=1e-6)},
        needs=("pypsa",),
    )
)
