"""Wear as it is described: what is refused, and what it becomes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from storage_opt.charges.curve import CurveCharge
from storage_opt.charges.cycle_depth import CycleDepthCharge, DepthSegments
from storage_opt.errors import FormulationError, InputError
from storage_opt.io.site_file import parse_spec
from storage_opt.ledger.baseline import baseline_schedule
from storage_opt.ledger.ledger import settle
from storage_opt.lowering.site import lower_site
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.battery import BatterySpec
from storage_opt.spec.wear import CalendarFadeSpec, CycleLifeSpec
from tests.support.small_sites import line, small_site

XU = {"coefficient": 5.24e-4, "exponent": 2.03}
BATTERY = {"energy_kwh": 100.0, "power_kw": 50.0}


def wear(**fields: Any) -> dict[str, Any]:
    return {"replacement_cost_per_kwh": 300.0, "cycle_life": XU} | fields


def site_of(wear: dict[str, Any] | None, **battery: Any):
    return small_site(10.0, battery={"bess": BATTERY | ({} if wear is None else {"wear": wear}) | battery})


def corners(*points: tuple[float, float], key: str = "life_frac") -> dict[str, Any]:
    return {"corners": [{"depth_frac": depth, key: value} for depth, value in points]}


BAD = {
    "exponent below one": (wear(cycle_life={"coefficient": 1e-3, "exponent": 0.8}), "exponent is 0.8"),
    "concave corners": (wear(cycle_life=corners((0.5, 0.003), (1.0, 0.004))), "not convex"),
    "concave data sheet": (wear(cycle_life=corners((0.5, 2000), (1.0, 1500), key="cycles")), "not convex"),
    "corners out of order": (wear(cycle_life=corners((1.0, 0.004), (0.5, 0.001))), "rising order of depth_frac"),
    "half a power law": (wear(cycle_life={"coefficient": 1e-3}), "either coefficient and exponent, or corners"),
    "both ways": (wear(cycle_life=XU | corners((1.0, 0.004))), "either coefficient and exponent, or corners"),
    "no way": (wear(cycle_life={}), "either coefficient and exponent, or corners"),
    "no life at a corner": (wear(cycle_life={"corners": [{"depth_frac": 1.0}]}), "exactly one of life_frac, cycles"),
    "two lives at a corner": (
        wear(cycle_life={"corners": [{"depth_frac": 1.0, "life_frac": 0.1, "cycles": 10}]}),
        "exactly one of life_frac, cycles",
    ),
    "more than a life": (wear(cycle_life={"coefficient": 1.5, "exponent": 2.0}), "coefficient"),
    "no depth": (wear(cycle_life=corners((0.0, 0.1), (1.0, 0.2))), "depth_frac"),
    "no segments": (wear(segments=0), "segments"),
    "too many segments": (wear(segments=65), "segments"),
    "nothing wears": ({"replacement_cost_per_kwh": 300.0}, "neither cycle_life nor calendar"),
    "no price": ({"cycle_life": XU}, "replacement_cost_per_kwh"),
    "negative price": (wear(replacement_cost_per_kwh=-1.0), "replacement_cost_per_kwh"),
    "calendar without corners": (wear(calendar={"corners": []}), "corners"),
    "no end of life": (
        wear(calendar={"corners": [{"soc_frac": 0.5, "fade_frac_per_year": 0.01}], "end_of_life_fade_frac": 0.0}),
        "end_of_life_fade_frac",
    ),
    "concave calendar": (
        wear(
            calendar={
                "corners": [{"soc_frac": s, "fade_frac_per_year": f} for s, f in ((0, 0), (0.5, 0.03), (1, 0.04))]
            }
        ),
        "not convex",
    ),
}


@pytest.mark.parametrize(("described", "told"), BAD.values(), ids=BAD)
def test_refused_by_name(described, told):
    with pytest.raises(ValidationError, match=told):
        BatterySpec.model_validate(BATTERY | {"wear": described})


def test_two_prices_of_the_same_cycles_are_refused():
    with pytest.raises(ValidationError, match=r"wear_cost_per_kwh 0.1 and wear.cycle_life"):
        BatterySpec.model_validate(BATTERY | {"wear": wear(), "wear_cost_per_kwh": 0.1})
    calendar = {"corners": [{"soc_frac": 0.5, "fade_frac_per_year": 0.01}]}
    beside = {"replacement_cost_per_kwh": 300.0, "calendar": calendar}
    names = [charge.line.name for charge in lower_site(site_of(beside, wear_cost_per_kwh=0.1))]
    assert {"bess.wear", "bess.calendar"} <= set(names)


def test_a_fault_in_a_file_names_its_key():
    text = """
name = "x"
horizon = {start = 2026-01-01, end = 2026-01-02}
load.l.power_kw = 1.0
tariff.t.energy = [{ price_per_kwh = 1.0 }]

[battery.bess]
energy_kwh = 100
power_kw = 50

