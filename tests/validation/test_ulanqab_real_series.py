"""The Ulanqab profile with the real wind and sun of Inner Mongolia in 2020, a leap year; its work stays synthetic."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storage_opt import DispatchResult, load_site, optimize, profile_folder
from storage_opt.catalog.make_profiles import mengxi_day_ahead
from storage_opt.horizon import Horizon
from storage_opt.schedule import FlowKind
from tests.support.physics import assert_physical
from tests.support.real_data import data_file, needs_data

pytestmark = [needs_data, pytest.mark.data]


def replaced(text: str, pattern: str, new: str) -> str:
    """The text with the one place that matches the pattern replaced."""
    changed, count = re.subn(pattern, new, text, flags=re.MULTILINE)
    assert count == 1, pattern
    return changed


def write_tables(folder: Path) -> None:
    """Provincial wind and sun of 2020, a market that knows that wind, the profile's work and weather moved to 2020."""
    wind = pd.read_csv(data_file("renewables/cn_province_onwind_cf_2020_1h.csv.gz"))
    sun = pd.read_csv(data_file("renewables/cn_province_solar_cf_2020_1h.csv.gz"))
    assert (wind["time_cst"] == sun["time_cst"]).all()
    columns = {"time": wind["time_cst"], "wind_frac": wind["InnerMongolia"], "pv_frac": sun["InnerMongolia"]}
    pd.DataFrame(columns).to_csv(folder / "renewables_2020.csv", index=False)
    compute = pd.read_csv(folder / "synthetic_compute.csv").drop(columns="time")
    hourly = compute.groupby(np.arange(len(compute)) // 4).mean()
    with_leap_day = pd.concat([hourly[: 59 * 24], hourly[58 * 24 : 59 * 24], hourly[59 * 24 :]], ignore_index=True)
    with_leap_day.insert(0, "time", wind["time_cst"])
    with_leap_day.to_csv(folder / "compute_2020.csv", index=False)
    year = Horizon(date(2020, 1, 1), date(2021, 1, 1), 60, "Asia/Shanghai")
    price = pd.Series(mengxi_day_ahead(year, wind["InnerMongolia"].to_numpy()))
    prices = {"time": wind["time_cst"], "day_ahead_cny_per_kwh": price}
    pd.DataFrame(prices).to_csv(folder / "prices_2020.csv", index=False)


def real_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ulanqab"
    shutil.copytree(profile_folder("ulanqab"), folder)
    write_tables(folder)
    site = folder / "site.toml"
    text = site.read_text(encoding="utf-8")
    text = replaced(text, r"^start = 2027-01-01$", "start = 2020-01-01")
    text = replaced(text, r"^end = 2028-01-01$", "end = 2021-01-01")
    text = replaced(text, r"^step_minutes = 15$", "step_minutes = 60")
    for kind in ("compute", "renewables", "prices"):
        text = text.replace(f'"synthetic_{kind}.csv"', f'"{kind}_2020.csv"')
    site.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def result(tmp_path_factory) -> DispatchResult:
    return optimize(load_site(real_folder(tmp_path_factory.mktemp("real"))))


def test_the_year_is_the_real_one(result):
    """Full-load hours of the provincial average: 0.30 for wind, 0.16 to 0.20 for PV, over 8,784 hours."""
    site = result.site
    assert site.horizon.steps == 8784
    wind = pd.read_csv(data_file("renewables/cn_province_onwind_cf_2020_1h.csv.gz"))["InnerMongolia"]
    np.testing.assert_allclose(site.values(site.spec.generator["wind"].profile), wind, rtol=1e-12)
    assert wind.mean() == pytest.approx(0.30, abs=0.01)
    assert 0.14 < site.values(site.spec.generator["pv"].profile).mean() < 0.22


def test_the_schedule_is_certified_and_physical(result):
    certificate = result.certificate
    assert certificate.certified
    assert certificate.relative_gap <= 1e-6
    assert max(certificate.primal_residual, certificate.dual_residual) <= 1e-6
    assert certificate.ledger_mismatch_relative <= 1e-6
    assert certificate.simultaneous_kwh == 0.0
    assert_physical(result.site, result.schedule)


def test_the_bill_is_audited(result):
    for ledger in (result.ledger, result.baseline_ledger):
        for entry in ledger.entries:
            assert entry.amount == pytest.approx(entry.quantity * entry.rate, rel=1e-9, abs=1e-6)
        assert sum(ledger.by_party().values()) == pytest.approx(0.0, abs=1e-3)
        assert set(ledger.by_period()) == {f"2020-{month:02d}" for month in range(1, 13)}
    assert sum(result.streams.values()) == pytest.approx(result.savings, rel=1e-9)


def test_the_rules_are_kept(result):
    """The ratios by name, required and achieved; less sun than in the synthetic year leaves the export ratio free."""
    achieved = {check.name: check.achieved for check in result.certificate.rules}
    assert all(check.ok for check in result.certificate.rules)
    assert achieved["contract.self_use_of_available"] >= 60.0 - 1e-6
    assert 18.0 < achieved["contract.export_of_available"] <= 20.0 + 1e-6
    assert any("is used for 2020-01-01 to 2020-12-31" in note for note in result.notes)


def test_the_figures_are_those_of_the_synthetic_year(result):
    """Saved share of the bill and cycles of the battery: 8.4 % and 312 on the synthetic series of the profile."""
    assert 0.070 < result.savings / result.baseline_ledger.total < 0.095
    use = result.batteries["bess"]
    assert 280 < use.equivalent_cycles < 350
    assert use.losses_kwh == pytest.approx(use.throughput_kwh * (1 / 0.95**2 - 1), rel=1e-4)
    curtailed, before = (s.energy_kwh(FlowKind.CURTAILED_KW) for s in (result.schedule, result.baseline))
    assert curtailed <= before
