import io
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given, settings

from storage_opt.charges.base import SITE
from storage_opt.horizon import Horizon
from storage_opt.ledger.ledger import Ledger
from storage_opt.report.party_words import party_words
from storage_opt.report.sheet import sum_of
from storage_opt.report.statement import statement_of
from storage_opt.report.statement_xlsx import period_spans, statement_xlsx
from tests.support.ledgers import entry, ledgers
from tests.support.results import fake_result, small_site

SUMMARY, BASELINE = "Summary 汇总", "Baseline 基准"


@pytest.fixture(scope="module")
def result():
    """Two months of a bill whose lines don't add to their payments."""
    made = fake_result()
    uneven = tuple(replace(one, amount=one.amount + 0.0033) for one in made.ledger.entries)
    others = tuple(
        entry(f"contract.{name}", payee, 1234.565, period)
        for name, payee in (("funds", "government funds"), ("plant_energy", "plant owner"), ("export", "market"))
        for period in ("2027-06", "2027-07")
    )
    return replace(made, ledger=Ledger((*uneven, *others)))


@pytest.fixture(scope="module")
def content(result):
    return statement_xlsx(result.site, {"plan": result.ledger, "baseline": result.baseline_ledger})


def _book(content, *, values=False):
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def _value(book, sheet, text):
    """A cell's number, its formula worked out from the cells it names."""
    cell = book[sheet][text].value
    if not isinstance(cell, str) or not cell.startswith("="):
        return cell or 0.0
    return _worked_out(book, sheet, cell[1:])


def _worked_out(book, sheet, formula):
    if found := re.fullmatch(r"ROUND\((.*),2\)", formula):
        return round(_worked_out(book, sheet, found[1]), 2)
    if found := re.fullmatch(r"SUM\(([^()]*)\)", formula):
        return sum(_range(book, sheet, part) for part in found[1].split(","))
    if found := re.fullmatch(r"([A-Z]+\d+)-([A-Z]+\d+)", formula):
        return _value(book, sheet, found[1]) - _value(book, sheet, found[2])
    if found := re.fullmatch(r"(-?)'([^']+)'!([A-Z]+\d+)", formula):
        return _value(book, found[2], found[3]) * (-1 if found[1] else 1)
    return float(formula)


def _range(book, sheet, text):
    if ":" not in text:
        return _value(book, sheet, text)
    return sum(_value(book, sheet, cell.coordinate) for row in book[sheet][text] for cell in row)


def _formulas(book):
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "f":
                    yield sheet.title, cell.coordinate


def _labelled(book, sheet, column, start):
    """First row whose cell in a column begins with a text."""
    return next(row for row in book[sheet].iter_rows() if str(row[column].value or "").startswith(start))


def _agrees(content):
    """Every formula, worked out from the cells it names, is the value written with it."""
    book, values = _book(content), _book(content, values=True)
    places = list(_formulas(book))
    for sheet, cell in places:
        assert _value(book, sheet, cell) == pytest.approx(values[sheet][cell].value, abs=1e-6), (sheet, cell)
    return book, values, places


def test_sheets_are_the_summary_the_periods_and_the_baseline(content):
    assert _book(content).sheetnames == [SUMMARY, "2027-06", "2027-07", BASELINE]


def test_formulas_are_live_and_give_the_written_values(content):
    _, _, places = _agrees(content)
    assert len(places) > 40


def test_a_period_is_laid_out_like_a_bill(content, result):
    book, values = _book(content), _book(content, values=True)
    sheet = values["2027-07"]
    assert sheet["A1"].value == "电费结算单 / Electricity statement"
    assert [sheet[f"A{row}"].value for row in range(2, 5)] == [
        "Site 用户: teahouse", "Period 账期: 2027-07-01 to 2027-07-31 (31 days 天)", "Currency 币种: CNY",
    ]  # fmt: skip
    head = [str(cell.value).replace("\n", " ") for cell in sheet[7]]
    assert head == [
        "No. 序号", "Item", "项目", "Party 收款方", "Period 时段", "Quantity 数量", "Unit 单位",
        "Price 单价 [CNY]", "Amount 金额 [CNY]",
    ]  # fmt: skip
    first = [cell.value for cell in sheet[8]]
    entry_of = next(one for one in result.ledger.entries if one.period == "2027-07")
    assert first[:5] == [1, "two_part.energy", "电量电费", "Grid company 电网企业", "Valley 低谷"]
    assert first[5:8] == [pytest.approx(entry_of.quantity), "kWh", pytest.approx(entry_of.rate)]
    assert first[8] == round(entry_of.amount, 2)
    assert str(_labelled(book, "2027-07", 1, "Subtotal 小计: Grid")[8].value).startswith("=SUM(I8:I")
    assert _labelled(values, "2027-07", 1, "Rounding")[8].value != 0
    month = sum(payment.cents for payment in statement_of(result.ledger).of_period("2027-07"))
    assert _labelled(values, "2027-07", 1, "Total of the period")[8].value == month / 100


