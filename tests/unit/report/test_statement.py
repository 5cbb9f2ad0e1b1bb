import csv
import io
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

import pytest
from hypothesis import given, settings

from storage_opt.charges.base import SITE, Line, Stream
from storage_opt.ledger.ledger import Ledger
from storage_opt.report.cents import cents
from storage_opt.report.line_words import band_words, item_words
from storage_opt.report.party_words import party_words
from storage_opt.report.statement import statement_of, statement_rows
from storage_opt.report.view import as_csv
from tests.support.ledgers import entry, ledgers
from tests.support.results import fake_result

COLUMNS = [
    "run", "kind", "period", "party", "party_name", "line", "item", "item_chinese", "band", "band_name", "quantity",
    "unit", "rate", "amount", "currency",
]  # fmt: skip
OFTEN = settings(max_examples=150, deadline=None)


def _printed(ledger):
    """The rows as a program reads them back from the file."""
    return list(csv.DictReader(io.StringIO(as_csv(statement_rows({"plan": ledger}, "CNY")))))


def _added(rows, *kinds):
    return sum((Decimal(row["amount"]) for row in rows if row["kind"] in kinds), Decimal(0))


# ------------------------------------------------------------------------------------------- sums


@OFTEN
@given(ledgers())
def test_printed_parts_add_to_printed_totals_to_the_cent(ledger):
    rows = _printed(ledger)
    months = groupby((row for row in rows if row["kind"] != "grand_total"), key=lambda row: row["period"])
    for _, month in months:
        lines = list(month)
        *of_parties, total = lines
        for _, own in groupby(of_parties, key=lambda row: row["party"]):
            *parts, subtotal = list(own)
            assert subtotal["kind"] == "subtotal"
            assert _added(parts, "item", "rounding") == Decimal(subtotal["amount"])
        assert total["kind"] == "period_total"
        assert _added(lines, "subtotal") == Decimal(total["amount"])
    assert _added(rows, "period_total") == _added(rows, "grand_total")
    assert all(Decimal(row["amount"]) for row in rows if row["kind"] == "rounding")


@OFTEN
@given(ledgers())
def test_parties_sum_to_zero_in_each_period_as_printed(ledger):
    statement = statement_of(ledger)
    balance = statement.balance()
    assert list(balance) == [*statement.parties, SITE]
    for column in zip(*balance.values(), strict=True):
        assert sum(column) == 0
    for received in balance.values():
        assert sum(received[:-1]) == received[-1]


@OFTEN
@given(ledgers())
def test_every_payment_is_its_exact_amount_rounded_once(ledger):
    statement = statement_of(ledger)
    for payment in statement.payments:
        exact = sum(item.entry.amount for item in payment.items)
        assert payment.cents == pytest.approx(100 * exact, abs=0.5 + 1e-5)
    half_a_cent = 0.005 * len(statement.payments) + 1e-6
    assert statement.total_cents / 100 == pytest.approx(ledger.total, abs=half_a_cent)
    exact_of = ledger.by_party()
    for party, received in statement.balance().items():
        assert received[-1] / 100 == pytest.approx(exact_of.get(party, 0.0), abs=half_a_cent)


def test_rounding_has_a_line_only_where_the_lines_do_not_add():
    thirds = Ledger(tuple(entry(amount=1 / 3, band=band) for band in ("peak", "flat", "valley")))
    kinds = [(row["kind"], row["amount"]) for row in _printed(thirds)]
    assert kinds == [
        ("item", "0.33"), ("item", "0.33"), ("item", "0.33"), ("rounding", "0.01"), ("subtotal", "1.00"),
        ("period_total", "1.00"), ("grand_total", "1.00"),
    ]  # fmt: skip
    whole = Ledger((entry(amount=0.5), entry(amount=0.25)))
    assert "rounding" not in [row["kind"] for row in _printed(whole)]


@pytest.mark.parametrize(("amount", "whole"), [(1.005, 101), (-1.005, -101), (0.0049999, 0), (1e15, 10**17)])
def test_half_a_cent_goes_away_from_zero(amount, whole):
    assert cents(amount) == whole


# ------------------------------------------------------------------------------------------- rows


def test_rows_hold_what_the_bill_holds():
    ledger = fake_result().ledger
    rows = _printed(ledger)
    assert list(rows[0]) == COLUMNS
    items = [row for row in rows if row["kind"] == "item"]
    assert len(items) == len(ledger.entries)
    for row in items:
        assert float(row["quantity"]) * float(row["rate"]) == pytest.approx(float(row["amount"]), abs=0.00501)
    first = items[0]
    assert (first["party_name"], first["item"], first["item_chinese"]) == (
        "Grid company 电网企业", "two_part.energy", "电量电费",
    )  # fmt: skip
    assert (first["band"], first["band_name"], first["unit"], first["currency"]) == (
        "valley", "Valley 低谷", "kWh", "CNY",
    )  # fmt: skip


def test_periods_are_in_order_whoever_comes_first():
    ledger = Ledger((entry(period="2027-10"), entry(period="2027-09", payee="grid company"), entry(period="2027-09")))
    statement = statement_of(ledger)
    assert statement.periods == ("2027-09", "2027-10")
    assert [payment.party for payment in statement.of_period("2027-09")] == ["grid company", "market"]


def test_what_the_site_receives_is_negative():
    rows = _printed(Ledger((entry("sale.energy", amount=-12.0), entry("back", payee=SITE, payer="market", amount=3.0))))
    assert [row["amount"] for row in rows] == ["-12.00", "-3.00", "-15.00", "-15.00", "-15.00"]
    assert {row["party"] for row in rows[:3]} == {"market"}


