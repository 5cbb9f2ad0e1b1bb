"""Every row of the product catalog at a site, from the preset to the line of the bill."""

from __future__ import annotations

from typing import Any

import pytest

import storage_opt
from storage_opt.catalog.products import ProductRow, products
from storage_opt.errors import InputError
from storage_opt.lowering.products.charges import lower_products
from storage_opt.lowering.products.notes import product_notes
from storage_opt.schedule import Flow, FlowKind
from storage_opt.spec.resolved import Site
from tests.support.small_sites import small_site

DAYS = 4
POWER_KW, ENERGY_KWH = 12_000.0, 30_000.0
EVENING = [{"hours": ["17:00-19:00"]}]
BATTERY = {
    "energy_kwh": ENERGY_KWH,
    "power_kw": POWER_KW,
    "charge_efficiency": 1.0,
    "discharge_efficiency": 1.0,
    "soc_min_frac": 0.0,
    "soc_max_frac": 1.0,
}
EVERY = pytest.mark.parametrize("row", products(), ids=lambda row: row.product)


def _terms(row: ProductRow) -> dict[str, Any]:
    """What the row leaves for the user to say."""
    terms: dict[str, Any] = {"preset": row.product}
    if row.section == "regulation":
        terms["call_probability_frac"] = 0.25
        if row.duration_h is None:
            terms["duration_h"] = 1.0
    elif row.section == "response":
        terms["window"] = EVENING
    else:
        terms["eligible"] = True
        if row.kind == "capacity" and row.net_peak_h is None:
            terms["net_peak_h"] = 5.0
    return terms


def _site(row: ProductRow, battery: dict[str, Any] | None = None, **terms: Any) -> Site:
    evening = 0.35
    battery = dict(battery or {})
    if row.section == "incentive":
        # wear above every payment: it pays to move energy to the evening, and never to charge and discharge at a time
        evening, battery["wear_cost_per_kwh"] = 0.70, 0.36
    price = [0.3] * 17 + [evening] * 5 + [0.3] * 2
    return small_site(
        20_000.0,
        days=DAYS,
        battery={"bess": BATTERY | battery},
        grid={"import_limit_kw": 60_000.0, "export_limit_kw": 60_000.0},
        tariff={"flat": {"energy": [{"price_per_kwh": price}]}},
        **{row.section: {"sold": _terms(row) | terms}},
    )


def _fault(row: ProductRow, **terms: Any) -> str:
    with pytest.raises(InputError) as raised:
        lower_products(_site(row, **terms))
    return str(raised.value)


@EVERY
def test_every_row_is_sold_and_paid_at_its_price(row):
    """The amount of its line is the price of the catalog times what the schedule sells, added up here."""
    result = storage_opt.optimize(_site(row))
    assert result.certificate.certified

    def energy(kind: FlowKind, owner: str = "sold.bess") -> float:
        return float(result.schedule[Flow(owner, kind)].sum())

    money = {line: amount for line, amount in result.ledger.by_line().items() if line.startswith("sold.")}
    held = FlowKind.UP_KW if row.direction == "up" else FlowKind.DOWN_KW
    if row.price_held_per_kw_day is not None:
        expected = {"sold.held": -row.price_held_per_kw_day * energy(held) / 24}
    elif row.price_called_per_kwh is not None:
        expected = {"sold.called": -row.price_called_per_kwh * 0.25 * energy(held)}
    elif row.price_per_kw is not None:
        expected = {"sold.promise": -row.price_per_kw * energy(FlowKind.COMMITTED_KW, "sold") / 2}
    elif row.section == "response":
        expected = {"sold.response": -row.price_per_kwh * energy(FlowKind.DELIVERED_KW, "sold")}
    elif row.kind == "capacity":
        share = min(1.0, ENERGY_KWH / POWER_KW / (row.net_peak_h or 5.0))
        expected = {"sold.capacity": -row.price_per_kw_year * share * POWER_KW * DAYS / 365}
    else:
        expected = {"sold.discharge": -row.price_per_kwh * energy(FlowKind.DELIVERED_KW)}
    assert money == pytest.approx(expected, rel=1e-6)
    assert all(amount < -100.0 for amount in money.values())


