"""Compute of the shipped profiles: numbers in comments of the site files, computed again from series and sources."""

from __future__ import annotations

import re

import numpy as np
import pytest

from storage_opt.catalog.profiles import profile_folder
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.schedule import Flow, FlowKind
from storage_opt.workload.flows import unshifted_flows
from tests.support.shipped import WITH_COMPUTE, shipped, unshifted_load_kw

IDLE_KW, FULL_KW, MOST_KW = 0.28, 0.97, 1.05
every_data_centre = pytest.mark.parametrize("name", WITH_COMPUTE)


def text_of(name):
    return (profile_folder(name) / "site.toml").read_text(encoding="utf-8")


@every_data_centre
def test_power_of_a_unit(name):
    """A server of eight: idle 2.0 to 2.5 kW, 76 % of 10.2 kW at compute-heavy work, 8.4 kW at most."""
    assert pytest.approx(0.76 * 10.2 / 8, abs=5e-3) == FULL_KW
    assert MOST_KW == 8.4 / 8
    assert 2.0 / 8 <= IDLE_KW <= 2.5 / 8
    for cluster in shipped(name).spec.cluster.values():
        assert (cluster.idle_kw_per_unit, cluster.full_kw_per_unit) == (IDLE_KW, FULL_KW)
        assert cluster.installed_units % 8 == 0


@every_data_centre
def test_power_and_tokens_of_services_and_batch(name):
    work = shipped(name).spec.workload
    inference, batch = work["inference"], work["batch"]
    assert pytest.approx(inference.power_frac, abs=1e-3) == (0.7 * MOST_KW - IDLE_KW) / (FULL_KW - IDLE_KW)
    for spec, kw, joule in ((inference, "735 W", 0.61), (batch, "832 W", 0.52)):
        power_kw = IDLE_KW + (FULL_KW - IDLE_KW) * spec.power_frac
        assert f"{1000 * power_kw:.0f} W" == kw
        assert spec.tokens_per_s_per_unit is not None
        assert 1000 * power_kw / spec.tokens_per_s_per_unit == pytest.approx(joule, abs=5e-3)
        assert 0.4 <= joule <= 1.0, "the range that the site file names"
        assert re.search(rf"{kw} / {spec.tokens_per_s_per_unit:,.0f} token/s = {joule} J", text_of(name))


LINE = re.compile(
    r"#   (?:(\w+) +)?0\.28 kW \+ 0\.69 kW x (\(.*?\)|[\d.]+) += ([\d.]+) kW +x ([\d,]+) = +([\d.]+) MW", re.MULTILINE
)


@every_data_centre
def test_mean_load_as_the_site_file_derives_it(name):
    site = shipped(name)
    means = {work: site.values(spec.units).mean() for work, spec in site.spec.workload.items()}
    total_mw = 0.0
    lines = LINE.findall(text_of(name))
    assert len(lines) == len(site.spec.cluster)
    for label, share, unit_kw, units, mw in lines:
        cluster_name = f"{label or 'serving'}_gpus"
        count = site.spec.cluster[cluster_name].installed_units
        of_cluster = {n: w for n, w in site.spec.workload.items() if w.cluster == cluster_name}
        busy = sum(w.power_frac * means[n] / count for n, w in of_cluster.items())
        terms = [float(number) for number in re.findall(r"[\d.]+", share)]
        shown = terms[0] if len(terms) == 1 else terms[0] * terms[1] + terms[2] * terms[3]
        assert int(units.replace(",", "")) == count
        assert shown == pytest.approx(busy, abs=1e-3)
        assert float(unit_kw) == pytest.approx(0.28 + 0.69 * busy, abs=1e-3)
        assert float(mw) == pytest.approx(float(unit_kw) * count / 1e3, abs=0.1)
        total_mw += float(mw)
    schedule = unshifted_flows(compute_plan(site), site.horizon.step_h)
    it_kw = sum(schedule[Flow(cluster, FlowKind.IT_KW)].mean() for cluster in site.spec.cluster)
    assert total_mw == pytest.approx(it_kw / 1e3, abs=0.1)
    load_mw = unshifted_load_kw(name).mean() / 1e3
    pue = load_mw * 1e3 / it_kw
    assert f"PUE {pue:.2f}" in text_of(name) or f"x {pue:.2f} = {load_mw:.1f} MW" in text_of(name)
    if name != "yangtze":
        supplied, cooling = total_mw * 1.04, schedule[Flow("data_centre", FlowKind.COOLING_KW)].mean() / 1e3
        told = re.search(
            r"cooling ([\d.]+) / ([\d.]+) = ([\d.]+) MW, fixed ([\d.]+) MW: mean ([\d.]+) MW", text_of(name)
        )
        assert told
        heat, cop, drawn, fixed, mean = map(float, told.groups())
        assert heat == pytest.approx(supplied, abs=0.06)
        assert drawn == pytest.approx(cooling, abs=0.06) == heat / cop
        assert mean == pytest.approx(load_mw, abs=0.06)
        assert heat + drawn + fixed == pytest.approx(mean, abs=0.11)


@pytest.mark.parametrize("name", ["guian", "ulanqab"])
def test_power_of_the_building_over_outdoor_temperature(name):
    """1.04 (1 + 1 / COP) and 0.02 of what is fixed, as the site file shows it at the corners."""
    cooling = shipped(name).spec.facility["data_centre"].cooling
    found = [1.04 * (1.0 + 1.0 / corner.cop) + 0.02 for corner in cooling.cop]
    told = re.search(r"\+ 0\.02 = ([\d.]+) up to .*?, ([\d.]+) at 20 degC, ([\d.]+) at 35 degC", text_of(name))
    assert told
    assert [float(number) for number in told.groups()] == pytest.approx(found, abs=6e-3)
    tank_m3 = cooling.tank.energy_kwh / (1.163 * 10.0)
    assert f"{round(tank_m3, -2):,.0f} m3" in text_of(name).replace("\n# ", " ")


def test_capping_of_batch_in_guian():
    """77 % of the power for 90 % of the speed: within 70 to 80 % for 5 to 15 %."""
    batch = shipped("guian").spec.workload["batch"]
    capped = batch.speed_curve[0]
    power = (IDLE_KW + (FULL_KW - IDLE_KW) * batch.power_frac * capped.power_frac) / 0.832
    assert power == pytest.approx(0.77, abs=5e-3)
    assert 0.05 <= 1.0 - capped.speed_frac <= 0.15
    assert shipped("guian").spec.workload["training"].checkpoint_h == pytest.approx((20 / 2 + 5) / 60)


def test_training_of_ulanqab_queues_for_a_seventh_of_the_year():
    plan = compute_plan(shipped("ulanqab"))
    assert plan.notes == (), "all that arrives is done by the end of the year"
    busy = sum(work.unshifted_units for work in plan.work if work.spec.cluster == "training_gpus")
    assert np.mean(busy > 68_800 * (1 - 1e-9)) == pytest.approx(1 / 7, abs=0.01)
