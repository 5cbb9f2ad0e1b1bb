"""What one more is worth: multipliers agree with solving again, and the range ends where the slope changes."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from storage_opt.errors import InfeasibleError
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.frontier import flatness
from storage_opt.studies.sizing.marginal import marginal_values
from storage_opt.studies.sizing.running import Run
from tests.support.landscape_sites import battery_site
from tests.support.small_sites import small_site

DAY = 24
RANGED = ("battery.bess.energy_kwh", "contract.export_of_available_max_frac")


def plant_site():
    """Two days of wind, of which no more than a fifth may be exported."""
    wind = np.tile(np.concatenate([np.full(12, 0.9), np.full(12, 0.2)]), 2) + np.linspace(0.0, 0.05, 2 * DAY)
    return small_site(
        np.linspace(60.0, 100.0, 2 * DAY),
        days=2,
        generator={"wind": {"capacity_kw": 150.0, "profile": wind}},
        battery={"bess": {"energy_kwh": 60.0, "power_kw": 20.0}},
        grid={"transformer_kva": 95.0, "export_limit_kw": 300.0, "power_factor": 1.0},
        contract={"self_use_of_available_min_frac": 0.5, "export_of_available_max_frac": 0.2},
        tariff={
            "supply": {"energy": [{"price_per_kwh": [0.2 + 0.01 * hour for hour in range(24)]}]},
            "feed_in": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.15}]},
        },
    )


@pytest.fixture(scope="module")
def worths():
    site = plant_site()
    found = {one.lever.name: one for one in marginal_values(site, ranges=False)}
    ranged = marginal_values(site, names=RANGED)
    return found | {one.lever.name: one for one in ranged}


def test_every_kind_of_number_is_there(worths):
    assert set(worths) == {
        "battery.bess.power_kw",
        "battery.bess.energy_kwh",
        "generator.wind.capacity_kw",
        "grid.transformer_kva",
        "contract.self_use_of_available_min_frac",
        "contract.export_of_available_max_frac",
    }
    assert sum(one.per_year != 0.0 for one in worths.values()) >= 3


def test_multipliers_lie_between_one_more_and_one_less(worths):
    for name, one in worths.items():
        low, high = np.sort([one.by_more, one.by_less])
        near = 1e-4 * max(abs(low), abs(high)) + 1e-3
        assert low - near <= one.per_year <= high + near, name
        assert one.by_multipliers


def test_ranges_hold_the_number_and_end_where_the_worth_changes(worths):
    for name in RANGED:
        one = worths[name]
        assert np.all(np.diff([one.holds_from, one.lever.at_site, one.holds_to]) > 0.0), name
    checked = worths["battery.bess.energy_kwh"]
    inside = checked.lever.change(plant_site(), 0.5 * (checked.holds_from + checked.lever.at_site))
    there = marginal_values(inside, names=("battery.bess.energy_kwh",), ranges=False)[0]
    assert there.per_year == pytest.approx(checked.per_year, rel=0.05)


def test_an_open_size_at_its_best_is_worth_what_it_costs():
    case = Case.of(battery_site())
    found = {one.lever.name: one for one in marginal_values(case, ranges=False)}
    for name in ("battery.bess.power_kw", "battery.bess.energy_kwh"):
        one = found[name]
        assert None not in {one.by_more, one.cost_per_year, one.by_less}
        assert np.all(np.diff([one.by_more, one.cost_per_year, one.by_less]) >= 0.0), name


def test_words(worths):
    said = worths["contract.export_of_available_max_frac"].sentence("CNY")
    assert said.startswith("one more percentage point of most export of available generation (now 20.0 %) is worth ")
    assert "CNY a year; this holds from " in said


def test_a_site_without_a_schedule_says_so():
    site = plant_site()
    contract = site.spec.contract.model_copy(update={"self_use_of_available_min_frac": 0.95})
    with pytest.raises(InfeasibleError, match="self-use"):
        marginal_values(replace(site, spec=site.spec.model_copy(update={"contract": contract})), ranges=False)


def test_worker_processes_find_the_same_and_keep_it(tmp_path, monkeypatch):
    """Numbers, ranges and ends of flat ranges; what was kept is not worked out again."""
    monkeypatch.setattr("storage_opt.studies.sizing.running._WORTH_PROCESSES_S", 0.0)
    monkeypatch.setattr("storage_opt.studies.sizing.running.is_worth_a_process", lambda site, solves: True)
    case = Case.of(battery_site())
    told: list[str] = []
    apart = Run(workers=2, resume=tmp_path / "kept.jsonl")
    kept = replace(apart, progress=told.append)
    for ask in (marginal_values, flatness):
        here, there, again = ask(case, run=Run(workers=1)), ask(case, run=apart), ask(case, run=kept)
        assert len(here) > 1
        for mine, other, read in zip(here, there, again, strict=True):
            assert numbers_of(other) == pytest.approx(numbers_of(mine), rel=1e-6, nan_ok=True)
            assert numbers_of(read) == numbers_of(other)
    assert not told


def numbers_of(answer) -> list[float]:
    """Everything that a process or a file has to carry, as numbers."""
    found = [getattr(answer, one.name) for one in fields(answer)]
    return [float(value) for value in found if isinstance(value, int | float)]
