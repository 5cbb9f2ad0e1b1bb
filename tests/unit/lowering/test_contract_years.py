"""Ratios by contract year: several years, energy before the horizon, the national rule set, and refusals."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from storage_opt.errors import InfeasibleError, InputError
from storage_opt.horizon import Horizon
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.lowering.years import counted_years
from storage_opt.rules.cap import PowerCap
from storage_opt.rules.share import ShareRule
from storage_opt.schedule import FlowKind
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.dispatch import optimize

NOON = [0.0] * 8 + [1.0] * 8 + [0.0] * 8


def site(contract: dict[str, Any], start: str = "2027-12-30", end: str = "2028-01-04", **parts: Any) -> Site:
    """100 kW of load, 200 kW of PV for eight hours a day; export at 0.5 beats what import costs, 0.3."""
    spec = SiteSpec.model_validate(
        {
            "name": "years",
            "horizon": {"start": start, "end": end, "zone": "Asia/Shanghai"},
            "grid": {"export_limit_kw": 500.0},
            "load": {"dc": {"power_kw": 100.0}},
            "generator": {"pv": {"capacity_kw": 200.0, "profile": NOON}},
            "tariff": {
                "t": {"energy": [{"price_per_kwh": 0.3}]},
                "x": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": 0.5}]},
            },
            "contract": contract,
        }
        | parts
    )
    return Site(spec, spec.horizon.build())


@pytest.mark.parametrize(
    ("start", "end", "month", "labels", "firsts"),
    [
        (date(2027, 1, 1), date(2028, 1, 1), None, ("2027",), ["2027-01-01"]),
        (date(2026, 8, 1), date(2027, 8, 1), None, ("2026",), ["2026-08-01"]),
        (date(2026, 8, 1), date(2027, 8, 1), 1, ("2026", "2027"), ["2026-08-01", "2027-01-01"]),
        (
            date(2026, 8, 1),
            date(2028, 9, 1),
            None,
            ("2026", "2027", "2028"),
            ["2026-08-01", "2027-08-01", "2028-08-01"],
        ),
        (date(2024, 2, 29), date(2025, 3, 2), None, ("2024", "2025"), ["2024-02-29", "2025-03-01"]),
        (date(2027, 3, 1), date(2027, 5, 1), 4, ("2026", "2027"), ["2027-03-01", "2027-04-01"]),
    ],
)
def test_counted_years(start: date, end: date, month: int | None, labels: tuple[str, ...], firsts: list[str]) -> None:
    horizon = Horizon(start, end, 60, "Asia/Shanghai")
    years = counted_years(horizon, month)
    assert years.labels == labels
    begins = np.searchsorted(years.ids, np.arange(years.count))
    assert [f"{horizon.stamps[i]:%Y-%m-%d}" for i in begins] == firsts
    lasts = np.append(begins[1:], horizon.steps) - 1
    assert years.period.tolist() == horizon.billing.ids[lasts].tolist()


def test_each_year_of_the_horizon_keeps_the_ratio_by_itself() -> None:
    """Two days of 2027 and three of 2028: 20 % of 3,200 and of 4,800 kWh may be exported, each by itself."""
    result = optimize(site({"export_of_available_max_frac": 0.2, "year_start_month": 1}))
    checks = {check.name: check for check in result.certificate.rules}
    assert list(checks) == ["contract.export_of_available_2027", "contract.export_of_available_2028"]
    assert all(check.ok and check.achieved == pytest.approx(20.0, abs=1e-4) for check in checks.values())
    exported = result.schedule.total(FlowKind.EXPORT_KW)
    assert exported[:48].sum() == pytest.approx(640.0, rel=1e-5)
    assert exported[48:].sum() == pytest.approx(960.0, rel=1e-5)
    assert result.baseline.total(FlowKind.EXPORT_KW)[:48].sum() == pytest.approx(640.0)


def test_energy_before_the_horizon_counts_in_its_year() -> None:
    """So far 10,000 kWh were available and 2,500 exported; with 3,200 more, 20 % of 13,200 leave 140 kWh."""
    before = {"available_kwh": 10_000.0, "export_kwh": 2_500.0}
    contract = {"export_of_available_max_frac": 0.2, "year_start_month": 1, "year_to_date": before}
    made = site(contract, start="2027-12-30", end="2028-01-01")
    result = optimize(made)
    assert result.schedule.energy_kwh(FlowKind.EXPORT_KW) == pytest.approx(140.0, rel=1e-4)
    assert result.baseline.energy_kwh(FlowKind.EXPORT_KW) == pytest.approx(140.0)
    (check,) = result.certificate.rules
    assert check.achieved == pytest.approx(20.0, abs=1e-4)
    part = made.between(date(2027, 12, 31), date(2028, 1, 1))
    with pytest.raises(InputError, match="year_to_date"):
        lower_rules(part)


@pytest.mark.parametrize(("year", "share"), [(None, 0.30), (2029, 0.30), (2030, 0.35)])
def test_national_rules_by_vintage(year: int | None, share: float) -> None:
    contract: dict[str, Any] = {"rule_set": "national"} | ({"commissioned_year": year} if year else {})
    made = site(contract)
    rules = {rule.rule.name: rule for rule in lower_rules(made) if isinstance(rule, ShareRule)}
    shares = {name: rule.share_frac for name, rule in rules.items()}
    assert shares == {
        "contract.self_use_of_available": 0.60,
        "contract.self_use_of_consumption": share,
        "contract.export_of_available": 0.20,
    }
    assert len([note for note in contract_notes(made) if "650号 art. 6" in note]) == 3
    own = site(contract | {"self_use_of_available_min_frac": 0.7})
    (kept,) = [rule for rule in lower_rules(own) if rule.rule.name == "contract.self_use_of_available"]
    assert isinstance(kept, ShareRule)
    assert kept.share_frac == 0.7


def test_nothing_is_exported_outside_a_spot_region_and_storage_may_be_kept_from_the_grid() -> None:
    result = optimize(site({"spot_region": False}))
    assert result.schedule.energy_kwh(FlowKind.EXPORT_KW) == 0.0
    assert result.baseline.energy_kwh(FlowKind.EXPORT_KW) == 0.0
    cheap_nights = {"t": {"energy": [{"price_per_kwh": [0.05] * 8 + [0.9] * 16}]}}
    battery = {"bess": {"energy_kwh": 200.0, "power_kw": 50.0}}
    parts = {"battery": battery, "tariff": cheap_nights, "generator": {"pv": {"capacity_kw": 1.0, "profile": NOON}}}
    free = optimize(site({"storage_from_grid": "not_green"}, **parts))
    kept = optimize(site({"storage_from_grid": "forbidden"}, **parts))
    assert free.schedule.energy_kwh(FlowKind.CHARGE_KW) > 500.0
    charged, used = kept.schedule.total(FlowKind.CHARGE_KW), kept.schedule.total(FlowKind.USED_KW)
    assert (charged <= used + 1e-6).all()
    assert kept.ledger.total > free.ledger.total


def test_metered_consumption_includes_what_storage_loses() -> None:
    """The same self-use is a smaller share of import + generation - export than of the load."""
    battery = {"bess": {"energy_kwh": 400.0, "power_kw": 100.0}}
    parts = {"battery": battery, "tariff": {"t": {"energy": [{"price_per_kwh": 0.3}]}}, "grid": {}}
    asked = {"self_use_of_consumption_min_frac": 0.4, "deduct_storage_losses": False}
    by_load = optimize(site(asked, **parts))
    by_meter = optimize(site(asked | {"consumption_basis": "metered"}, **parts))
    schedule = by_meter.schedule
    lost = schedule.energy_kwh(FlowKind.CHARGE_KW) - schedule.energy_kwh(FlowKind.DISCHARGE_KW)
    used = schedule.energy_kwh(FlowKind.USED_KW)
    (check,) = by_meter.certificate.rules
    assert check.achieved == pytest.approx(100 * used / (5 * 2_400 + lost))
    assert check.ok
    assert by_meter.ledger.total >= by_load.ledger.total - 1e-6
    assert by_meter.certificate.certified


def test_impossible_self_use_is_answered_with_what_can_be_reached_and_the_least_changes() -> None:
    """Three times the load as wind at full output: at most a third of it can be used on site, 33.33 %."""
    wind = {"wind": {"capacity_kw": 300.0, "profile": 1.0}}
    asked = {"self_use_of_available_min_frac": 0.6, "export_of_available_max_frac": 0.2}
    with pytest.raises(InfeasibleError) as raised:
        optimize(site(asked, generator=wind))
    (conflict,) = raised.value.conflicts
    assert conflict.key == "contract.self_use_of_available_min_frac"
    assert conflict.required == pytest.approx(60.0)
    assert conflict.attainable is not None
    assert conflict.attainable == pytest.approx(100.0 / 3, abs=1e-3)
    assert "60 required, 33.3333 can be reached" in str(raised.value)
    relaxed = optimize(
        site(asked | {"self_use_of_available_min_frac": conflict.attainable / 100 - 1e-6}, generator=wind)
    )
    assert relaxed.certificate.certified


def test_rules_that_only_give_way_together_are_told_together() -> None:
    """Must-take wind of 300 kW at 100 kW of load: a third is used and two thirds leave, whatever is done.

    So half of it can't be used, and more than 20 % leave: each rule fails by itself. 60 kW may leave, so 140 kW have to
    be curtailed, and the share that is used has to give as well.
    """
    wind = {"wind": {"capacity_kw": 300.0, "profile": 1.0, "curtailable": False}}
    asked = {"self_use_of_available_min_frac": 0.5, "export_of_available_max_frac": 0.2}
    with pytest.raises(InfeasibleError) as raised:
        optimize(site(asked, generator=wind))
    error = raised.value
    changes = {conflict.key: conflict.relaxation for conflict in error.together}
    assert changes == {
        "contract.self_use_of_available_min_frac": pytest.approx(50 - 100 / 3, abs=1e-3),
        "generator.wind.curtailable": pytest.approx(140.0, abs=1e-3),
    }
    assert "least changes together" in str(error)
    assert error.hint.startswith("relax `generator.wind.curtailable` by 140 kW and")


def test_rules_that_mean_nothing_are_refused_together() -> None:
    asked = {"self_use_of_available_min_frac": 0.6, "export_of_available_max_frac": 0.2}
    with pytest.raises(InputError) as raised:
        lower_rules(site(asked, generator={}))
    assert [fault.key for fault in raised.value.faults] == [
        "contract.self_use_of_available_min_frac",
        "contract.export_of_available_max_frac",
    ]
    with pytest.raises(ValueError, match="year_to_date needs year_start_month"):
        site({"year_to_date": {"available_kwh": 1.0}})
    with pytest.raises(ValueError, match="commissioned_year decides"):
        site({"commissioned_year": 2030})


def test_off_grid_is_a_rule_in_both_directions() -> None:
    supply = {"regime": "off_grid", "funds_per_kwh": 0.02}
    names = [rule.rule.name for rule in lower_rules(site({"supply": supply}, tariff={})) if isinstance(rule, PowerCap)]
    assert names == ["contract.off_grid_import", "contract.off_grid_export"]
    with pytest.raises(InfeasibleError, match="no import, off-grid"):
        optimize(site({"supply": supply}, tariff={}))
