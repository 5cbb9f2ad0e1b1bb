"""Compute, cold and buildings on horizons small enough to work out on paper."""

from __future__ import annotations

import numpy as np
import pytest

import storage_opt
from storage_opt.lowering.compute.plan import compute_plan
from storage_opt.schedule import Flow, FlowKind
from storage_opt.workload.building import building_of
from tests.support.compute_sites import compute_site, job_table, two_prices

LOG = {"file": "jobs.csv"}


def _work(result: storage_opt.DispatchResult, name: str) -> np.ndarray:
    return result.schedule[Flow(name, FlowKind.WORK_UNITS)]


def test_one_job_and_two_prices():
    # 4 units for one hour, submitted at 07:00, may end two hours later than at once: 07-08 costs 0.2, later 1.0 and
    # the deadline is 10:00, so it runs at once: 4 kWh x 0.2
    site = compute_site(
        {"train": {"kind": "training", "jobs": LOG, "max_delay_h": 2.0}}, jobs={"train": job_table((7.0, 1.0, 4.0))}
    )
    result = storage_opt.optimize(site)
    assert result.certificate.certified
    assert result.ledger.total == pytest.approx(4 * 0.2, abs=1e-6)
    # with dear mornings it waits: 4 kWh at 0.2 instead of 1.0 saves 3.2
    site = compute_site(
        {"train": {"kind": "training", "jobs": LOG, "max_delay_h": 2.0}},
        jobs={"train": job_table((7.0, 1.0, 4.0))},
        tariff=two_prices("08:00-09:00"),
    )
    result = storage_opt.optimize(site)
    assert result.baseline_ledger.total == pytest.approx(4.0)
    assert result.savings == pytest.approx(3.2, abs=1e-6)
    assert np.flatnonzero(_work(result, "train") > 1e-6).tolist() == [8]


def test_a_job_is_no_wider_than_it_is():
    # 2 units for 3 hours from 06:00, due at 11:00 = two hours of delay: the two cheap hours 06-08 hold 4 unit-hours at
    # most, the last 2 must run at the high price: 4 x 0.2 + 2 x 1.0, although ten units stand idle at 06:00
    site = compute_site(
        {"train": {"kind": "training", "jobs": LOG, "max_delay_h": 2.0}}, jobs={"train": job_table((6.0, 3.0, 2.0))}
    )
    result = storage_opt.optimize(site)
    assert result.ledger.total == pytest.approx(4 * 0.2 + 2 * 1.0, abs=1e-6)
    assert _work(result, "train").max() <= 2.0 + 1e-6


def test_a_day_of_batch_work_moves_into_the_valley():
    # one unit-hour an hour, due within 24 h, valley 00-08: what arrives from 08:00 on can't wait for the next night,
    # which is behind the end of the horizon, so 8 kWh at 0.2 and 16 at 1.0; over two days the first 16 wait for the
    # second night, whose 8 h x 10 units have room: day 1: 8 x 0.2; night 2: 16 + 8 = 24 x 0.2; rest of day 2: 16 x 1.0
    work = {"batch": {"kind": "batch", "units": 1.0, "max_delay_h": 24.0}}
    one = storage_opt.optimize(compute_site(work))
    assert one.ledger.total == pytest.approx(8 * 0.2 + 16 * 1.0, abs=1e-6)
    two = storage_opt.optimize(compute_site(work, days=2))
    assert two.ledger.total == pytest.approx(8 * 0.2 + 24 * 0.2 + 16 * 1.0, abs=1e-6)
    # with room for two units only, night 2 holds 8 h x 2 = 16 of the 24: 8 more at 1.0
    narrow = storage_opt.optimize(compute_site(work, days=2, units=2.0))
    assert narrow.ledger.total == pytest.approx(8 * 0.2 + 16 * 0.2 + 24 * 1.0, abs=1e-6)


