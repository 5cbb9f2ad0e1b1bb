"""The study of sizes: what it refuses, what it notes, what stands in the cash flow, life."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from storage_opt.charges.base import Stream
from storage_opt.errors import InputError, UnboundedError
from storage_opt.finance.measures import irr, npv
from storage_opt.report.sizing_document import cash_flow_rows, sizing_document
from storage_opt.report.sizing_files import write_sizing
from storage_opt.report.sizing_tables import sizing_view
from storage_opt.studies.sizing.ageing import sized_for_life
from storage_opt.studies.sizing.case import Case
from storage_opt.studies.sizing.exploring import Wishes, explored
from storage_opt.studies.sizing.problem import SizingProblem
from storage_opt.studies.sizing.study import size
from tests.support.sizing_sites import bess, built, described, finance, scaled_money, two_prices

WIDE: dict[str, Any] = {"most": 5000.0}


def battery_site(open_: dict[str, Any] | None = None, *, cost: dict[str, Any] | None = None, **parts: Any) -> Any:
    project = finance({"bess": cost or {"capex_per_kwh": 100.0}}, **parts.pop("finance", {}))
    site = described(100.0, days=parts.pop("days", 1), battery={"bess": bess(power_kw=1000.0)}, finance=project)
    site |= {"sizing": {"battery": {"bess": open_ or {"energy_kwh": WIDE}}} | parts.pop("limits", {})}
    return built(site | parts)


# ------------------------------------------------------------------------------- what is refused


def test_everything_without_a_price_is_told_at_once():
    pv = {"pv": {"capacity_kw": 10.0, "profile": 0.5}}
    sizing = {
        "battery": {"bess": {"energy_kwh": WIDE, "power_kw": WIDE}},
        "generator": {"pv": {"capacity_kw": WIDE}},
        "grid": {"transformer_kva": WIDE},
    }
    site = described(battery={"bess": bess()}, generator=pv, grid={"transformer_kva": 500.0}, sizing=sizing)
    with pytest.raises(InputError) as caught:
        size(built(site | {"finance": finance({"bess": {"capex_per_kwh": 100.0}})}))
    keys = {fault.key for fault in caught.value.faults}
    assert keys == {"finance.cost.pv", "finance.cost.grid"}
    with pytest.raises(InputError) as caught:
        size(built(site | {"finance": finance({})}))
    assert {fault.key for fault in caught.value.faults} == {"finance.cost.bess", "finance.cost.pv", "finance.cost.grid"}


def test_no_finance_is_told():
    site = described(battery={"bess": bess()}, sizing={"battery": {"bess": {"energy_kwh": WIDE}}})
    with pytest.raises(InputError, match=r"is missing, which sizing needs .*`finance`"):
        size(built(site))


def test_a_price_for_the_other_size_alone_is_refused():
    # power is open, only energy has a price: power would be for nothing
    with pytest.raises(InputError, match="says no capex for the kW"):
        size(battery_site({"power_kw": WIDE}))


EXPORT = {
    "grid": {"export_limit_kw": 1e6},
    "tariff": {
        "buy": {"energy": [{"price_per_kwh": two_prices()}]},
        "sell": {"meter": "export", "paid_to_site": True, "energy": [{"price_per_kwh": two_prices(0.05, 0.45)}]},
    },
}


def test_a_size_without_an_end_that_earns_without_end_is_told_with_its_key():
    open_: dict[str, Any] = {"energy_kwh": {}, "power_kw": {}}
    with pytest.raises(UnboundedError) as caught:
        size(battery_site(open_, cost={"capex_per_kwh": 100.0, "capex_per_kw": 1.0}, **EXPORT))
    assert "bess.energy_kwh" in str(caught.value)
    assert "sizing.battery.bess.energy_kwh" in str(caught.value)


def test_a_size_without_an_end_may_end_by_itself():
    result = size(battery_site({"energy_kwh": {}}))
    assert result.certificate.certified
    assert result.value("bess.energy_kwh") == pytest.approx(1200.0)
    assert result.sizes[0].at_end == ""


@pytest.mark.parametrize("step", [0.001, 1e-9])
def test_too_many_units_are_refused_before_they_are_written_out(step):
    with pytest.raises(InputError, match="combinations of whole sizes"):
        size(battery_site({"energy_kwh": {"most": 1e6, "step": step}}))


def test_many_combinations_of_several_sizes_are_counted_together():
    open_ = {"energy_kwh": {"most": 2000.0, "step": 1.0}, "power_kw": {"most": 1000.0, "step": 1.0}}
    with pytest.raises(InputError, match="2,003,001 combinations"):
        size(battery_site(open_, cost={"capex_per_kwh": 100.0, "capex_per_kw": 1.0}))


SUPPLY: dict[str, Any] = {
    "regime": "ordinary_market",
    "energy_price_per_kwh": two_prices(),
    "line_loss_per_kwh": 0.0,
    "transmission_per_kwh": 0.0,
    "system_operation_per_kwh": 0.0,
    "funds_per_kwh": 0.0,
}
REBATE = {
    "mode": "actual_demand",
    "price_per_kw": 30.0,
    "capacity_kva": 200.0,
    "rebate": {"threshold_kwh_per_kva": 260.0},
}


def rebate_site(range_: dict[str, Any], **project: Any) -> Any:
    site = described([60.0] * 12 + [90.0] * 12, days=3, contract={"supply": SUPPLY | {"basic": REBATE}})
    del site["tariff"]
    site |= {"battery": {"bess": bess()}, "sizing": {"battery": {"bess": {"energy_kwh": range_}}}}
    return built(site | {"finance": finance({"bess": {"capex_per_kwh": 10.0}}, **project)})


def test_a_rebate_with_many_choices_is_refused():
    with pytest.raises(InputError, match="because of the rebate; at most 50"):
        size(rebate_site({"most": 1000.0, "step": 10.0}))


@pytest.mark.parametrize("escalation", [{}, {"energy": 0.05}])
def test_a_rebate_with_few_choices_is_certified(escalation):
    whole = size(rebate_site({"most": 200.0, "step": 90.0}, years=5, escalation_frac=escalation))
    assert whole.certificate.certified
    assert whole.value("bess.energy_kwh") == pytest.approx(180.0)
    assert size(rebate_site({"most": 400.0}, years=5, escalation_frac=escalation)).certificate.certified


def test_capex_of_choices_of_what_is_not_bought_is_refused():
    basic = {"mode": "contract_demand", "contract_kw": 90.0, "price_per_kw": 30.0, "capacity_kva": 100.0}
    site = described(contract={"supply": SUPPLY | {"basic": basic}}, finance=finance({}))
    del site["tariff"]
    choices = [{"size": 90.0, "capex": 5.0}, {"size": 110.0}]
    with pytest.raises(InputError, match="nothing is bought for it"):
        size(built(site | {"sizing": {"grid": {"contract_kw": {"choices": choices}}}}))


# ------------------------------------------------------------------------------- what is noted


def test_a_horizon_shorter_than_a_year_is_noted():
    assert any("horizon of 1 days stands for the whole year" in note for note in size(battery_site()).notes)


def test_taxes_that_are_carried_forward_are_noted():
    result = size(battery_site(finance={"years": 10, "tax": {}}, cost={"capex_per_kwh": 500.0}))
    (note,) = [note for note in result.notes if "differs from the net present value" in note]
    assert "losses are carried forward" in note
    assert "input tax is carried forward" in note


def test_wear_is_noted_as_no_cash():
    result = size(battery_site(battery={"bess": bess(wear_cost_per_kwh=0.01)}))
    assert any("wear counts in the choice" in note for note in result.notes)
    assert Stream.WEAR in result.saving_per_year
    assert result.cash_saving_per_year == pytest.approx(
        sum(amount for stream, amount in result.saving_per_year.items() if stream is not Stream.WEAR)
    )


# ------------------------------------------------------------------------------- weights of streams


def test_prices_that_rise_differently_are_certified():
    tariff = {"t": {"energy": [{"price_per_kwh": two_prices()}], "demand": [{"price_per_kw": 3.0}]}}
    project = {"years": 12, "discount_rate_frac": 0.06, "escalation_frac": {"energy": 0.03, "demand": -0.05}}
    both = {"energy_kwh": WIDE, "power_kw": WIDE}
    cost = {"capex_per_kwh": 600.0, "capex_per_kw": 100.0}
    site = battery_site(both, cost=cost, finance=project, tariff=tariff)
    problem = SizingProblem.of(site)
    assert not problem.objective.is_uniform
    assert problem.objective.weights[Stream.DEMAND] < 1.0 == problem.objective.weights[Stream.ENERGY]
    result = size(site)
    assert result.certificate.certified
    assert result.value("bess.energy_kwh") > 100.0


# ------------------------------------------------------------------------------- the cash flow


def test_what_a_catalogue_asks_stands_in_the_cash_flow():
    choices = [{"size": 500.0, "capex": 30_000.0}, {"size": 1200.0, "capex": 119_000.0}]
    result = size(battery_site({"energy_kwh": {"choices": choices}}))
    assert result.cash_flow.details["capex.bess"][0] == pytest.approx(-119_000.0)
    assert cash_flow_rows(result.cash_flow)[0]["capex.bess"] == pytest.approx(-119_000.0)


def test_investor_and_host_share_the_project():
    project = {"years": 10, "discount_rate_frac": 0.06, "sharing": {"investor_frac": 0.8, "years": 8}}
    result = size(battery_site(cost={"capex_per_kwh": 600.0}, finance=project))
    flow = result.cash_flow
    assert list(flow.parties) == ["investor", "host"]
    together = sum(book["after_tax"] for book in flow.parties.values())
    assert together == pytest.approx(flow.after_tax)
    document: Any = sizing_document(result)["finance"]
    assert document["investor"]["npv"] + document["host"]["npv"] == pytest.approx(document["after_tax"]["npv"])
    assert flow.parties["investor"]["after_tax"][1] == pytest.approx(0.8 * result.cash_saving_per_year)


def test_a_currency_leaves_sizes_as_they_are():
    both = {"energy_kwh": WIDE, "power_kw": WIDE}
    site = described([90.0, 110.0, 70.0, 130.0] * 6, battery={"bess": bess()}, sizing={"battery": {"bess": both}})
    site |= {"finance": finance({"bess": {"capex_per_kwh": 90.0, "capex_per_kw": 13.0}})}
    here, there = size(built(site)), size(built(scaled_money(site, 10.0)))
    assert [b.value for b in there.sizes] == pytest.approx([b.value for b in here.sizes], rel=1e-5)
    assert there.sizes[0].capex == pytest.approx(10.0 * here.sizes[0].capex, rel=1e-5)
    assert npv(0.0, there.cash_flow.after_tax) == pytest.approx(10.0 * npv(0.0, here.cash_flow.after_tax), rel=1e-6)


def test_nothing_built_is_an_answer_too(tmp_path):
    """At 1000 a kWh none pays: no capex, no saving, no rate of return, nothing to pay back."""
    result = size(battery_site(cost={"capex_per_kwh": 1000.0}))
    assert result.certificate.certified
    assert result.value("bess.energy_kwh") == pytest.approx(0.0, abs=1e-6)
    assert result.sizes[0].at_end == "least"
    document: Any = sizing_document(result)
    found = document["finance"]["after_tax"]
    assert found["irr"] is None
    assert found["irr_words"] == "none"
    assert found["npv"] == pytest.approx(0.0, abs=1e-6)
    assert irr(result.cash_flow.after_tax).rate is None
    files = {path.name for path in write_sizing(result, tmp_path / "out")}
    assert {"cash_flow.csv", "cash_flow.png", "cash_flow.svg", "finance.xlsx", "summary.json"} <= files
    assert sizing_view(result).tables()


def test_what_a_unit_more_is_worth():
    # a kWh that is at its limit earns 146 a year, one that nothing limits what it costs
    limited = size(battery_site({"energy_kwh": {"most": 500.0}}))
    assert limited.sizes[0].worth_per_unit_year == pytest.approx(146.0, rel=1e-5)
    assert limited.limits[0].worth_per_year == pytest.approx(46.0, rel=1e-5)
    held = size(battery_site({"energy_kwh": {"least": 1500.0, "most": 1600.0}}))
    assert held.sizes[0].worth_per_unit_year == pytest.approx(0.0, abs=1e-3)
    assert [limit.name for limit in held.limits] == ["bess.energy_kwh.least"]


def test_a_range_of_one_size_has_no_limits_to_tell():
    result = size(battery_site({"energy_kwh": {"least": 300.0, "most": 300.0}}))
    assert result.sizes[0].at_end == "fixed"
    assert result.sizes[0].worth_per_unit_year == pytest.approx(146.0, rel=1e-5)
    assert result.limits == ()


# ------------------------------------------------------------------------------- one meaning, one compile


def test_a_branch_is_compiled_once_however_often_it_is_solved():
    """Choices of a catalogue under a rebate ask for the same branches again: granted, refused, and the one taken."""
    told: list[str] = []
    result = size(rebate_site({"most": 200.0, "step": 90.0}, years=5), progress=told.append)
    assert result.certificate.solves > 1
    assert len([line for line in told if line.startswith("compiling with")]) == 3


def test_what_is_asked_afterwards_is_asked_of_what_was_solved():
    """Nothing is sized, compiled or billed again for a marginal value, and it is that of the answer."""
    result = size(battery_site({"energy_kwh": {"most": 500.0}}))
    assert Case.of(result).before == Case.of(result.problem).before
    more = explored(result, Wishes(worth=True))
    (worth,) = [one for one in more.worth if one.lever.name == "battery.bess.energy_kwh"]
    assert worth.per_year == pytest.approx(result.sizes[0].worth_per_unit_year, rel=1e-5)


# ------------------------------------------------------------------------------- backups and products


def test_a_backup_that_nothing_standing_can_hold_does_not_matter_for_the_bill_before():
    result = size(battery_site(backup={"ride_through_h": 2.0, "critical_kw": 50.0}))
    assert result.certificate.certified
    # 100 kWh are held, 1200 are used
    assert result.value("bess.energy_kwh") == pytest.approx(1300.0)
    assert result.bill_before_per_year == pytest.approx(365 * 720.0)


def test_products_of_what_is_not_built_yet_do_not_matter_for_the_bill_before():
    window = [{"hours": ["18:00-22:00"]}]
    peak = {"direction": "up", "duration_h": 2.0, "price_held_per_kw_day": 0.3, "window": window, "min_block_kw": 20.0}
    result = size(battery_site(regulation={"peak": peak | {"commitment": "day"}}))
    assert result.certificate.certified
    assert result.bill_before_per_year == pytest.approx(365 * 720.0)


def test_nothing_built_sells_no_products():
    # at 10,000 a kWh neither energy nor the product pays, and what backs nothing is no reason to refuse the answer
    window = [{"hours": ["18:00-22:00"]}]
    peak = {"direction": "up", "duration_h": 2.0, "price_held_per_kw_day": 0.3, "window": window, "commitment": "day"}
    result = size(battery_site(cost={"capex_per_kwh": 10_000.0}, regulation={"peak": peak}))
    assert result.certificate.certified
    assert result.value("bess.energy_kwh") == pytest.approx(0.0, abs=1e-6)


# ------------------------------------------------------------------------------- life


LIFE = {
    "fade_frac_per_year": 0.03,
    "fade_frac_per_cycle": 1e-5,
    "end_of_life_energy_frac": 0.7,
    "at_end_of_life": "replace",
}


def life_site(**parts: Any) -> Any:
    project = {"years": 6, "discount_rate_frac": 0.06, "life": LIFE | {"dispatched_years": [1, 6]}}
    return battery_site(cost={"capex_per_kwh": 300.0}, days=14, finance=project, **parts)


def test_sizes_and_life_agree():
    """A battery that fades by time holds less on average, so more is bought: 1200 kWh over its mean health."""
    lived = sized_for_life(SizingProblem.of(life_site()))
    assert lived.settled
    assert lived.moved_frac <= 1e-3
    health = lived.problem.ageing.health["bess"]
    assert 0.85 < health.energy_frac < 1.0
    assert lived.best.values[0] == pytest.approx(1200.0 / health.energy_frac, rel=1e-3)


def test_the_cash_flow_of_a_life_fades():
    result = size(life_site())
    assert result.certificate.certified
    assert result.life is not None
    savings = result.cash_flow.details["savings.energy"][1:]
    assert np.all(np.diff(savings) <= 1e-6 * savings[0])
    assert any("sizes and life agree" in note for note in result.notes)
    assert npv(0.06, result.cash_flow.after_tax) > 0.0


def test_nothing_built_has_no_life():
    project = {"years": 6, "discount_rate_frac": 0.06, "life": LIFE}
    result = size(battery_site(cost={"capex_per_kwh": 3000.0}, finance=project))
    assert result.life is None
    assert result.certificate.certified
