"""A year of spot arbitrage on real prices: our certified optimum against a plain HiGHS problem.

Import and export are settled at the same hourly price, negative prices included, so the convex relaxation would
gladly burn energy; the reference forbids it with a binary in every hour.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from storage_opt import InputError, load_site, optimize
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from tests.support.physics import assert_physical
from tests.support.plain_highs import Arbitrage, PlainAnswer
from tests.support.real_data import data_file, needs_data

pytestmark = [needs_data, pytest.mark.data]

POWER_KW, ENERGY_KWH, EFFICIENCY = 100_000.0, 200_000.0, 0.95


@dataclass(frozen=True)
class Market:
    file: str
    column: str
    time_column: str
    currency: str
    zone: str
    year: int


NSW1 = Market("aemo_nsw1_2024_1h.csv", "rrp_aud_per_mwh", "time_nem", "AUD", "Etc/GMT-10", 2024)
VIC1 = Market("aemo_vic1_2024_1h.csv", "rrp_aud_per_mwh", "time_nem", "AUD", "Etc/GMT-10", 2024)
GERMANY = Market("smard_de_dayahead_2018_1h.csv", "price_eur_per_mwh", "time_local", "EUR", "Europe/Berlin", 2018)
MARKETS = [NSW1, VIC1, GERMANY]
every_market = pytest.mark.parametrize("market", MARKETS, ids=["nsw1", "vic1", "germany"])

SITE = """\
name = "arbitrage"
currency = "{currency}"

[horizon]
start = {year}-01-01
end = {following}-01-01
zone = "{zone}"

[grid]
import_limit_kw = 100000
export_limit_kw = 100000

[load.none]
power_kw = 0

[battery.bess]
power_kw = 100000
energy_kwh = 200000
charge_efficiency = 0.95
discharge_efficiency = 0.95
soc_min_frac = 0.0
soc_max_frac = 1.0

[tariff.bought]
energy = [{{price_per_kwh = {{file = "{file}", column = "{column}", time_column = "{time_column}"}}}}]

[tariff.sold]
meter = "export"
paid_to_site = true
energy = [{{price_per_kwh = {{file = "{file}", column = "{column}", time_column = "{time_column}"}}}}]
"""


def site_folder(folder: Path, market: Market) -> Path:
    shutil.copy(data_file(f"prices/{market.file}"), folder / market.file)
    text = SITE.format(**vars(market), following=market.year + 1)
    (folder / "site.toml").write_text(text, encoding="utf-8")
    return folder


def prices_per_kwh(market: Market) -> np.ndarray:
    return pd.read_csv(data_file(f"prices/{market.file}"))[market.column].to_numpy() / 1000.0


@cache
def plain_optimum(market: Market) -> PlainAnswer:
    """The relaxation, and where it charges while discharging the problem with binaries everywhere."""
    problem = Arbitrage(prices_per_kwh(market), POWER_KW, 0.0, ENERGY_KWH, EFFICIENCY)
    relaxed = problem.solve(binaries=False)
    return relaxed if relaxed.is_exclusive else problem.solve(binaries=True)


@every_market
def test_year_of_arbitrage_equals_a_plain_highs_problem(tmp_path, market):
    site = load_site(site_folder(tmp_path, market))
    result = optimize(site)
    assert result.certificate.certified
    assert result.certificate.simultaneous_kwh == 0.0
    assert_physical(site, result.schedule)
    reference = plain_optimum(market)
    assert reference.is_exclusive
    assert reference.cost < -1e6
    assert result.ledger.total == pytest.approx(reference.cost, rel=1e-6)
    assert result.savings == pytest.approx(-reference.cost, rel=1e-6)
    # the money by hand: what was sold less what was bought, at the price of the file
    sold = result.schedule[Flow("bess", FlowKind.DISCHARGE_KW)] - result.schedule[Flow("bess", FlowKind.CHARGE_KW)]
    assert float(-sold @ prices_per_kwh(market)) == pytest.approx(result.ledger.total, rel=1e-9)


def hours_of(site: Site, day: date) -> int:
    return int(np.sum(site.horizon.stamps.date == day))


def test_leap_year_without_daylight_saving(tmp_path):
    site = load_site(site_folder(tmp_path, NSW1))
    assert site.horizon.steps == 8784
    assert hours_of(site, date(2024, 2, 29)) == 24
    assert site.horizon.stamps[0].utcoffset().total_seconds() == 10 * 3600


def test_days_of_23_and_25_hours(tmp_path):
    """Prices stay with their hours: the file is in order of time, so the n-th hour has the n-th price."""
    site = load_site(site_folder(tmp_path, GERMANY))
    assert site.horizon.steps == 8760
    assert hours_of(site, date(2018, 3, 25)) == 23
    assert hours_of(site, date(2018, 10, 28)) == 25
    read = site.values(site.spec.tariff["bought"].energy[0].price_per_kwh)
    np.testing.assert_allclose(read, prices_per_kwh(GERMANY), rtol=1e-12)


def test_file_as_fetched_is_refused_with_its_eleven_duplicate_stamps(tmp_path):
    name = "aemo_nsw1_2024_1h_asfetched.csv"
    market = Market(name, "rrp_aud_per_mwh", "time_nem", "AUD", "Etc/GMT-10", 2024)
    stamps = pd.read_csv(data_file(f"prices/{name}"))["time_nem"]
    twice = stamps[stamps.duplicated()]
    assert twice.size == 11
    with pytest.raises(InputError) as refused:
        load_site(site_folder(tmp_path, market))
    told = str(refused.value)
    assert "11 duplicate stamps" in told
    assert name in told
    for stamp in twice:
        assert stamp[:16] in told
    assert all(fault.hint for fault in refused.value.faults)
