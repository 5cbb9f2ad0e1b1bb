"""Job logs among everything else of a site, and a real one."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site
from tests.support.job_logs import PLAIN, write
from tests.support.real_data import data_file, needs_data

SITE = """\
name = "cluster"
[horizon]
start = {start}
end = {end}
[facility.hall]
[cluster.gpu]
facility = "hall"
installed_units = {units}
idle_kw_per_unit = 0.3
full_kw_per_unit = 1.0
[workload.train]
cluster = "gpu"
kind = "training"
max_delay_h = 24
jobs = {{ file = "jobs.csv"{jobs} }}
[[tariff.grid.energy]]
price_per_kwh = {price}
"""


def _site(folder, text, *, price="0.5", jobs="", start="2026-01-01", end="2026-01-08", units=64):
    write(folder, text)
    (folder / "site.toml").write_text(SITE.format(price=price, jobs=jobs, start=start, end=end, units=units), "utf-8")
    return load_site(folder)


def test_a_site_has_its_jobs(tmp_path):
    site = _site(tmp_path, PLAIN + "a,2026-01-01 06:00,2,8\n")
    assert site.jobs["train"].ids == ("a",)
    assert site.notes[0] == "jobs.csv: read as a log of the layout plain"


@pytest.mark.parametrize("price", ['{ file = "none.csv", column = "x" }', '"much"'])
def test_faults_of_a_log_stand_among_those_of_the_site(tmp_path, price):
    with pytest.raises(InputError) as caught:
        _site(tmp_path, PLAIN + "a,2026-01-01 06:00,-2,65\n", price=price)
    told = [found.what for found in caught.value.faults]
    assert len(told) == 3
    assert any(what.startswith("1 duration not above 0") for what in told)
    assert any(what.startswith("1 job larger than the 64 units") for what in told)


def test_a_broken_workload_keeps_its_log_unread(tmp_path):
    with pytest.raises(InputError) as caught:
        _site(tmp_path, PLAIN + "a,2026-01-01 06:00,-2,65\n", jobs=', layout = "pbs"')
    assert [found.key for found in caught.value.faults] == ["workload.train.jobs.layout"]


@needs_data
@pytest.mark.data
def test_the_acme_log_end_to_end(tmp_path):
    data = data_file("compute/acme_kalos_completed_jobs.csv").read_bytes()
    site = _site(tmp_path, data, start="2026-01-01", end="2026-04-02", units=2048)
    raw = pd.read_csv(io.BytesIO(data))
    jobs = site.jobs["train"]
    assert jobs.count == len(raw) == 319
    assert site.notes == ("jobs.csv: read as a log of the layout acme",)
    assert jobs.work_unit_h.sum() == pytest.approx((raw["gpu_num"] * raw["duration_s"]).sum() / 3600, rel=1e-12)
    np.testing.assert_allclose(jobs.submit_h, raw["submit_offset_s"] / 3600, rtol=1e-12)


@needs_data
@pytest.mark.data
def test_the_acme_log_by_class_and_cut_by_the_horizon(tmp_path):
    data = data_file("compute/acme_kalos_completed_jobs.csv").read_bytes()
    raw = pd.read_csv(io.BytesIO(data))
    site = _site(
        tmp_path,
        data,
        start="2026-01-01",
        end="2026-02-01",
        units=1024,
        jobs=', classes = ["pretrain", "other_or_sft"], first_submit = 2025-12-25',
    )
    start, hours = raw["submit_offset_s"] / 3600 - 168, raw["duration_s"] / 3600
    inside = (start >= 0) & (start < 744) & (start + hours <= 744)
    assert site.jobs["train"].count == inside.sum()
    told = sum(int(note.split(": ")[2].split(" ")[0]) for note in site.notes if "set aside" in note)
    assert told == (~inside).sum()
