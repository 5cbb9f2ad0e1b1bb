"""The Ulanqab profile with the real wind and sun of Inner Mongolia in 2020, a leap year."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storage_opt import DispatchResult, load_site, optimize, profile_folder
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
    """Provincial wind and sun of 2020, and the profile's load as hourly means moved to 2020."""
    wind = pd.read_csv(data_file("renewables/cn_province_onwind_cf_2020_1h.csv.gz"))
    sun = pd.read_csv(data_file("renewables/cn_province_solar_cf_2020_1h.csv.gz"))
    assert (wind["time_cst"] == sun["time_cst"]).all()
    columns = {"time": wind["time_cst"], "wind_frac": wind["InnerMongolia"], "pv_frac": sun["InnerMongolia"]}
    pd.DataFrame(columns).to_csv(folder / "renewables_2020.csv", index=False)
    load = pd.read_csv(folder / "synthetic_load.csv")["load_mw"].to_numpy().reshape(-1, 4).mean(axis=1)
    with_leap_day = np.insert(load, 59 * 24, load[58 * 24 : 59 * 24])
    pd.DataFrame({"time": wind["time_cst"], "load_mw": with_leap_day}).to_csv(folder / "load_2020.csv", index=False)


def real_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ulanqab"
    shutil.copytree(profile_folder("ulanqab"), folder)
    write_tables(folder)
    site = folder / "site.toml"
    text = site.read_text(encoding="utf-8")
    text = replaced(text, r"^start = 2027-01-01$", "start = 2020-01-01")
    text = replaced(text, r"^end = 2028-01-01$", "end = 2021-01-01")
    text = replaced(text, r"^step_minutes = 15$", "step_minutes = 60")
    text = replaced(text, r"^averaging_minutes = 15\n", "")
    text = replaced(text, r'"synthetic_load\.csv"', '"load_2020.csv"')
    site.write_text(text.replace('"synthetic_renewables.csv"', '"renewables_2020.csv"'), encoding="utf-8")
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


def test_the_figures_make_sense(result):
    """A four-hour battery of 160 MWh works once or twice a day and saves about an eighth of the bill."""
    assert 0.08 < result.savings / result.baseline_ledger.total < 0.16
    use = result.batteries["bess"]
    assert 350 < use.equivalent_cycles < 600
    assert use.losses_kwh == pytest.approx(use.throughput_kwh * (1 / 0.95**2 - 1), rel=1e-4)
    curtailed, before = (s.energy_kwh(FlowKind.CURTAILED_KW) for s in (result.schedule, result.baseline))
    assert curtailed <= before
