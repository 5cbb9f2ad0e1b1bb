"""The western profile under its contract with every term of the vocabulary, its branches, and a rebate in doubt.

Its work runs as it arrives: a fixed load, so that times stay those of the contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import storage_opt
from storage_opt.spec.contract import ContractSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.series import Constant
from storage_opt.studies.choosing import Question, choose
from storage_opt.studies.flexibility import without_flexibility
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__ = ["contract_site"]

MORE_TERMS: dict[str, Any] = {
    "green": {
        "min_share_frac": 0.8,
        "certificate_price_per_kwh": 0.006,
        "market_green_frac": 0.1,
        "green_premium_per_kwh": 0.01,
        "exported_certificate_price_per_kwh": 0.003,
    },
}
DECLARED = {"mode": "contract_demand", "contract_kw": "optimal", "capacity_kva": 100_000.0}
MORE_SUPPLY: dict[str, Any] = {
    "power_factor": 0.93,
    "system_operation_per_kva": 0.5,
    "capacity_compensation_per_kwh": 0.002,
    "cross_subsidy_on_self_use_per_kwh": 0.001,
}


def contract_site(smoke: bool, **basic: Any) -> Site:
    """The profile with a fixed load and with what its own contract leaves out."""
    site = storage_opt.load_site(storage_opt.profile_folder("ulanqab"))
    if smoke:
        start = date.fromisoformat(str(site.spec.horizon.start)[:10])
        site = site.between(start, start + timedelta(days=7))
    site = without_flexibility(site)
    raw = site.spec.contract.model_dump(exclude_defaults=True)
    supply = raw["supply"] | MORE_SUPPLY | {"basic": DECLARED | basic}
    contract = ContractSpec.model_validate(raw | MORE_TERMS | {"supply": supply})
    changed: dict[str, Any] = {"contract": contract}
    if "rebate" in basic:
        # where a site may export, importing for the rebate while exporting is a search of its own
        changed["grid"] = site.spec.grid.model_copy(update={"export_limit_kw": Constant(0.0)})
    return replace(site, spec=site.spec.model_copy(update=changed))


def _built(**basic: Any):
    def build(smoke: bool) -> State:
        site = contract_site(smoke, **basic)
        warm_up()
        return {"site": site}

    return build


def _read(state: State) -> None:
    storage_opt.load_site(storage_opt.profile_folder("ulanqab"))


def _optimize(state: State) -> None:
    state["result"] = storage_opt.optimize(state["site"])


def _certified(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    result = state["result"]
    assert result.certificate.certified, result.certificate
    timing = result.timing
    return {
        "compile_s": timing.compile_s,
        "solve_s": timing.solve_s,
        "outside_solver": 1.0 - timing.solve_s / sum(seconds.values()),
        "relative_gap": result.certificate.relative_gap,
        "branches": float(len(result.branches)),
    }


register(
    BenchSpec(
        "contract_15min",
        "15-minute year of ulanqab, every rule and contract line, files to ledger",
        _built(),
        {"read_s": _read, "optimize_s": _optimize},
        _certified,
        {"total_s": Reach(most=3.0), "memory_mb": Reach(most=1500)},
        repeat=2,
    )
)

register(
    BenchSpec(
        "rebate_15min",
        "the same without export and with the 90 % rebate of the demand price in doubt",
        _built(rebate={"threshold_kwh_per_kva": 150.0}),
        {"optimize_s": _optimize},
        _certified,
    )
)


def _choose(state: State) -> None:
    state["chosen"] = choose(state["site"], tuple(Question))


def _ratio(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    assert all(branch.state == "certified" for branch in state["chosen"].branches)
    return {
        "branches": float(len(state["chosen"].branches)),
        "choose_over_one": seconds["choose_s"] / seconds["optimize_s"],
    }


register(
    BenchSpec(
        "choose_15min",
        "all branches of regime, basis and demand against one solve",
        _built(contract_kw=60_000.0),
        {"optimize_s": _optimize, "choose_s": _choose},
        _ratio,
        {"choose_over_one": Reach(most=6.0)},
    )
)
