"""Real work end to end: the Acme job log, the Helios utilisation, ten thousand synthetic jobs; every job checked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import storage_opt
from storage_opt.catalog.synthetic_jobs import synthetic_jobs
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.report.files import write_result
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.jobs import JobTable
from storage_opt.workload.curves import Curves
from storage_opt.workload.first_come import chain_placement
from storage_opt.workload.jobs import JobWindows
from storage_opt.workload.segments import clock_segments
from storage_opt.workload.verify import Promise, breaches
from tests.support.real_data import data_file, needs_data

SITE = """
name = "cluster"

[horizon]
start = {start}
end = {end}
step_minutes = {step}

[facility.hall]
pue = 1.2

[cluster.gpu]
facility = "hall"
installed_units = {units}
idle_kw_per_unit = 0.28
full_kw_per_unit = 0.97

{workload}

[battery.bess]
energy_kwh = 2000
power_kw = 1000

[[tariff.supply.energy]]
tou = [
  {{ period = "valley", hours = ["23:00-07:00"], price_per_kwh = 0.30 }},
  {{ period = "peak", hours = ["16:00-22:00"], price_per_kwh = 1.00 }},
  {{ period = "flat", price_per_kwh = 0.60 }},
]

[[tariff.supply.demand]]
price_per_kw = 30.0
"""

LOG = """
[workload.{name}]
cluster = "gpu"
kind = "{kind}"
max_delay_h = {delay}
jobs = {{ file = "jobs.csv", classes = {classes} }}
"""


def _solved(folder: Path, workload: str, **numbers: object) -> storage_opt.DispatchResult:
    text = SITE.format(workload=workload, **numbers)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return storage_opt.optimize(storage_opt.load_site(folder))


def _all_jobs_hold(result: storage_opt.DispatchResult, count: int) -> None:
    assert result.certificate.certified
    assert result.savings > 0
    jobs = result.compute.jobs
    assert sum(one.count for one in jobs.values()) == count
    for name, one in jobs.items():
        assert one.breaches == ()
        assert one.unplaced_unit_h == 0.0
        work = one.placed.work_unit_h(one.count, result.site.horizon.step_h)
        plan = next(work for work in compute_plan(result.site).work if work.name == name)
        assert work == pytest.approx(plan.windows.work_unit_h, rel=1e-6, abs=1e-6)
        assert one.after.energy_kwh.sum() == pytest.approx(result.compute.after[name].energy_kwh, rel=1e-4)


@needs_data
def test_the_acme_jobs(tmp_path):
    source = data_file("compute/acme_kalos_completed_jobs.csv")
    shutil.copy(source, tmp_path / "jobs.csv")
    workload = LOG.format(name="pretrain", kind="training", delay=24, classes='["pretrain"]')
    workload += LOG.format(name="other", kind="batch", delay=12, classes='["other_or_sft"]')
    result = _solved(tmp_path, workload, start="2023-05-17", end="2023-08-22", step=60, units=2048)
    _all_jobs_hold(result, 319)
    log = pd.read_csv(source)
    hours = float((log["duration_s"] * log["gpu_num"]).sum()) / 3600.0
    used = sum((result.compute.after[name].work_unit_h for name in ("pretrain", "other")), 0.0)
    assert used == pytest.approx(hours, rel=1e-9)

    written = write_result(result, tmp_path / "out", plots=False)
    assert {"jobs.csv", "job_runs.csv"} <= {path.name for path in written}
    table = pd.read_csv(tmp_path / "out" / "jobs.csv")
    assert len(table) == 319
    for column in ("submit", "start", "end", "due"):
        table[column] = pd.to_datetime(table[column])
    assert (table["start"] >= table["submit"] - pd.Timedelta(seconds=1)).all()
    assert (table["end"] <= table["due"] + pd.Timedelta(seconds=1)).all()
    runs = pd.read_csv(tmp_path / "out" / "job_runs.csv", parse_dates=["start", "end"])
    worked = (runs["end"] - runs["start"]).dt.total_seconds() / 3600.0 * runs["units"] * runs["speed_frac"]
    assert float(worked.sum()) == pytest.approx(hours, rel=1e-3)  # times are written to the second
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert [one["breaches"] for one in summary["jobs"]] == [[], []]


@needs_data
def test_the_helios_utilisation(tmp_path):
    shutil.copy(data_file("compute/helios_earth_gpu_15min.csv.gz"), tmp_path / "gpus.csv.gz")
    workload = """
[workload.research]
cluster = "gpu"
kind = "training"
max_delay_h = 8
units = { file = "gpus.csv.gz", column = "running_gpu", unit = "GPU" }
"""
    result = _solved(tmp_path, workload, start="2020-05-01", end="2020-06-01", step=15, units=856)
    assert result.certificate.certified
    assert result.savings > 0
    site, h = result.site, result.site.horizon.step_h
    arriving = pd.read_csv(tmp_path / "gpus.csv.gz")["running_gpu"].to_numpy()
    rate = result.schedule[Flow("research", FlowKind.WORK_UNITS)]
    assert rate.sum() * h == pytest.approx(arriving.sum() * h, rel=1e-9)
    # each quarter of an hour of it as a job of its own: arrives in that quarter, due eight hours later
    (work,) = compute_plan(site).work
    began = np.flatnonzero(arriving > 0)
    starts = began * h
    latest = np.minimum(starts + h + 8.0, site.horizon.steps * h)
    windows = JobWindows(np.full(began.size, 856.0), arriving[began] * h, starts, latest, latest)
    curves = Curves(work.curves[0].arrived_unit_h, work.curves[0].due_unit_h, np.arange(began.size))
    placed = chain_placement(curves, windows, rate, h)
    segments = clock_segments(placed, windows, np.ones(site.horizon.steps), h, np.full(site.horizon.steps, 856.0))
    table = JobTable(
        tuple(map(str, began)), began, starts, windows.duration_h, windows.units, np.full(began.size, np.nan)
    )
    steps = site.horizon.steps
    promise = Promise(latest, windows.work_unit_h, np.full(steps, 856.0), np.ones(steps, dtype=np.bool_), h)
    assert breaches(table, segments, promise) == ()


def test_ten_thousand_jobs(tmp_path):
    jobs = synthetic_jobs(10_000, 24.0 * 30, 2048, seed=1, mean_frac=0.5)
    jobs.to_csv(tmp_path / "jobs.csv", index=False)
    workload = LOG.format(name="pretrain", kind="training", delay=24, classes='["pretrain"]')
    workload += LOG.format(name="other", kind="batch", delay=12, classes='["other_or_sft", "small"]')
    result = _solved(tmp_path, workload, start="2027-05-01", end="2027-06-01", step=60, units=2048)
    _all_jobs_hold(result, 10_000)
