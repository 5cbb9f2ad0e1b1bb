import json
import math
from dataclasses import replace

import pytest

from storage_opt.model.certificate import Certificate
from storage_opt.report.summary import summarise
from storage_opt.report.view import as_csv, as_json
from tests.support.results import fake_result

KEYS = {
    "": {
        "site", "status", "currency", "horizon", "cost", "bill", "value_streams", "batteries", "rules", "certificate",
        "marginals", "timing", "notes", "parties",
    },
    "horizon": {"start", "end", "zone", "step_minutes", "steps"},
    "cost": {"baseline", "optimized", "savings"},
    "certificate": {
        "solver", "primal_residual", "dual_residual", "relative_gap", "simultaneous_kwh", "ledger_mismatch_relative",
        "certified", "attempts", "repair",
    },
    "timing": {"read_s", "build_s", "compile_s", "solve_s", "settle_s", "total_s"},
}  # fmt: skip
"""Keys of the summary; others read them, so keys may be added here and never taken away."""


@pytest.fixture(scope="module")
def summary():
    return json.loads(as_json(summarise(fake_result())))


@pytest.mark.parametrize("part", KEYS)
def test_keys_are_only_ever_added(summary, part):
    assert KEYS[part] <= set(summary[part] if part else summary)


def test_bill_lines_sum_to_the_cost(summary):
    for run in ("baseline", "optimized"):
        assert sum(line[run] for line in summary["bill"]) == pytest.approx(summary["cost"][run], rel=1e-12)
    assert summary["cost"]["savings"] == pytest.approx(summary["cost"]["baseline"] - summary["cost"]["optimized"])
    assert sum(summary["value_streams"].values()) == pytest.approx(summary["cost"]["savings"])


def test_parties_sum_to_zero_and_the_site_pays_the_cost(summary):
    for run in ("baseline", "optimized"):
        received = {party["party"]: party[run] for party in summary["parties"]}
        assert list(received) == ["grid company", "site"]
        assert sum(received.values()) == pytest.approx(0.0, abs=1e-6)
        assert received["site"] == pytest.approx(-summary["cost"][run])


def test_lists_hold_what_design_names(summary):
    assert [set(line) for line in summary["bill"]] == [{"line", "stream", "baseline", "optimized"}] * 3
    assert set(summary["rules"][0]) >= {"name", "required", "achieved", "ok"}
    assert set(summary["batteries"]["bess"]) >= {"throughput_kwh", "equivalent_cycles"}
    assert summary["certificate"]["attempts"] == [{"solver": "PIQP", "status": "optimal", "seconds": 0.21}]
    assert summary["certificate"]["repair"]["intervals"] == 12
    assert summary["horizon"]["start"] == "2027-06-01T00:00:00+08:00"


def test_an_answer_that_is_not_certified_is_not_called_optimal(summary):
    assert summary["status"] == "optimal"
    loose = Certificate("ECOS", 1e-3, 0.0, 0.0, 0.0, 0.0)
    assert summarise(replace(fake_result(), certificate=loose))["status"] == "not certified"


def test_a_line_that_only_one_run_has_is_zero_in_the_other():
    result = fake_result()
    without = replace(result.ledger, entries=tuple(e for e in result.ledger.entries if e.line.name != "sale.energy"))
    bill = summarise(replace(result, ledger=without))["bill"]
    assert isinstance(bill, list)
    assert [line["optimized"] for line in bill if line["line"] == "sale.energy"] == [0.0]


def test_json_holds_no_nan_and_keeps_chinese():
    assert json.loads(as_json({"a": [math.inf, (math.nan, 1.5)], "名": "电"})) == {"a": [None, [None, 1.5]], "名": "电"}
    assert "电" in as_json({"a": "电"})


def test_csv_quotes_what_needs_it():
    assert as_csv([{"a": 1.5, "b": 'x, "y"'}, {"a": 0.1, "b": ""}]) == 'a,b\n1.5,"x, ""y"""\n0.1,\n'
    assert as_csv([]) == ""