[battery.bess.wear]
replacement_cost_per_kwh = 300
cycle_life = {coefficient = 1e-3, exponent = 0.8}
"""
    with pytest.raises(InputError) as refused:
        parse_spec(text, "site.toml")
    (fault,) = refused.value.faults
    assert "battery.bess.wear.cycle_life" in str(fault)
    assert "exponent is 0.8" in str(fault)


def test_faults_of_lowering_are_told_together():
    """A window deeper than the data sheet, and rest that cuts an interval."""
    shallow = wear(cycle_life=corners((0.5, 0.001)))
    site = small_site(
        10.0,
        battery={
            "deep": BATTERY | {"wear": shallow},
            "cut": BATTERY | {"rest": [{"hours": ["12:30-13:00"]}]},
        },
    )
    with pytest.raises(InputError) as refused:
        lower_site(site)
    told = str(refused.value)
    assert "battery.deep.wear.cycle_life.corners" in told
    assert "0.85 of rated energy deep" in told
    assert "battery.cut.rest[0].hours" in told
    assert all(fault.hint for fault in refused.value.faults)


def charge_of(site) -> Any:
    return next(charge for charge in lower_site(site) if charge.line.name == "bess.wear")


def test_prices_of_depth_are_those_of_the_paper():
    """R/E J [Phi(j/J) - Phi((j-1)/J)] with R/E = 300 for each kWh out of the cells."""
    depths = charge_of(site_of(wear(segments=4))).segments
    phi = 5.24e-4 * (np.arange(5) / 4) ** 2.03
    np.testing.assert_allclose(depths.price_per_kwh, 300 * 4 * np.diff(phi), rtol=1e-12)
    np.testing.assert_allclose(depths.width_kwh, 25.0)


def test_only_what_the_window_reaches_becomes_variables():
    """10 to 95 % of 100 kWh in eighths of 12.5: six whole ones and a part of the seventh, 85 - 75 = 10."""
    within = charge_of(site_of(wear(segments=8))).segments.within(85.0)
    np.testing.assert_allclose(within.width_kwh, [12.5] * 6 + [10.0])


def test_depths_of_one_price_are_one():
    """A data sheet with one corner between costs two sets of columns, whatever the number of segments."""
    life = corners((0.5, 0.001), (1.0, 0.004))
    within = charge_of(site_of(wear(segments=8, cycle_life=life))).segments.within(85.0)
    np.testing.assert_allclose(within.width_kwh, [50.0, 35.0])
    np.testing.assert_allclose(within.price_per_kwh, [300 * 0.002, 300 * 0.006])


def test_a_window_of_nothing_has_one_depth():
    within = DepthSegments(np.full(2, 5.0), np.array([1.0, 2.0])).within(0.0)
    assert within.width_kwh.tolist() == [0.0]


def test_corners_and_power_law_say_the_same_where_they_meet():
    law = CycleLifeSpec(coefficient=0.001, exponent=2.0)
    depth = np.array([0.25, 0.5, 0.75, 1.0])
    sheet = CycleLifeSpec.model_validate(corners(*((d, 0.001 * d**2) for d in depth)))
    counted = CycleLifeSpec.model_validate(corners(*((d, 1000.0 / d**2) for d in depth), key="cycles"))
    np.testing.assert_allclose(sheet.life_frac(depth), law.life_frac(depth), rtol=1e-12)
    np.testing.assert_allclose(counted.life_frac(depth), law.life_frac(depth), rtol=1e-12)
    assert sheet.life_frac(np.array(0.0)) == 0.0


def test_a_battery_that_costs_nothing_or_holds_nothing_has_no_line():
    for site in (site_of(wear(replacement_cost_per_kwh=0.0)), site_of(wear(), energy_kwh=0.0)):
        assert "bess.wear" not in {charge.line.name for charge in lower_site(site)}


def test_flat_calendar_fade_needs_one_line():
    slope, offset = CalendarFadeSpec.model_validate(
        {"corners": [{"soc_frac": 0.3, "fade_frac_per_year": 0.02}]}
    ).lines()
    assert (slope.tolist(), offset.tolist()) == ([0.0], [0.02])


def test_charges_that_are_not_convex_are_refused():
    flow = Flow("bess", FlowKind.ENERGY_KWH)
    falling = DepthSegments(np.full(2, 5.0), np.array([2.0, 1.0]))
    with pytest.raises(FormulationError, match="falls or is negative"):
        CycleDepthCharge(line("wear"), flow, Metered.of(flow), falling, 1.0, 0.0, 10.0)
    with pytest.raises(FormulationError, match="rewards"):
        CurveCharge(line("calendar"), Metered.of(flow), np.zeros(1), np.ones(1), -1.0, "life")
    with pytest.raises(FormulationError, match="billing period"):
        charge_of(site_of(wear())).by_period(None, {})


def test_the_baseline_rests_where_it_starts_and_wears_by_time_alone():
    """From half of 100 kWh: no cycle, and 2 % a year at that state of charge for a day; 30,000 / 0.2."""
    calendar = {
        "corners": [{"soc_frac": 0.0, "fade_frac_per_year": 0.0}, {"soc_frac": 1.0, "fade_frac_per_year": 0.04}]
    }
    site = site_of(wear(calendar=calendar), initial_soc_frac=0.5, final_soc=0.5)
    charges = lower_site(site)
    baseline = baseline_schedule(site, charges).schedule
    np.testing.assert_array_equal(baseline[Flow("bess", FlowKind.ENERGY_KWH)], 50.0)
    lines = settle(baseline, charges).by_line()
    assert lines["bess.wear"] == 0.0
    assert lines["bess.calendar"] == pytest.approx(30_000 / 0.2 * 0.02 * 24 / 8760)