def test_a_tank_moves_cooling():
    # 10 kW of servers, COP 2: 5 kW of cooling. A tank of 40 kWh without loss, filled at night (8 h), emptied by day:
    # moves 40 kWh of cold = 20 kWh of electricity from 1.0 to 0.2
    tank = {"energy_kwh": 40.0, "charge_kw": 10.0, "discharge_kw": 10.0, "loss_frac_per_h": 0.0}
    chat = {"chat": {"kind": "inference", "units": 10.0}}
    plain = storage_opt.optimize(compute_site(chat, facility={"cooling": {"cop": 2.0}}))
    assert plain.ledger.total == pytest.approx(15 * (8 * 0.2 + 16 * 1.0), abs=1e-6)
    with_tank = storage_opt.optimize(compute_site(chat, facility={"cooling": {"cop": 2.0, "tank": tank}}))
    assert with_tank.certificate.certified
    assert with_tank.savings == pytest.approx(20 * 0.8, abs=1e-6)
    # ice at 0.8 of the COP: 40 kWh of cold take 25 kWh at night instead of 20 by day: 20 x 1.0 - 25 x 0.2
    ice = {"cooling": {"cop": 2.0, "tank": tank | {"charge_cop_frac": 0.8}}}
    with_ice = storage_opt.optimize(compute_site(chat, facility=ice))
    assert with_ice.savings == pytest.approx(20 * 1.0 - 25 * 0.2, abs=1e-6)


def test_a_tank_is_worth_nothing_at_one_price():
    tank = {"energy_kwh": 40.0, "charge_kw": 10.0, "discharge_kw": 10.0, "loss_frac_per_h": 0.01}
    chat = {"chat": {"kind": "inference", "units": 10.0}}
    flat = {"t": {"energy": [{"price_per_kwh": 0.5}]}}
    result = storage_opt.optimize(compute_site(chat, facility={"cooling": {"cop": 2.0, "tank": tank}}, tariff=flat))
    assert result.savings == pytest.approx(0.0, abs=1e-6)


def test_a_room_is_cooled_ahead():
    # no losses: the room takes 4 K x 5 kWh/K = 20 kWh of heat between its lowest and highest temperature. It starts and
    # ends in the middle; cooled to 20 at night (10 kWh more), it warms to 24 by day and ends at 22 again: 20 kWh of
    # cold less in the day, 10 more at night, 10 more in the day: moved 10 kWh of cold = 5 kWh of electricity
    room = {"temp_min_c": 20.0, "temp_max_c": 24.0, "capacity_kwh_per_k": 5.0}
    chat = {"chat": {"kind": "inference", "units": 10.0}}
    result = storage_opt.optimize(compute_site(chat, facility={"cooling": {"cop": 2.0, "room": room}}))
    assert result.certificate.certified
    assert result.savings == pytest.approx(5 * (1.0 - 0.2), abs=1e-6)
    temp = result.schedule[Flow("hall", FlowKind.ROOM_TEMP_C)]
    assert temp.min() == pytest.approx(20.0, abs=1e-6)
    assert temp[-1] == pytest.approx(22.0, abs=1e-6)


@pytest.mark.parametrize(("outdoor", "pue"), [(5.0, 1.10), (25.0, 1.25), (35.0, 1.40)])
def test_pue_at_three_temperatures(outdoor, pue):
    corners = [
        {"outdoor_temp_c": 15.0, "pue": 1.10},
        {"outdoor_temp_c": 35.0, "pue": 1.40},
    ]
    site = compute_site(
        {"chat": {"kind": "inference", "units": 10.0}}, facility={"pue": corners, "outdoor_temp_c": outdoor}
    )
    load = storage_opt.optimize(site).schedule[Flow("hall", FlowKind.LOAD_KW)]
    assert load == pytest.approx(np.full(24, 10.0 * pue))


def test_idle_full_and_overhead():
    # 10 units, 4 at work: 10 x 0.3 + 4 x 0.7 = 5.8 kW of servers; UPS 5 %: 6.09; cooling at COP 3: 2.03; fixed 1 kW
    site = compute_site(
        {"chat": {"kind": "inference", "units": 4.0}},
        cluster={"idle_kw_per_unit": 0.3},
        facility={"ups_loss_frac": 0.05, "fixed_overhead_kw": 1.0, "cooling": {"cop": 3.0}},
    )
    schedule = storage_opt.optimize(site).schedule
    assert schedule[Flow("gpu", FlowKind.IT_KW)] == pytest.approx(np.full(24, 5.8))
    assert schedule[Flow("hall", FlowKind.COOLING_KW)] == pytest.approx(np.full(24, 2.03))
    assert schedule[Flow("hall", FlowKind.LOAD_KW)] == pytest.approx(np.full(24, 6.09 + 2.03 + 1.0))


