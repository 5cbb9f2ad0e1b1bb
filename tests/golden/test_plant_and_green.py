"""The plant's contract and certificates, worked out on paper."""

from __future__ import annotations

import pytest

from storage_opt.errors import InfeasibleError
from storage_opt.lowering.contract.defaults import contract_notes
from storage_opt.schedule import FlowKind
from storage_opt.studies.dispatch import optimize
from tests.support.contract_terms import DIRECT, lines, site

# ------------------------------------------------------------------------------------ plant


def test_plant_is_paid_as_consumed_as_produced_or_as_a_shape() -> None:
    """30 kW of 40 used, 10 exported: consumed 20 x 720, produced 30 x 720; a shape of 25 kW at 0.22 against 0.15."""
    flows = {"imported": 80.0, "exported": 10.0, "used": 30.0}
    consumed = lines(site(DIRECT | {"plant": {"price_per_kwh": 0.22}}), **flows)
    assert consumed["plant_energy"] == pytest.approx(0.22 * 20 * 720)
    produced = lines(site(DIRECT | {"plant": {"price_per_kwh": 0.22, "basis": "produced"}}), **flows)
    assert produced["plant_energy"] == pytest.approx(0.22 * 30 * 720)
    shape = {"price_per_kwh": 0.22, "basis": "fixed_shape", "shape_kw": 25.0, "reference_price_per_kwh": 0.15}
    fixed = lines(site(DIRECT | {"plant": shape}), **flows)
    assert fixed["plant_energy"] == pytest.approx(0.15 * 30 * 720)
    assert fixed["plant_cfd"] == pytest.approx(25 * 720 * (0.22 - 0.15))
    own = lines(site(DIRECT | {"plant": {"owner": "site"}}), **flows)
    assert "plant_energy" not in own


def test_exported_energy_is_the_owners_where_the_site_pays_for_what_it_consumes() -> None:
    """Sold by the site only when the contract says so; as produced, or from an own plant, export is the site's."""
    flows = {"imported": 80.0, "exported": 10.0, "used": 30.0}
    sold = pytest.approx(-0.14 * 10 * 720)
    priced = DIRECT | {"export_price_per_kwh": 0.14}
    consumed = site(priced | {"plant": {"price_per_kwh": 0.22}})
    assert "export" not in lines(consumed, **flows)
    assert any("exported energy is the plant owner's" in note for note in contract_notes(consumed))
    for plant in (
        {"price_per_kwh": 0.22, "export_revenue": "site"},
        {"price_per_kwh": 0.22, "basis": "produced"},
        {"owner": "site"},
    ):
        assert lines(site(priced | {"plant": plant}), **flows)["export"] == sold


def test_export_that_earns_nothing_is_a_tie_and_needs_no_search() -> None:
    """Import at 0.10 is cheaper than the plant at 0.40: leaving its energy unused or exporting it costs the same.

    The relaxation may import and export at once; the optimum imports 100 kW for 72,000 kWh at 0.10 and network 0.05.
    """
    cheap = DIRECT | {"energy_price_per_kwh": 0.10, "plant": {"price_per_kwh": 0.40}, "export_price_per_kwh": 0.14}
    result = optimize(site(cheap))
    assert result.certificate.certified
    assert not any("binaries" in attempt.status for attempt in result.certificate.attempts)
    assert result.ledger.total == pytest.approx(72_000 * 0.15, rel=1e-6)


def test_take_or_pay_pays_for_what_was_not_taken() -> None:
    """80 % of 40 kW x 720 h is 23,040 kWh; consumed 20 x 720 = 14,400: 8,640 kWh are paid at 0.22 all the same."""
    plant = {"price_per_kwh": 0.22, "take_or_pay_frac": 0.8}
    found = lines(site(DIRECT | {"plant": plant}), imported=80.0, exported=10.0, used=30.0)
    assert found["plant_take_or_pay"] == pytest.approx(0.22 * 8_640)
    volume = plant | {"take_or_pay_volume_kwh_per_year": 365_000.0}
    found = lines(site(DIRECT | {"plant": volume}), imported=80.0, exported=10.0, used=30.0)
    # 30 days of 365: 30,000 kWh, of which 80 % are 24,000
    assert found["plant_take_or_pay"] == pytest.approx(0.22 * (24_000 - 14_400))


def test_take_or_pay_makes_dear_energy_cheap_at_the_margin() -> None:
    """The plant asks 0.40 and import costs 0.35: without take-or-pay it stands still, with 100 % it runs."""
    dear = {"price_per_kwh": 0.40}
    idle = optimize(site(DIRECT | {"plant": dear, "regime": "ordinary_market"}))
    bound = optimize(site(DIRECT | {"plant": dear | {"take_or_pay_frac": 1.0}, "regime": "ordinary_market"}))
    assert idle.schedule.energy_kwh(FlowKind.USED_KW) == pytest.approx(0.0, abs=1e-3)
    assert bound.schedule.energy_kwh(FlowKind.USED_KW) == pytest.approx(40 * 720)
    assert bound.certificate.certified


# ------------------------------------------------------------------------------------ green


def test_missing_certificates_are_bought_and_exported_ones_sold() -> None:
    """Of 72,000 kWh 80 % are 57,600; self-use (40 - 5) x 720 = 25,200, green import 0.25 x 65 x 720 = 11,700.

    Missing: 20,700 kWh at 0.006. Premium 0.02 on 11,700 kWh. Sold: 5 x 720 kWh at 0.004.
    """
    green = {
        "min_share_frac": 0.8,
        "certificate_price_per_kwh": 0.006,
        "market_green_frac": 0.25,
        "green_premium_per_kwh": 0.02,
        "exported_certificate_price_per_kwh": 0.004,
    }
    found = lines(site(DIRECT, {"green": green}), imported=65.0, exported=5.0, used=40.0)
    assert found["certificates"] == pytest.approx(0.006 * 20_700)
    assert found["green_premium"] == pytest.approx(0.02 * 11_700)
    assert found["certificates_sold"] == pytest.approx(-0.004 * 3_600)


def test_green_share_without_certificates_is_a_rule_and_with_them_a_price() -> None:
    made = site(DIRECT, {"green": {"min_share_frac": 0.3}}, grid={"export_limit_kw": 0.0})
    (check,) = [c for c in optimize(made).certificate.rules if c.name == "contract.green_share"]
    assert (check.required, check.achieved) == pytest.approx((30.0, 40.0))
    assert check.ok
    with pytest.raises(InfeasibleError, match="50 required, 40 can be reached") as raised:
        optimize(site(DIRECT, {"green": {"min_share_frac": 0.5}}, grid={"export_limit_kw": 0.0}))
    assert raised.value.conflicts[0].attainable == pytest.approx(40.0, abs=1e-3)
    bought = {"green": {"min_share_frac": 0.5, "certificate_price_per_kwh": 0.01}}
    result = optimize(site(DIRECT, bought, grid={"export_limit_kw": 0.0}))
    assert result.ledger.by_line()["contract.certificates"] == pytest.approx(0.01 * 0.1 * 72_000, rel=1e-5)
    (check,) = [c for c in result.certificate.rules if c.name == "contract.green_share"]
    assert check.ok
