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
from storage_opt.report.finance_xlsx import finance_xlsx
from tests.support.projects import KINDS, finance, project

CENT = 0.005


def _content(flow):
    return finance_xlsx(flow, "teahouse", "CNY")


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
    return flows


@pytest.fixture(scope="module")
def recalculated(tmp_path_factory):
    """For each flow its workbook as written, with formulas, and as LibreOffice calculates it from formulas alone."""
    if shutil.which("soffice") is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("finance")
    contents = {name: _content(flow) for name, flow in _flows().items()}
    for name, content in contents.items():
        # openpyxl writes formulas without the values that we gave them, so nothing can be read back uncalculated
        openpyxl.load_workbook(io.BytesIO(content)).save(folder / f"{name}.xlsx")
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


@pytest.mark.parametrize("name", list(_flows()))
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


def _row(sheet, label):
    return next(row for row in sheet.iter_rows() if row[0].value == label)


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