def test_money_as_a_quantity_is_in_the_currency():
    topped_up = Ledger((replace(entry("two_part.minimum_bill"), unit="money"),))
    assert next(iter(statement_rows({"plan": topped_up}, "EUR")))["unit"] == "EUR"


def test_a_site_without_a_bill_owes_nothing():
    assert [(row["kind"], row["amount"]) for row in _printed(Ledger(()))] == [("grand_total", "0.00")]
    assert statement_of(Ledger(())).balance() == {SITE: (0,)}


# ------------------------------------------------------------------------------------------- words

CHINESE = {
    "grid_energy": "电量电费", "line_loss": "上网环节线损费", "transmission": "输配电费",
    "system_operation": "系统运行费", "funds": "政府性基金及附加", "funds_self_use": "自发自用电量基金",
    "basic": "基本电费(容/需量)", "basic_excess": "超需量加收", "basic_band": "需量偏差范围内电费",
    "plant_energy": "绿电直连电费",
    "plant_take_or_pay": "照付不议补差", "plant_cfd": "差价合约", "export": "上网电费",
    "capacity_compensation": "容量补偿电费", "contract_difference": "中长期合约差价",
    "day_ahead_difference": "日前差价", "certificates": "绿证", "certificates_sold": "绿证出售",
    "green_premium": "绿电溢价", "cross_subsidy": "政策性交叉补贴", "over_capacity": "超容费",
    "system_capacity": "系统运行费(容量)", "power_factor": "力调电费",
    "transmission_power_factor": "力调电费(输配电费)",
}  # fmt: skip


@pytest.mark.parametrize(("name", "chinese"), CHINESE.items())
def test_lines_of_a_contract_are_called_as_on_a_bill(name, chinese):
    for written in (name, f"contract.{name}"):
        english, beside = item_words(Line(written, "grid company", Stream.ENERGY))
        assert beside == chinese
        assert english
        assert "_" not in english


@pytest.mark.parametrize(
    ("name", "stream", "words"),
    [
        ("bess.wear", Stream.WEAR, ("Wear of bess", "储能折旧")),
        ("pv.energy", Stream.GENERATION, ("Energy of pv", "发电电费")),
        ("pv.curtailment", Stream.CURTAILMENT, ("Curtailment of pv", "弃电费用")),
        ("hall.dropped", Stream.SERVICE, ("Load dropped of hall", "削减负荷损失")),
        ("peak.held", Stream.RESERVE, ("Power held of peak", "备用容量收益")),
        ("peak.called", Stream.RESERVE, ("Energy called of peak", "调用电量收益")),
        ("shave.response", Stream.RESERVE, ("Demand response of shave", "需求响应收益")),
        ("shave.promise", Stream.RESERVE, ("Response promised of shave", "需求响应容量收益")),
        ("shave.underdelivery", Stream.RESERVE, ("Response not delivered of shave", "需求响应欠响应考核")),
        ("list.discharge", Stream.RESERVE, ("Discharge payment of list", "放电补偿")),
        ("list.charge", Stream.RESERVE, ("Charging payment of list", "充电补偿")),
        ("list.capacity", Stream.RESERVE, ("Capacity payment of list", "容量电价收益")),
        ("two_part.capacity", Stream.FIXED, ("two_part.capacity", "固定费用")),
        ("supply.energy", Stream.ENERGY, ("supply.energy", "电量电费")),
        ("电价.需量", Stream.DEMAND, ("电价.需量", "需量电费")),
        ("sale.export", Stream.EXPORT, ("sale.export", "上网电费")),
        ("contract.nobody_knows_RTU", Stream.FIXED, ("Nobody knows RTU", "固定费用")),
        ("contract.new_power_factor", Stream.DEMAND, ("Power factor: New", "力调电费(需量电费)")),
        ("", Stream.ENERGY, ("", "电量电费")),
        ("...", Stream.ENERGY, ("...", "电量电费")),
    ],
)
def test_a_line_nobody_foresaw_keeps_its_name(name, stream, words):
    assert item_words(Line(name, "x", stream)) == words


def test_every_kind_of_money_has_a_chinese_name():
    assert [stream for stream in Stream if not item_words(Line("my.own", "x", stream))[1]] == []


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ("peak", "Peak 高峰"), ("tip", "Tip 尖峰"), ("flat", "Flat 平段"), ("deep", "Deep valley 深谷"),
        ("deep_valley", "Deep valley 深谷"), ("block 1", "block 1 第1档"), ("2027-07-01", "2027-07-01"),
        ("2027-07-01 block 2", "2027-07-01 block 2 第2档"), ("above", "above 超出"), ("EV_night", "EV_night"),
        ("", ""), ("energy", "energy"),
    ],
)  # fmt: skip
def test_bands_have_chinese_beside_them(band, words):
    assert band_words(band) == words


@pytest.mark.parametrize(
    ("party", "words"),
    [
        ("grid company", "Grid company 电网企业"), ("market", "Market 电力市场/售电公司"),
        ("plant owner", "Plant owner 发电企业"), ("government funds", "Government funds 政府性基金"),
        ("certificate market", "Certificate market 绿证市场"), ("site", "Site 用户(园区)"),
        ("battery wear", "Battery wear, internal 储能折旧(内部)"), ("grid operator", "Grid operator 电网调度机构"),
        ("users of the load", "Users of the load, internal 负荷用户(内部)"), ("Inner Mongolia Power (内蒙古电力)",) * 2,
    ],
)  # fmt: skip
def test_parties_have_chinese_beside_them(party, words):
    assert party_words(party) == words
