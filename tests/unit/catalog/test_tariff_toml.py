"""An exported tariff is a tariff: it loads, lowers, and costs in each half hour what the map says."""

from __future__ import annotations

import tomllib
from datetime import date

import numpy as np
import pytest

from storage_opt.catalog.region_tariff import region_tariff, today_in_china
from storage_opt.catalog.tariff_toml import grids_with_prices, tariff_toml
from storage_opt.catalog.tou_calendar import tou_calendar
from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site
from storage_opt.ledger.marginal import price_per_kwh
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import GRID, Flow, FlowKind

DAY = date(2026, 9, 1)
IN_FORCE = {"HE_JB": date(2026, 2, 1), "ZJ": date(2026, 6, 1)}
SITE = """name = "hall"
[horizon]
start = 2027-01-01
end = 2028-01-01
step_minutes = 30
[load.hall]
power_kw = 1000
"""


def exported(folder, text):
    (folder / "site.toml").write_text(SITE + text, encoding="utf-8")
    return load_site(folder)


@pytest.mark.parametrize("grid", grids_with_prices())
def test_an_exported_tariff_costs_in_each_half_hour_what_the_map_says(tmp_path, grid):
    tariff = region_tariff(grid, "10kV" if grid == "NX" else "110kV", IN_FORCE.get(grid, DAY))
    site = exported(tmp_path, tariff_toml(tariff))
    charges = lower_site(site)
    found = price_per_kwh(charges, Flow(GRID, FlowKind.IMPORT_KW), site.horizon)
    by_month = np.array([tariff.prices_per_kwh(month) for month in range(1, 13)], dtype=float)
    wanted = by_month[site.horizon.month - 1, site.horizon.minute_of_day // 30]
    np.testing.assert_array_equal(found, wanted)
    assert site.spec.tariff["supply"].demand[0].price_per_kw == tariff.network.demand_per_kw_month


def test_mengxi_at_110_kv_by_hand():
    """Flat 0.4524 - (0.0787 - 0.0520) = 0.4257; base 0.3125: peak 0.4257 + 0.3125 x 0.68 = 0.6382."""
    tariff = region_tariff("蒙西", "110kV", DAY)
    rules = tomllib.loads(tariff_toml(tariff, "x"))["tariff"]["x"]["energy"][0]["tou"]
    prices = {(rule["period"], rule.get("months", [0])[0]): rule["price_per_kwh"] for rule in rules}
    assert prices == pytest.approx(
        {
            ("tip", 6): 0.6907,
            ("peak", 1): 0.6382,
            ("peak", 6): 0.59445,
            ("valley", 1): 0.2632,
            ("valley", 6): 0.2507,
            ("deep", 6): 0.2232,
            ("flat", 0): 0.4257,
        },
        abs=1e-9,
    )


def test_documents_and_notes_stand_in_the_comments_in_both_languages():
    comments = [line for line in tariff_toml(region_tariff("SH", 110, DAY)).splitlines() if line.startswith("#")]
    text = "\n".join(comments)
    for words in (
        "发改价格〔2026〕1077号 附件1",
        "沪发改价管〔2022〕50号",
        "Sources 来源",
        "variant `rest_day`",
        "上海",
    ):
        assert words in text
    assert "0.428899  purchase 代理购电价" in text
    half = tariff_toml(region_tariff("JS", 110, DAY))
    assert "set step_minutes to 30 or less" in half
    assert "set step_minutes" not in text


def test_the_capacity_price_stands_ready_as_the_alternative(tmp_path):
    text = tariff_toml(region_tariff("NM_W", 110, DAY))
    head, _, tail = text.partition("# [[tariff.supply.fixed]]")
    opened = f"[[tariff.supply.fixed]]{tail}".replace("# ", "").replace("capacity_kva = 0", "capacity_kva = 2000")
    site = exported(tmp_path, head + opened)
    assert site.spec.tariff["supply"].fixed[0].price_per_kva == 19.5


def test_without_prices_nothing_is_exported():
    with pytest.raises(InputError, match=r"no energy prices of ZJ that fit its calendar on 2026-09-01; hint: .*NM_W"):
        tariff_toml(region_tariff("ZJ", 110, DAY))


def test_a_sheet_of_an_older_rule_is_not_used_with_a_newer_calendar():
    older, newer = (region_tariff("ZJ", 10, date(2026, month, 1)) for month in (6, 7))
    assert older.sheet is not None
    assert newer.sheet is None
    assert any("no prices of ZJ" in note for note in newer.notes)


@pytest.mark.parametrize("name", ["a b", "", "电价", "x" * 70])
def test_a_name_that_toml_would_not_take_is_refused(name):
    with pytest.raises(InputError, match="can't be the name of a tariff"):
        tariff_toml(region_tariff("NM_W", 110, DAY), name)


def test_notes_name_what_is_out_of_date():
    notes = region_tariff("SD", 110, date(2027, 3, 1)).notes
    assert any("time-of-use calendar of SD" in note and "2026-12-31" in note for note in notes)
    assert not any("network price of SD" in note and "holds" in note for note in notes)
    early = region_tariff("NM_W", 110, date(2026, 3, 15)).notes
    assert any("network price of NM_W at 110 kV" in note and "from 2026-08-01" in note for note in early)


def test_windows_of_a_month_close_the_day():
    for month in range(1, 13):
        windows = list(region_tariff("JS", 10, DAY).windows(month))
        assert (windows[0].start, windows[-1].end) == ("00:00", "24:00")
        assert all(a.end == b.start for a, b in zip(windows, windows[1:], strict=False))
        assert {window.period for window in windows} == set(tou_calendar("JS", DAY).days[month - 1])


def test_today_is_a_day():
    assert today_in_china() >= date(2026, 1, 1)