def test_capping_saves_energy_where_units_are_free():
    # 4 units of work on 10 units: at 80 % speed and 60 % power 5 units do the work of 4 for 3 kW instead of 4
    curve = [{"speed_frac": 0.8, "power_frac": 0.6}, {"speed_frac": 1.0, "power_frac": 1.0}]
    flat = {"t": {"energy": [{"price_per_kwh": 1.0}]}}
    site = compute_site({"batch": {"kind": "batch", "units": 4.0, "speed_curve": curve}}, tariff=flat)
    result = storage_opt.optimize(site)
    assert result.ledger.total == pytest.approx(24 * 3.0, rel=1e-6)
    assert result.schedule[Flow("batch", FlowKind.RUNNING_UNITS)] == pytest.approx(np.full(24, 5.0), rel=1e-5)
    # of 4.5 units 4.5 may run, so 4 = 0.8 a + (4.5 - a): a = 2.5 capped and 2 in full: 2.5 x 0.6 + 2 = 3.5
    tight = storage_opt.optimize(
        compute_site({"batch": {"kind": "batch", "units": 4.0, "speed_curve": curve}}, units=4.5, tariff=flat)
    )
    assert tight.ledger.total == pytest.approx(24 * 3.5, rel=1e-6)
    # a tier that allows 10 % of slowdown: 4 / 0.9 units at (0.9 - 0.8) / 0.2 between the corners: 0.8 power
    tier = {"kind": "batch", "units": 4.0, "speed_curve": curve, "max_slowdown_frac": 0.1}
    slow = storage_opt.optimize(compute_site({"batch": tier}, tariff=flat))
    assert slow.ledger.total == pytest.approx(24 * 4.0 / 0.9 * 0.8, rel=1e-6)


def test_a_convex_power_curve():
    # 10 units, half of them at work draw a quarter of the power, so work spreads: 24 units a day run as one an hour
    curve = [
        {"busy_frac": 0.0, "power_frac": 0.0},
        {"busy_frac": 0.5, "power_frac": 0.25},
        {"busy_frac": 1.0, "power_frac": 1.0},
    ]
    flat = {"t": {"energy": [{"price_per_kwh": 1.0}]}}
    arriving = [10.0] * 6 + [0.0] * 18
    work = {"batch": {"kind": "batch", "units": arriving, "max_delay_h": 24.0}}
    result = storage_opt.optimize(compute_site(work, cluster={"power_curve": curve}, tariff=flat))
    assert result.certificate.certified
    assert result.baseline_ledger.total == pytest.approx(6 * 10.0)
    # 60 unit-hours in 24 h stay below half of the units: 60 x 0.5 kWh
    assert result.ledger.total == pytest.approx(60 * 0.5, rel=1e-6)


def test_priced_lateness_and_refusal():
    # one unit-hour arrives at 09:00 and is due within the hour; the price is 1.0 by day, 0.2 from 20:00 on
    arriving = [0.0] * 9 + [1.0] + [0.0] * 14
    tariff = two_prices("20:00-24:00")
    late = {"kind": "batch", "units": arriving, "late_cost_per_unit_h": 0.05}
    result = storage_opt.optimize(compute_site({"batch": late}, tariff=tariff))
    # waiting until 20:00 is 11 h late at 0.05: 0.55 + 0.2 against 1.0
    assert result.ledger.total == pytest.approx(0.75, abs=1e-6)
    dear = storage_opt.optimize(compute_site({"batch": late | {"late_cost_per_unit_h": 0.08}}, tariff=tariff))
    assert dear.ledger.total == pytest.approx(1.0, abs=1e-6)
    refusable = {"kind": "batch", "units": arriving, "value_per_unit_h": 0.7}
    refused = storage_opt.optimize(compute_site({"batch": refusable}, tariff=tariff))
    assert refused.ledger.total == pytest.approx(0.7, abs=1e-6)
    assert refused.schedule[Flow("batch", FlowKind.REFUSED_UNITS)].sum() == pytest.approx(1.0, abs=1e-6)
    assert refused.streams["service"] == pytest.approx(-0.7, abs=1e-6)


