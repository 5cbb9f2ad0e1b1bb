"""Dispatch of a year at three steps, solver against solver on the same matrices, and the shape of the problem."""

from __future__ import annotations

from collections.abc import Mapping

import storage_opt
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.site import lower_site
from storage_opt.model.backends import solve_form
from storage_opt.model.compile import compile_program
from storage_opt.model.policy import solver_chain
from storage_opt.model.standard_form import longest_line
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import site_folder, warm_up

__all__: list[str] = []

LONGEST_LINE = 400


def _folder(step_minutes: int):
    def build(smoke: bool) -> State:
        folder = site_folder(step_minutes, smoke=smoke)
        warm_up()
        return {"folder": folder}

    return build


def _read(state: State) -> None:
    state["site"] = storage_opt.load_site(state["folder"])


def _optimize(state: State) -> None:
    state["result"] = storage_opt.optimize(state["site"])


def _shares(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    result = state["result"]
    assert result.certificate.certified, result.certificate
    total = sum(seconds.values())
    timing = result.timing
    return {
        "build_s": timing.build_s,
        "compile_s": timing.compile_s,
        "solve_s": timing.solve_s,
        "settle_s": timing.settle_s,
        "outside_solver": 1.0 - timing.solve_s / total,
        "relative_gap": result.certificate.relative_gap,
        "ledger_mismatch": result.certificate.ledger_mismatch_relative,
    }


def _dispatch(name: str, title: str, step_minutes: int, reach: dict[str, Reach], repeat: int) -> None:
    register(
        BenchSpec(
            name,
            title,
            _folder(step_minutes),
            {"read_s": _read, "optimize_s": _optimize},
            _shares,
            reach,
            repeat=repeat,
        )
    )


_dispatch(
    "dispatch_hourly",
    "hourly year, all contract terms, files to ledger",
    60,
    {"total_s": Reach(most=1.0), "outside_solver": Reach(most=0.5)},
    3,
)
_dispatch(
    "dispatch_15min",
    "15-minute year, all contract terms, files to ledger",
    15,
    {"total_s": Reach(most=3.0), "memory_mb": Reach(most=1500), "outside_solver": Reach(most=0.4)},
    2,
)
_dispatch("dispatch_5min", "5-minute year, all contract terms, files to ledger", 5, {"total_s": Reach(most=12.0)}, 1)


# ------------------------------------------------------------------------------------------- solvers


def _matrices(smoke: bool) -> State:
    warm_up()
    site = storage_opt.load_site(site_folder(60, smoke=smoke))
    program = compile_program(site, lower_site(site), lower_rules(site))
    return {"form": program.scaling.apply(program.form)}


def _solve_with(key: str, solver: str | None):
    def phase(state: State) -> None:
        state[key] = solve_form(state["form"], solver or solver_chain(state["form"], None)[0])

    return phase


def _against_highs(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    ours, highs = (state["form"].objective(state[key].x) for key in ("ours", "highs"))
    return {
        "solver_over_highs": seconds["ours_s"] / seconds["highs_s"],
        "objective_difference": abs(ours - highs) / max(abs(highs), 1e-12),
    }


register(
    BenchSpec(
        "solver_share",
        "the policy's solver against HiGHS on the same matrices, hourly year",
        _matrices,
        {"ours_s": _solve_with("ours", None), "highs_s": _solve_with("highs", "HIGHS")},
        _against_highs,
        {"solver_over_highs": Reach(most=0.5), "objective_difference": Reach(most=1e-6)},
        repeat=3,
    )
)


# ------------------------------------------------------------------------------------------- shape


def _sites(smoke: bool) -> State:
    steps = (60,) if smoke else (60, 15)
    return {"sites": {step: storage_opt.load_site(site_folder(step, smoke=smoke)) for step in steps}}


def _compile(state: State) -> None:
    state["programs"] = {
        step: compile_program(site, lower_site(site), lower_rules(site)) for step, site in state["sites"].items()
    }


def _shape(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    del seconds
    forms = [program.form for program in state["programs"].values()]
    return {
        "longest_line": float(max(longest_line(form) for form in forms)),
        "variables": float(forms[-1].size),
        "nonzeros": float(forms[-1].nonzeros),
    }


register(
    BenchSpec(
        "shape",
        "longest row or column of the compiled program, hourly and 15-minute year",
        _sites,
        {"compile_s": _compile},
        _shape,
        {"longest_line": Reach(most=LONGEST_LINE)},
    )
)