def test_the_summary_balances_to_the_cent(content, result):
    book, values = _book(content), _book(content, values=True)
    for party, received in statement_of(result.ledger).balance().items():
        row = _labelled(values, SUMMARY, 0, party_words(party))
        assert [cell.value for cell in row[1 : len(received) + 1]] == [whole / 100 for whole in received]
    check = _labelled(book, SUMMARY, 0, "Check")
    assert [str(cell.value)[:11] for cell in check[1:4]] == ["=ROUND(SUM("] * 3
    assert [_value(book, SUMMARY, cell.coordinate) for cell in check[1:4]] == [0.0] * 3


def test_the_baseline_stands_beside_the_plan_line_by_line(content, result):
    values = _book(content, values=True)
    last = _labelled(values, BASELINE, 0, "Total of all periods")
    before, after = statement_of(result.baseline_ledger).total_cents, statement_of(result.ledger).total_cents
    assert [cell.value for cell in last[4:7]] == [before / 100, after / 100, (after - before) / 100]
    demand = _labelled(values, BASELINE, 1, "two_part.demand")
    assert [cell.value for cell in demand[:4]] == ["2027-06", "two_part.demand", "需量电费", "Grid company 电网企业"]
    pays = _labelled(values, SUMMARY, 0, "Site pays")
    assert [cell.value for cell in pays[1:4]] == [before / 100, after / 100, (after - before) / 100]


@settings(max_examples=15, deadline=None)
@given(ledgers(), ledgers())
def test_any_ledger_makes_a_workbook_that_adds_up(plan, baseline):
    site = small_site()
    book, values, _ = _agrees(statement_xlsx(site, {"metered": plan, "baseline": baseline}))
    site_row = _labelled(values, SUMMARY, 0, party_words(SITE))
    assert site_row[len(statement_of(plan).periods) + 1].value == pytest.approx(-statement_of(plan).total_cents / 100)
    checks = _labelled(book, SUMMARY, 0, "Check")
    assert {_value(book, SUMMARY, cell.coordinate) for cell in checks[1:] if cell.value} <= {0.0}


def test_numbers_are_numbers_in_a_readable_sheet(content):
    sheet = _book(content)["2027-07"]
    assert [sheet[f"{column}8"].number_format for column in "FHI"] == ["#,##0.00", "#,##0.0000##", "#,##0.00"]
    assert sheet.freeze_panes == "A8"
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (
        "landscape", 1, 0,
    )  # fmt: skip
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.column_dimensions["D"].width > len("Grid company 电网企业")


def test_the_same_bill_is_the_same_file(content, result):
    again = statement_xlsx(result.site, {"plan": result.ledger, "baseline": result.baseline_ledger})
    assert again == content
    properties = _book(content).properties
    assert properties.created == properties.modified == datetime(2000, 1, 1)


def test_what_a_user_named_is_never_a_formula(result):
    spec = result.site.spec.model_copy(update={"name": "=1+1\x07"})
    site = replace(result.site, spec=spec)
    evil = Ledger((entry("=cmd.x", payee="=HYPERLINK('a')"), entry("+x.y", payee="x" * 300)))
    book = _book(statement_xlsx(site, {"plan": evil}))
    assert book["2027-07"]["A2"].value == "Site 用户: =1+1"
    cells = [cell for cell in book["2027-07"][8] if str(cell.value).startswith("=")]
    assert [(cell.value, cell.data_type) for cell in cells] == [("=cmd.x", "s"), ("=HYPERLINK('a')", "s")]
    row = _labelled(book, "2027-07", 3, "xxx")
    assert book["2027-07"].row_dimensions[row[0].row].height > 90


def test_a_site_without_a_bill_has_a_summary(result):
    book = _book(statement_xlsx(result.site, {"plan": Ledger(()), "baseline": Ledger(())}))
    assert book.sheetnames == [SUMMARY, BASELINE]


def test_spans_say_what_the_horizon_covers():
    cut = Horizon(date(2027, 1, 30), datetime(2027, 3, 2, 12), 60)
    assert period_spans(cut) == {
        "2027-01": "2027-01-30 to 2027-01-31 (2 days 天)",
        "2027-02": "2027-02-01 to 2027-02-28 (28 days 天)",
        "2027-03": "2027-03-01 00:00 to 2027-03-02 12:00",
    }
    spring = Horizon(date(2027, 3, 28), date(2027, 3, 29), 60, "Europe/Berlin")
    assert period_spans(spring) == {"2027-03": "2027-03-28 to 2027-03-28 (1 day 天)"}


def test_sums_of_very_many_cells_stay_within_what_a_function_takes():
    formula = sum_of([f"I{row}" for row in range(1, 451)])
    assert formula.count("SUM(") == 3
    assert formula.count(",") == 447


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_calculates_the_same(content, tmp_path):
    (tmp_path / "statement.xlsx").write_bytes(content)
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "ods"]
    subprocess.run([*command, "--outdir", tmp_path, "statement.xlsx"], cwd=tmp_path, check=True, timeout=120)
    back = [*command[:3], "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", tmp_path / "back", "statement.ods"]
    subprocess.run(back, cwd=tmp_path, check=True, timeout=120)
    calculated = openpyxl.load_workbook(tmp_path / "back" / "statement.xlsx", data_only=True)
    values = _book(content, values=True)
    for sheet, cell in _formulas(_book(content)):
        assert calculated[sheet][cell].value == pytest.approx(values[sheet][cell].value, abs=1e-6)
