"""The workbook of a project, recalculated by an independent program."""

import io
import shutil
import subprocess

import numpy as np
import openpyxl
import pytest

from storage_opt.charges.base import Stream
from storage_opt.finance.cash_flow import cash_flow
from storage_opt.finance.measures import irr, npv
from storage_opt.finance.project import AssetSize
from storage_opt.report.finance_xlsx import finance_xlsx
from tests.support.projects import BESS, KINDS, finance, project

CENT = 0.005


def _content(flow):
    return finance_xlsx(flow, "teahouse", "CNY")


def _row(sheet, label):
    return next(row for row in sheet.iter_rows() if row[0].value == label)


def _flows():
    flows = {kind.replace(",", "").replace(" ", "_"): cash_flow(project(finance(kind))) for kind in KINDS}
    spec = finance("holiday and carrying")
    replaced = {"bess": np.where(np.arange(15) == 10, 90_000.0, 0.0)}
    flows["replacements_told"] = cash_flow(project(spec, replacements=replaced, augmentation=None))
    lasting = {"cost": {"bess": {"capex_per_kwh": 800.0}}}
    flows["never_paid_back"] = cash_flow(project(finance("level", **lasting), savings={}, throughput_kwh=None))
    ends_dear = np.where(np.arange(15) == 14, -1_300_000.0, np.where(np.arange(15) == 7, 2_500_000.0, 0.0))
    flows["two_rates"] = cash_flow(
        project(finance(cost={"bess": {"capex": 1e6}}), savings={Stream.FIXED: ends_dear}, augmentation=None)
    )
    assets = {"电池-1": BESS, "project": {"capex_per_kw": 40.0, "life_years": 2}, "grid": {"capex_per_kva": 300.0}}
    several = finance("shared, taxed, borrowed", discount_rate_frac=0.0, cost=assets)
    flows["several_assets"] = cash_flow(project(several, sizes=dict.fromkeys(assets, AssetSize(50.0, 90.0, 70.0))))
    return flows


CHANGED = {
    "Discount rate": 0.08,
    "Inflation": 0.03,
    "Yearly rise of savings: Energy charge": -0.01,
    "New energy capacity: bess": 900.0,
    "Investment for each kWh: bess": 750.0,
    "Life: bess": 5.0,
    "Yearly change of the price of replacements: bess": 0.01,
    "VAT rate": 0.09,
    "Income tax rate": 0.2,
    "Years without income tax": 2.0,
    "Years of depreciation": 6.0,
    "Years in which losses can be used": 3.0,
    "Interest rate": 0.05,
    "Years of the loan": 8.0,
    "Years of interest only": 2.0,
    "Share of savings of the investor": 0.8,
    "Years of the contract": 9.0,
}
"""Assumptions that an analyst changes in the workbook of a project."""


def _changed_flow():
    """What the library says of the same changes."""
    bess = BESS | {"capex_per_kwh": 750.0, "life_years": 5, "replacement_price_frac_per_year": 0.01}
    tax = {
        "vat_frac": 0.09,
        "income_tax_frac": 0.2,
        "exempt_years": 2,
        "depreciation_years": 6,
        "carry_forward_years": 3,
    }
    spec = finance(
        "shared, taxed, borrowed",
        discount_rate_frac=0.08,
        inflation_frac=0.03,
        escalation_frac={"energy": -0.01},
        cost={"bess": bess},
        tax=tax,
        debt={"share_frac": 0.7, "rate_frac": 0.05, "years": 8, "grace_years": 2},
        sharing={"investor_frac": 0.8, "years": 9, "om_payer": "host"},
    )
    return cash_flow(project(spec, sizes={"bess": AssetSize(500.0, 900.0)}))


