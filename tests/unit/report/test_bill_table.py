import io

import pandas as pd
import pytest

from storage_opt.report.bill_table import bill_frame, bill_rows
from storage_opt.report.view import as_csv
from tests.support.results import fake_result

COLUMNS = [
    "run", "line", "stream", "period", "band", "quantity", "unit", "rate", "amount", "currency", "payer", "payee",
]  # fmt: skip


@pytest.fixture(scope="module")
def result():
    return fake_result()


def test_every_amount_is_quantity_times_rate(result):
    frame = bill_frame({"plan": result.ledger, "baseline": result.baseline_ledger}, "CNY")
    assert list(frame.columns) == COLUMNS
    amounts = (frame["quantity"] * frame["rate"]).to_list()
    assert amounts == pytest.approx(frame["amount"].to_list(), rel=1e-12)
    totals = frame.groupby("run")["amount"].sum()
    assert totals["plan"] == pytest.approx(result.ledger.total)
    assert totals["baseline"] == pytest.approx(result.baseline_ledger.total)


def test_csv_carries_every_digit(result):
    text = as_csv(bill_rows({"plan": result.ledger}, "EUR"))
    frame = pd.read_csv(io.StringIO(text), keep_default_na=False)
    assert list(frame["amount"]) == [entry.amount for entry in result.ledger.entries]
    assert set(frame["currency"]) == {"EUR"}
    assert set(frame.query("line == 'two_part.energy'")["band"]) == {"valley", "flat", "peak"}