@EVERY
def test_what_a_preset_filled_is_told_with_source_and_confidence(row):
    told = product_notes(_site(row))
    source = f"{row.english} {row.chinese} from {row.document} ({row.confidence}"
    filled = ", ".join(f"{key} = {value}" for key, value in row.values().items() if f"{key} = " in told[0])
    assert told[0].startswith(f"{row.section}.sold: {filled}; {source}"), told
    assert any(key.startswith("price_") and f"{key} = " in filled for key in row.values())
    assert not row.note or f"{row.section}.sold: {row.note}" in told
    stale = [note for note in told if " but is used for 2025-01-01 to 2025-01-04" in note]
    inside = row.valid_from.year <= 2025 and row.valid_from.month == 1
    assert bool(stale) != (inside and (row.valid_until is None or row.valid_until.year >= 2025)), told
    assert all(str(row.valid_from) in note and row.document in note for note in stale)


@EVERY
def test_what_the_user_wrote_stays(row):
    (price,) = (key for key in row.values() if key.startswith("price_"))
    halved = 0.5 * row.values()[price]
    result = storage_opt.optimize(_site(row, **{price: halved}))
    ledger = result.ledger
    (entry, *_) = [e for e in ledger.entries if e.line.name.startswith("sold.") and e.quantity]
    rate = abs(entry.amount / entry.quantity)
    spread = {"price_held_per_kw_day": 24.0, "price_per_kw": 2.0, "price_per_kw_year": 365.0 / DAYS}.get(price, 1.0)
    assert rate == pytest.approx(halved / spread, rel=1e-6)


@EVERY
def test_what_no_preset_fills_is_asked_for(row):
    lacking = {
        "regulation": "duration_h" if row.duration_h is None else None,
        "response": None,
        "incentive": "net_peak_h" if row.kind == "capacity" and row.net_peak_h is None else None,
    }[row.section]
    if row.section == "incentive":
        told = _fault(row, eligible=False)
        assert "incentive.sold.eligible" in told
        assert "without eligibility" in told
    if lacking:
        assert f"{row.section}.sold.{lacking}" in _fault(row, **{lacking: None})
    elif row.section != "incentive":
        lower_products(_site(row))


@EVERY
def test_a_preset_of_another_section_is_refused(row):
    others: dict[str, dict[str, Any]] = {
        "regulation": {"direction": "up", "duration_h": 1.0},
        "response": {"window": EVENING},
        "incentive": {"eligible": True},
    }
    for section, terms in others.items():
        if section == row.section:
            continue
        site = small_site(100.0, battery={"bess": BATTERY}, **{section: {"sold": {"preset": row.product, **terms}}})
        with pytest.raises(InputError) as raised:
            lower_products(site)
        assert f"`{row.product}` is a preset of [{row.section}]" in str(raised.value)
        assert f"{section}.sold.preset" in str(raised.value)


@pytest.mark.parametrize("row", [r for r in products() if r.least_kw or r.least_kwh], ids=lambda row: row.product)
@pytest.mark.parametrize(
    ("battery", "least"), [({"power_kw": 9_000.0}, "10,000 kW"), ({"energy_kwh": 19_000.0}, "20,000 kWh")]
)
def test_a_site_that_is_too_small_is_refused(row, battery, least):
    told = _fault(row, battery=battery)
    assert f"`{row.product}` asks for {least} or more" in told


def test_an_unknown_preset_suggests_the_nearest():
    site = small_site(
        100.0, battery={"bess": BATTERY}, response={"sold": {"preset": "guangdong_shav", "window": EVENING}}
    )
    with pytest.raises(InputError) as raised:
        lower_products(site)
    assert "no product named `guangdong_shav` in the catalog (`response.sold.preset`)" in str(raised.value)
    assert "did you mean `guangdong_shave`?" in str(raised.value)
