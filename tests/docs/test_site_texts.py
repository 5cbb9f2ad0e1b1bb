"""What the pages about sites say in their text, beside the tables."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

import storage_opt
from storage_opt import DispatchResult
from storage_opt.schedule import GRID, Flow, FlowKind
from storage_opt.spec.basic_charge import BasicChargeSpec
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import SupplySpec
from tests.support.shipped import flexibility, optimised, shipped, work_before_and_after
from tests.support.source import DOCS

IMPORT = Flow(GRID, FlowKind.IMPORT_KW)


def says(name: str, words: str) -> bool:
    """Whether the page has these words, wherever its lines break."""
    text = " ".join((DOCS / "sites" / f"{name}.md").read_text(encoding="utf-8").split())
    return words in text


def highest_by_month(values: np.ndarray, result: DispatchResult) -> np.ndarray:
    month = result.site.horizon.month
    return np.array([values[month == number].max() for number in range(1, 13)])


def by_hour(name: str, schedule: storage_opt.Schedule, flow: Flow, days: tuple[str, str]) -> np.ndarray:
    """Means by day and hour (D, 24)."""
    values = pd.Series(schedule[flow], index=pd.DatetimeIndex(optimised(name).site.horizon.stamps))
    hourly = values.loc[days[0] : days[1]].resample("h").mean()
    return hourly.to_numpy().reshape(-1, 24)


# ---------------------------------------------------------------------------------- ulanqab


def test_plants_and_rules_of_ulanqab():
    result = optimised("ulanqab")
    available = result.schedule.energy_kwh(FlowKind.AVAILABLE_KW)
    load = result.baseline.energy_kwh(FlowKind.LOAD_KW)
    assert (round(available / 1e6), round(load / 1e6), round(available / load, 2)) == (811, 679, 1.20)
    # the owner of the plants gets 0.20 CNY for 90 % of what is available, whatever is used
    for ledger in (result.ledger, result.baseline_ledger):
        lines = ledger.by_line()
        paid = lines["contract.plant_energy"] + lines["contract.plant_take_or_pay"]
        assert paid == pytest.approx(0.20 * 0.90 * available, rel=1e-6)
        assert round(paid / 1e6) == 146
    assert round(result.provenance.energy_kwh["green_to_storage"] / 1e6) == 52
    worth = next(m.value for m in result.marginals if m.rule == "contract.export_of_available")
    assert worth / (available / 100.0) == pytest.approx(0.030, abs=0.001)
    supply = result.site.spec.contract.supply
    earned = result.site.values(supply.export_price_per_kwh) * (1.0 - supply.export_loss_frac)
    exported = result.schedule.total(FlowKind.EXPORT_KW)
    assert exported[earned < 0.029].sum() < 1e-4 * exported.sum()
    cooling = result.schedule[Flow("data_centre", FlowKind.COOLING_KW)].sum() * 0.25
    assert cooling / load == pytest.approx(0.08, abs=0.005)
    inference = work_before_and_after("ulanqab")[0]["inference"]
    assert inference.kwh_per_million_tokens is not None
    assert 3.6 * inference.kwh_per_million_tokens == pytest.approx(0.71, abs=0.005)


def with_basic(site: Site, basic: BasicChargeSpec) -> Site:
    contract = site.spec.contract
    assert contract is not None
    supply: SupplySpec = contract.supply.model_copy(update={"basic": basic})
    return replace(site, spec=site.spec.model_copy(update={"contract": contract.model_copy(update={"supply": supply})}))


def test_the_contract_of_ulanqab_against_its_branches():
    result = optimised("ulanqab")
    # in two parts: 0.0520 CNY for all consumption in place of 0.60 x 730 h x 100 MVA a month
    load = result.schedule.energy_kwh(FlowKind.LOAD_KW)
    assert round((0.0520 * load - 12 * 0.0520 * 0.60 * 730 * 100_000) / 1e6, 1) == 8.0
    # by demand: 31.2 CNY/kW in place of 19.5 CNY/kVA
    demand = 31.2 * highest_by_month(result.baseline[IMPORT], result).sum()
    assert round((demand - 12 * 19.5 * 100_000) / 1e6, 1) == 7.8
    by_demand = storage_opt.optimize(with_basic(result.site, BasicChargeSpec(mode="actual_demand")))
    assert by_demand.certificate.certified
    assert round((result.ledger.total - by_demand.ledger.total) / 1e6, 1) == 6.4
    for words in ("would cost 8.0 M CNY more", "would cost 7.8 M CNY more", "would cost 6.4 M CNY less"):
        assert says("ulanqab", words)


def test_the_week_of_ulanqab():
    result = optimised("ulanqab")
    week = ("2027-04-05", "2027-04-11")
    load, imported, exported = (
        by_hour("ulanqab", result.schedule, flow, week)
        for flow in (Flow("data_centre", FlowKind.LOAD_KW), IMPORT, Flow(GRID, FlowKind.EXPORT_KW))
    )
    assert np.abs(load[:, 9:17].mean() - 90_000) < 1_000
    training = by_hour("ulanqab", result.schedule, Flow("training", FlowKind.WORK_UNITS), week)
    unshifted = by_hour("ulanqab", result.baseline, Flow("training", FlowKind.WORK_UNITS), week)
    np.testing.assert_allclose(training[:, 19:21], 0.70 * unshifted[:, 19:21], rtol=1e-4)
    assert imported[:3, 18:22].max() < 1.0
    assert (load[:, 5] < 0.75 * load[:, 3]).sum() >= 5
    assert np.all((exported[4:, 19:21] > 40_000) & (exported[4:, 19:21] < 66_000))
    assert exported[4:, 16].max() < 1.0


# ---------------------------------------------------------------------------------- yangtze


def test_the_page_of_yangtze_is_right_about_rebate_and_demand():
    result = optimised("yangtze")
    month = result.site.horizon.month
    for schedule in (result.baseline, result.schedule):
        imported = schedule[IMPORT]
        reached = {int(m) for m in range(1, 13) if imported[month == m].sum() / 80_000 >= 260}
        assert reached == set(range(1, 13)) - {2}
    assert [branch.state for branch in result.branches] == ["bound", "solved"]
    assert [branch.chosen for branch in result.branches] == [False, True]
    demand = highest_by_month(result.schedule[IMPORT], result)
    assert (round(demand[11] / 1e3, 1), round(demand[6] / 1e3, 1)) == (35.9, 42.4)
    _, week = result.site.horizon.between(date(2027, 12, 13), date(2027, 12, 20))
    assert result.schedule[IMPORT][week].max() == pytest.approx(demand[11], rel=1e-6)
    july = by_hour("yangtze", result.schedule, IMPORT, ("2027-07-01", "2027-07-31"))
    assert np.mean(july[:, 15:18].max(axis=1) > demand[6] * (1 - 1e-6)) > 0.5
    assert -round(flexibility("yangtze").together / 1e6, 2) == 1.40


def test_batch_work_of_yangtze_steps_out_of_the_dear_hours():
    week = ("2027-12-13", "2027-12-19")
    batch = by_hour("yangtze", optimised("yangtze").schedule, Flow("batch", FlowKind.WORK_UNITS), week)
    waiting = by_hour("yangtze", optimised("yangtze").schedule, Flow("batch", FlowKind.BACKLOG_UNIT_H), week)
    assert batch[:, [8, 9, 10, 18, 19, 20]].max() < 1.0
    assert batch[:, 11].min() > 9_000
    assert waiting[:, 5].max() < 1.0


# ---------------------------------------------------------------------------------- guian


def test_the_page_of_guian_is_right_about_energy_and_power():
    result = optimised("guian")
    assert result.batteries["bess"].losses_kwh / 1e6 == pytest.approx(3.7, abs=0.05)
    frame = result.schedule.to_frame().loc["2027-03-08":"2027-03-14"]
    hour = pd.DatetimeIndex(frame.index).hour
    assert frame["bess.discharge_kw"][(hour >= 10) & (hour < 13)].min() == pytest.approx(15_000, rel=1e-6)
    assert frame["bess.discharge_kw"][(hour >= 17) & (hour < 22)].mean() == pytest.approx(9_700, rel=1e-2)
    assert frame["bess.energy_kwh"][hour == 12].mean() / 60_000 == pytest.approx(0.16, abs=0.005)
    assert frame["grid.import_kw"][hour < 8].mean() == pytest.approx(73_000, abs=500)
    bound = result.schedule[IMPORT] > 76_000 * (1 - 1e-6)
    assert set(result.site.horizon.month[bound]) == {7, 8, 9}
    assert (result.site.horizon.hour[bound] < 8).mean() > 0.5


def test_work_of_guian():
    """The valley is full, training runs at four fifths by day, batch is capped and avoids the peaks."""
    result, week = optimised("guian"), ("2027-03-08", "2027-03-14")
    _, after = work_before_and_after("guian")
    training, batch, running = (
        by_hour("guian", result.schedule, Flow(work, kind), week)
        for work, kind in (
            ("training", FlowKind.WORK_UNITS),
            ("batch", FlowKind.WORK_UNITS),
            ("batch", FlowKind.RUNNING_UNITS),
        )
    )
    unshifted = by_hour("guian", result.baseline, Flow("training", FlowKind.WORK_UNITS), week)
    np.testing.assert_allclose(training[:, :8], 38_400, rtol=1e-5)
    assert training[:, 8:].sum() / unshifted[:, 8:].sum() == pytest.approx(0.80, abs=0.005)
    inference = by_hour("guian", result.schedule, Flow("inference", FlowKind.WORK_UNITS), week)
    np.testing.assert_allclose(running[:, :8] + inference[:, :8], 32_000, rtol=0.06)
    peak = [10, 11, 12, 17, 18, 19, 20, 21]
    assert batch[:, peak].mean() < 0.15 * batch[:, 13:17].mean()
    whole = result.schedule[Flow("batch", FlowKind.WORK_UNITS)].sum()
    assert whole / result.schedule[Flow("batch", FlowKind.RUNNING_UNITS)].sum() == pytest.approx(0.90, abs=1e-4)
    lost, done = after["training"].lost_unit_h, after["training"].work_unit_h
    assert (round(lost / 1e6, 1), round(100 * lost / done, 1)) == (1.6, 0.7)


def test_the_tank_of_guian_is_worth_what_the_page_says():
    site = shipped("guian")
    building = site.spec.facility["data_centre"]
    assert building.cooling is not None
    without = building.model_copy(update={"cooling": building.cooling.model_copy(update={"tank": None})})
    cost = storage_opt.optimize(
        replace(site, spec=site.spec.model_copy(update={"facility": {"data_centre": without}}))
    ).ledger.total
    assert round((cost - optimised("guian").ledger.total) / 1e6, 2) == 1.44
    assert says("guian", "The tank of cold is worth 1.44 M CNY")


# ---------------------------------------------------------------------------------- tables of the sites


@pytest.mark.parametrize("name", ["guian", "ulanqab", "yangtze"])
def test_load_and_pue_as_the_table_of_the_site_gives_them(name):
    result = optimised(name)
    load = result.baseline.total(FlowKind.LOAD_KW)
    it_kw = sum(result.baseline[Flow(cluster, FlowKind.IT_KW)] for cluster in result.site.spec.cluster)
    text = (DOCS / "sites" / f"{name}.md").read_text(encoding="utf-8")
    told = re.search(r"PUE ([\d.]+); (\d+) GWh a year, (\d+) to (\d+) MW", text)
    assert told
    pue, gwh, least, most = map(float, told.groups())
    assert pue == pytest.approx(load.sum() / it_kw.sum(), abs=5e-3)
    assert gwh == pytest.approx(load.sum() * result.site.horizon.step_h / 1e6, abs=0.5)
    assert (least, most) == pytest.approx((load.min() / 1e3, load.max() / 1e3), abs=0.5)
    for cluster in result.site.spec.cluster.values():
        assert f"{cluster.installed_units:,.0f}" in text