def _with_changes(content):
    book = openpyxl.load_workbook(io.BytesIO(content))
    for label, value in CHANGED.items():
        _row(book["Assumptions 假设"], label)[3].value = value
    return book


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory):
    """For each flow its workbook with formulas, with our values, and as LibreOffice calculates it from formulas alone.

    `changed` is the workbook of one project in which assumptions were changed, against the values of the other project.
    """
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("finance")
    contents = {name: _content(flow) for name, flow in _flows().items()}
    for name, content in contents.items():
        # openpyxl writes formulas without the values that we gave them, so nothing can be read back uncalculated
        openpyxl.load_workbook(io.BytesIO(content)).save(folder / f"{name}.xlsx")
    _with_changes(contents["shared_taxed_borrowed"]).save(folder / "changed.xlsx")
    contents["changed"] = _content(_changed_flow())
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to"]
    files = [folder / f"{name}.xlsx" for name in contents]
    subprocess.run(
        [*command, "xlsx:Calc MS Excel 2007 XML", "--outdir", folder / "back", *files], check=True, timeout=300
    )
    return {
        name: (
            openpyxl.load_workbook(io.BytesIO(content)),
            openpyxl.load_workbook(io.BytesIO(content), data_only=True),
            openpyxl.load_workbook(folder / "back" / f"{name}.xlsx", data_only=True),
        )
        for name, content in contents.items()
    }


def _formulas(book):
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate


@pytest.mark.parametrize("name", [*_flows(), "changed"])
def test_libreoffice_calculates_every_cell_to_the_cent(recalculated, name):
    book, written, calculated = recalculated[name]
    cells = list(_formulas(book))
    assert len(cells) > 300
    wrong = []
    for sheet, cell in cells:
        ours, theirs = written[sheet][cell].value, calculated[sheet][cell].value
        if ours is None:
            if theirs not in {None, "", "not paid back 未回收"}:
                wrong.append((sheet, cell, ours, theirs))
        elif not isinstance(theirs, int | float) or abs(ours - theirs) > (CENT if abs(ours) > 10 else 1e-6):
            wrong.append((sheet, cell, ours, theirs, book[sheet][cell].value))
    assert wrong == []


def test_every_row_of_the_cash_flow_is_there():
    flow = cash_flow(project(finance("holiday and carrying")))
    values = openpyxl.load_workbook(io.BytesIO(_content(flow)), data_only=True)
    assert values.sheetnames == ["Assumptions 假设", "Cash flow 现金流", "Measures 指标"]
    columns = np.array(
        [[cell.value for cell in row[3:]] for row in values["Cash flow 现金流"].iter_rows(min_row=6)], dtype=object
    )
    numbers = [row.astype(float) for row in columns if all(isinstance(value, int | float) for value in row)]
    for name, row in {**flow.details, **flow.whole}.items():
        assert any(np.allclose(row, written, rtol=0, atol=1e-6) for written in numbers), name
    measures = values["Measures 指标"]
    assert _row(measures, "Net present value")[3].value == pytest.approx(npv(0.06, flow.pre_tax))
    assert _row(measures, "Internal rate of return")[3].value == pytest.approx(irr(flow.pre_tax).rate)


def test_sheets_are_what_the_project_has():
    sheets = openpyxl.load_workbook(io.BytesIO(_content(_flows()["shared_taxed_borrowed"]))).sheetnames
    assert sheets == ["Assumptions 假设", "Cash flow 现金流", "Debt 债务", "Parties 各方", "Measures 指标"]


@pytest.mark.parametrize(
    ("name", "rate", "payback"),
    [("never_paid_back", "无解 none: no rate", "not paid back 未回收"), ("two_rates", "多解 several: ", 7.4)],
)
def test_no_number_stands_where_no_single_rate_is(recalculated, name, rate, payback):
    book, _, calculated = recalculated[name]
    shown = _row(book["Measures 指标"], "Internal rate of return")[3]
    assert shown.data_type == "s"
    assert shown.value.startswith(rate)
    assert _row(calculated["Measures 指标"], "Payback")[3].value == payback


def test_the_same_project_is_the_same_file():
    flow = cash_flow(project(finance("level")))
    assert _content(flow) == _content(cash_flow(project(finance("level"))))