def test_suspension_costs_what_is_lost():
    # 10 units busy all day, one hour at 5.0 from 12:00, else 0.5, a day of delay and idle units to catch up with:
    # stopping one unit for that hour saves 4.5 and does 0.5 x 0.5 = 0.25 twice (checkpoint half an hour)
    prices = {"t": {"energy": [{"tou": [
        {"period": "tip", "hours": ["12:00-13:00"], "price_per_kwh": 5.0},
        {"period": "flat", "price_per_kwh": 0.5},
    ]}]}}  # fmt: skip
    work = {"kind": "training", "units": [10.0] * 20 + [0.0] * 4, "max_delay_h": 24.0}
    free = storage_opt.optimize(compute_site({"train": work}, units=20.0, tariff=prices))
    assert free.savings == pytest.approx(10 * 4.5, rel=1e-6)
    lossy = storage_opt.optimize(compute_site({"train": work | {"checkpoint_h": 0.5}}, units=20.0, tariff=prices))
    assert lossy.savings == pytest.approx(10 * (4.5 - 0.25), rel=1e-5)
    jobs = {"train": job_table((0.0, 20.0, 10.0))}
    single = {"kind": "training", "jobs": LOG, "max_delay_h": 4.0, "checkpoint_h": 0.5}
    by_job = storage_opt.optimize(compute_site({"train": single}, units=20.0, jobs=jobs, tariff=prices))
    # a job that creeps up to its width restarts less than one that is paused in whole: the loss is bounded from below
    assert 10 * (4.5 - 0.25) - 1e-6 <= by_job.savings <= 10 * 4.5


def test_shares_that_keep_running():
    work = {"kind": "batch", "units": 4.0, "max_delay_h": 24.0}
    kept = storage_opt.optimize(compute_site({"batch": work | {"max_suspended_frac": 0.25}}, days=2))
    assert _work(kept, "batch").min() >= 3.0 - 1e-6
    running = storage_opt.optimize(compute_site({"batch": work | {"min_running_frac": 0.1}}, days=2))
    assert _work(running, "batch").min() >= 1.0 - 1e-6
    night = storage_opt.optimize(compute_site({"batch": work | {"allowed": {"hours": ["08:00-20:00"]}}}, days=2))
    outside = (night.schedule.horizon.hour < 8) | (night.schedule.horizon.hour >= 20)
    assert _work(night, "batch")[outside].max() == 0.0
    ramped = storage_opt.optimize(compute_site({"batch": work | {"ramp_units_per_h": 0.5}}, days=2))
    assert np.abs(np.diff(_work(ramped, "batch"))).max() <= 0.5 + 1e-6


def test_measured_quantiles_give_idle_and_full_power():
    # readings: 60 W for the lower half, then rising to 400 W; busy half of the time: idle 60 W, full the mean of the
    # upper half, (60 + 400) / 2
    quantiles = [
        {"percentile": 0.0, "power_kw": 0.06},
        {"percentile": 50.0, "power_kw": 0.06},
        {"percentile": 100.0, "power_kw": 0.40},
    ]
    measured = {"quantiles": quantiles, "busy_frac": 0.5}
    site = compute_site(
        {"chat": {"kind": "inference", "units": 10.0}},
        cluster={"measured_power": measured, "idle_kw_per_unit": None, "full_kw_per_unit": None},
    )
    power = compute_plan(site).facilities["hall"].clusters[0].power
    assert power.idle_kw == pytest.approx(0.06)
    assert power.full_kw == pytest.approx(0.23)


def test_tokens_keep_units_busy():
    site = compute_site({"chat": {"kind": "inference", "tokens_per_s": 3000.0, "tokens_per_s_per_unit": 600.0}})
    assert _work(storage_opt.optimize(site), "chat") == pytest.approx(np.full(24, 5.0))


def test_cold_weather_keeps_the_room():
    # losses of 0.5 kW/K x (22 - 2) K = 10 kW: all the heat of the servers leaves by itself
    room = {"temp_min_c": 20.0, "temp_max_c": 24.0, "capacity_kwh_per_k": 5.0, "loss_kw_per_k": 0.5}
    site = compute_site(
        {"chat": {"kind": "inference", "units": 10.0}},
        facility={"outdoor_temp_c": 2.0, "cooling": {"cop": 2.0, "room": room}},
    )
    result = storage_opt.optimize(site)
    assert result.baseline[Flow("hall", FlowKind.COOLING_KW)] == pytest.approx(np.zeros(24), abs=1e-9)
    assert building_of(site.spec.facility["hall"], np.full(24, 2.0), 1.0).room_kept == pytest.approx(np.exp(-0.1))
