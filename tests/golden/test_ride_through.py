"""What a battery holds for a loss of the grid, worked on paper."""

from __future__ import annotations

import numpy as np
import pytest

from storage_opt.errors import InputError
from storage_opt.lowering.backup import backup_plan, least_stored_kwh
from tests.support.small_sites import small_site

HOURS_LOAD = [100.0, 80.0, 60.0, 40.0] + [50.0] * 20


def floor_of(**parts):
    battery = {"energy_kwh": 500.0, "power_kw": 200.0, "discharge_efficiency": 0.8, "soc_min_frac": 0.0}
    site = small_site(HOURS_LOAD, battery={"bess": battery | parts.pop("battery", {})}, backup=parts.pop("backup"))
    return site, backup_plan(site).reserve_kwh["bess"]


def test_one_and_a_half_hours_at_hourly_steps():
    """Half the load for 1.5 h, 0.8 out of the cells, 2 kW of auxiliaries, not below 10 % of 500 kWh.

    From 00:00: 50 kW for 1 h, then 40 kW for 0.5 h: (50 + 0.5 x 40) / 0.8 + 1.5 x 2 = 87.5 + 3 = 90.5, on 50: 140.5.
    From 01:00: 40 kW for 1 h, 30 kW for 0.5 h: 55 / 0.8 + 3 = 71.75, on 50: 121.75.
    From 23:00 the day begins again: 25 + 0.5 x 50 = 50 -> 62.5 + 3, on 50: 115.5. At the end as at the start.
    """
    _, held = floor_of(
        battery={"auxiliary_kw": 2.0},
        backup={"critical_frac": 0.5, "ride_through_h": 1.5, "outage_soc_min_frac": 0.1},
    )
    assert held.size == 25
    assert held[[0, 1, 23, 24]] == pytest.approx([140.5, 121.75, 115.5, 140.5], abs=1e-12)


def test_the_last_interval_is_held_where_the_horizon_does_not_wrap():
    """An end that is free: after 23:00 come more intervals of 25 kW: 1.5 x 25 / 0.8 = 46.875, at the end too."""
    _, held = floor_of(
        battery={"initial_soc_frac": 0.5, "final_soc": "free"}, backup={"critical_frac": 0.5, "ride_through_h": 1.5}
    )
    assert held[[23, 24]] == pytest.approx([46.875, 46.875], abs=1e-12)


def test_self_discharge_backwards():
    """10 % an hour, 40 kW for 1.5 h: the half hour needs 0.5 x 50 / (1 - 0.05) = 26.3158, and it stands at the end of
    an hour that needs (26.3158 + 50) / 0.9 = 84.7953."""
    _, held = floor_of(battery={"self_discharge_frac_per_h": 0.1}, backup={"critical_kw": 40.0, "ride_through_h": 1.5})
    assert held == pytest.approx(np.full(25, (25.0 / 0.95 + 50.0) / 0.9), abs=1e-12)
    assert held[0] == pytest.approx(84.7953, abs=1e-4)


def test_a_quarter_of_an_hour_at_hourly_steps():
    """40 kW for 0.25 h: 0.25 x 50 = 12.5 kWh."""
    _, held = floor_of(backup={"critical_kw": 40.0, "ride_through_h": 0.25})
    assert held == pytest.approx(np.full(25, 12.5), abs=1e-12)


def test_the_ride_through_of_the_hour_in_which_the_grid_is_lost():
    """40 kW: 1 h by night (50 kWh), 2 h from 8:00 to 20:00 (100 kWh), nothing at all from 23:00 to 1:00.

    The grid may be lost an instant before 20:00, so 100 kWh are held at 20:00 still, and 50 at 23:00; at 0:00 nothing.
    """
    hours = [0.0] + [1.0] * 7 + [2.0] * 12 + [1.0] * 3 + [0.0]
    _, held = floor_of(
        battery={"soc_min_frac": 0.02}, backup={"critical_kw": 40.0, "ride_through_h": hours, "outage_soc_min_frac": 0}
    )
    assert held == pytest.approx([0.0] + [50.0] * 7 + [100.0] * 13 + [50.0] * 3 + [0.0], abs=1e-12)
    site, _ = floor_of(battery={"soc_min_frac": 0.02}, backup={"critical_kw": 40.0, "ride_through_h": hours})
    # the window's own lower end, 10 kWh, is what is left of it at midnight
    assert least_stored_kwh(site, "bess")[[0, 1, 23, 24]] == pytest.approx([10.0, 50.0, 50.0, 10.0], abs=1e-12)


def test_two_batteries_share_by_discharging_power():
    """150 and 50 kW: 30 and 10 of 40 kW for 2 h, one at 0.8 and one without loss: 75 and 20 kWh."""
    cells = {"soc_min_frac": 0.0, "energy_kwh": 400.0}
    site = small_site(
        HOURS_LOAD,
        battery={
            "large": cells | {"power_kw": 100.0, "discharge_kw": 150.0, "discharge_efficiency": 0.8},
            "small": cells | {"power_kw": 50.0, "discharge_efficiency": 1.0},
            "other": cells | {"power_kw": 500.0},
        },
        backup={"critical_kw": 40.0, "ride_through_h": 2.0, "batteries": ["large", "small"]},
    )
    held = backup_plan(site).reserve_kwh
    assert set(held) == {"large", "small"}
    assert held["large"] == pytest.approx(np.full(25, 75.0), abs=1e-12)
    assert held["small"] == pytest.approx(np.full(25, 20.0), abs=1e-12)
    np.testing.assert_array_equal(least_stored_kwh(site, "other"), 0.0)


def test_power_that_falls_with_the_energy_left():
    """A taper from nothing at 0 to full power, 200 kW, at 50 % of 500 kWh: 40 kW need 50 kWh left at the end.

    One hour of 40 kW takes 50 kWh, so 100 kWh at its start; 0.25 h take 12.5 kWh, so 62.5 kWh.
    """
    taper = [{"soc_frac": 0.0, "power_frac": 0.0}, {"soc_frac": 0.5, "power_frac": 1.0}]
    for hours, needed in ((1.0, 100.0), (0.25, 62.5)):
        _, held = floor_of(battery={"discharge_taper": taper}, backup={"critical_kw": 40.0, "ride_through_h": hours})
        assert held == pytest.approx(np.full(25, needed), abs=1e-12)


def test_power_has_to_suffice_in_every_interval_that_is_carried():
    """Lost between 1:00 and 2:00, 2 h reach to an instant before 4:00: the 100 kW of 3:00 have to be carried, those of
    4:00 not, although nothing is asked for at either."""
    critical = [10.0] * 24
    for hour, is_carried in ((3, True), (4, False), (0, False)):
        spike = [*critical[:hour], 100.0, *critical[hour + 1 :]]
        parts = {"critical_kw": spike, "ride_through_h": [0.0, 2.0] + [0.0] * 22}
        battery = {"bess": {"energy_kwh": 500.0, "power_kw": 60.0}}
        site = small_site(100.0, battery=battery, backup=parts)
        if not is_carried:
            assert backup_plan(site).reserve_kwh["bess"].max() > 0
            continue
        with pytest.raises(InputError, match=r"critical load 100 kW is above the 60 kW .* first at 2025-01-01 03:00"):
            backup_plan(site)
