"""The western profile with its work free against the same as a fixed load, and ten thousand jobs from log to jobs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import storage_opt
from storage_opt.catalog.synthetic_jobs import synthetic_jobs
from storage_opt.report.files import write_result
from storage_opt.spec.resolved import Site
from storage_opt.studies.flexibility import without_flexibility
from tests.bench.registry import BenchSpec, Reach, State, register
from tests.bench.sites import warm_up

__all__: list[str] = []

_LOG = """
name = "log"
[horizon]
start = 2027-05-01
end = {end}
step_minutes = 15
[facility.hall]
pue = 1.2
[cluster.gpu]
facility = "hall"
installed_units = 2048
idle_kw_per_unit = 0.28
full_kw_per_unit = 0.97
[workload.pretrain]
cluster = "gpu"
kind = "training"
max_delay_h = 24
jobs = {{ file = "jobs.csv", classes = ["pretrain"] }}
[workload.other]
cluster = "gpu"
kind = "batch"
max_delay_h = 12
jobs = {{ file = "jobs.csv", classes = ["other_or_sft", "small"] }}
[battery.bess]
energy_kwh = 2000
power_kw = 1000
[tariff.t]
energy = [{{ price_per_kwh = [{prices}] }}]
demand = [{{ price_per_kw = 30 }}]
"""
_PRICES = ", ".join(["0.3"] * 7 + ["0.6"] * 9 + ["1.0"] * 6 + ["0.6", "0.3"])


def _year(smoke: bool) -> State:
    site: Site = storage_opt.load_site(storage_opt.profile_folder("ulanqab"))
    if smoke:
        start = date.fromisoformat(str(site.spec.horizon.start)[:10])
        site = site.between(start, start + timedelta(days=7))
    warm_up()
    return {"free": site, "fixed": without_flexibility(site)}


def _solve(which: str):
    def phase(state: State) -> None:
        state[f"{which}_result"] = storage_opt.optimize(state[which])

    return phase


def _ratio(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    free, fixed = state["free_result"], state["fixed_result"]
    assert free.certificate.certified, free.certificate
    assert fixed.certificate.certified, fixed.certificate
    # the rest of the time of a run: files are read in both
    return {
        "compute_over_fixed": seconds["free_s"] / seconds["fixed_s"],
        "solve_s": free.timing.solve_s,
        "saved_more": (fixed.ledger.total - free.ledger.total) / abs(fixed.ledger.total),
    }


register(
    BenchSpec(
        "compute_15min",
        "15-minute year of ulanqab: four classes and cold storage free, against the same as a fixed load",
        _year,
        {"fixed_s": _solve("fixed"), "free_s": _solve("free")},
        _ratio,
        {"compute_over_fixed": Reach(most=2.5), "memory_mb": Reach(most=1500)},
        repeat=2,
    )
)


def _log(smoke: bool) -> State:
    folder = Path(tempfile.mkdtemp(prefix="bench-jobs-"))
    days, count = (7, 1_500) if smoke else (30, 10_000)
    synthetic_jobs(count, 24.0 * days, 2048, seed=1, mean_frac=0.5).to_csv(folder / "jobs.csv", index=False)
    text = _LOG.format(end=date(2027, 5, 2) + timedelta(days=days), prices=_PRICES)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    warm_up()
    return {"folder": folder, "count": count}


def _read_log(state: State) -> None:
    state["free"] = storage_opt.load_site(state["folder"])


def _write(state: State) -> None:
    write_result(state["free_result"], state["folder"] / "out", plots=False)


def _kept(state: State, seconds: Mapping[str, float]) -> dict[str, float]:
    result = state["free_result"]
    assert result.certificate.certified, result.certificate
    jobs = result.compute.jobs.values()
    assert sum(one.count for one in jobs) == state["count"]
    assert [breach for one in jobs for breach in one.breaches] == []
    return {"runs": float(sum(one.segments.job.size for one in jobs)), "solve_s": result.timing.solve_s}


register(
    BenchSpec(
        "jobs_10000",
        "10,000 synthetic jobs in 15-minute steps: read, optimise with storage, place, check, write",
        _log,
        {"read_s": _read_log, "optimize_s": _solve("free"), "write_s": _write},
        _kept,
        {"total_s": Reach(most=60.0)},
    )
)
