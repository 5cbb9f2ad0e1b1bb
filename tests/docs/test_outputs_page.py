"""The page of outputs has every key of the summary and every column of the bill and the statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import pytest

import storage_opt
from storage_opt.ledger.provenance import Provenance
from storage_opt.report.bill_table import bill_rows
from storage_opt.report.sizing_document import cash_flow_rows, sizing_document
from storage_opt.report.statement import statement_rows
from storage_opt.report.summary import summarise
from storage_opt.spec.site import SiteSpec
from storage_opt.studies.sizing.study import size
from tests.support.source import DOCS

PAGE = (DOCS / "reference" / "outputs.md").read_text(encoding="utf-8")
FREE = {"value_streams", "batteries", "green_energy", "reserve_kwh", "percentiles_h"}
"""Documents whose keys are names: of streams, of batteries, of the columns of another file; or numbers."""


@pytest.fixture(scope="module")
def result():
    spec = SiteSpec.model_validate(
        {
            "name": "day",
            "horizon": {"start": "2026-01-01", "end": "2026-01-02"},
            "load": {"load": {"power_kw": 100.0}},
            "battery": {"bess": {"energy_kwh": 100, "power_kw": 50}},
            "tariff": {"supply": {"energy": [{"price_per_kwh": [0.2] * 12 + [0.8] * 12}]}},
            "backup": {
                "critical_frac": 0.3,
                "ride_through_h": 0.5,
                "genset": {"power_kw": 30, "fuel_kwh": 60, "start_delay_h": 0.1},
            },
        }
    )
    return storage_opt.optimize(storage_opt.Site(spec, spec.horizon.build()))


def _keys(document: object, above: str = "") -> Iterator[str]:
    if isinstance(document, dict):
        for key, inner in document.items():
            if above not in FREE:
                yield key
            yield from _keys(inner, key)
    elif isinstance(document, list | tuple):
        for inner in document:
            yield from _keys(inner, above)


def test_every_key_of_the_summary_is_on_the_page(result):
    keys = set(_keys(summarise(result)))
    assert {"certificate", "relative_gap", "throughput_kwh"} <= keys
    assert sorted(key for key in keys if f"`{key}`" not in PAGE) == []


def test_every_column_of_the_bill_is_on_the_page(result):
    columns = next(iter(bill_rows({"plan": result.ledger}, "CNY"))).keys()
    assert sorted(column for column in columns if f"`{column}`" not in PAGE) == []


def test_every_column_and_kind_of_row_of_the_statement_is_on_the_page(result):
    rows = list(statement_rows({"plan": result.ledger}, "CNY"))
    names = {*rows[0], *(str(row["kind"]) for row in rows), "rounding"}
    section = PAGE.partition("## statement.csv")[2].partition("\n## ")[0]
    assert sorted(name for name in names if f"`{name}`" not in section) == []


def test_every_column_of_the_green_energy_is_on_the_page():
    names = {field.name for field in fields(Provenance)} - {"horizon", "green_stored_kwh"}
    assert sorted(name for name in names if f"`{name}_kw`" not in PAGE) == []


def test_every_flow_of_the_schedule_is_on_the_page(result):
    assert sorted(flow.kind for flow in result.schedule if f"{flow.kind}`" not in PAGE) == []


@pytest.fixture(scope="module")
def sizing():
    spec = SiteSpec.model_validate(
        {
            "name": "day",
            "horizon": {"start": "2026-01-01", "end": "2026-01-02"},
            "load": {"load": {"power_kw": 100.0}},
            "battery": {"bess": {"energy_kwh": 100, "power_kw": 50}},
            "tariff": {"supply": {"energy": [{"price_per_kwh": [0.2] * 12 + [0.8] * 12}]}},
            "sizing": {"battery": {"bess": {"energy_kwh": {"most": 500}}}},
            "finance": {
                "cost": {"bess": {"capex_per_kwh": 100}},
                "tax": {},
                "debt": {"share_frac": 0.5, "rate_frac": 0.04, "years": 5},
                "sharing": {"years": 15},
            },
        }
    )
    return size(storage_opt.Site(spec, spec.horizon.build()))


def test_every_key_of_a_sizing_is_on_the_page(sizing):
    document = {key: inner for key, inner in sizing_document(sizing).items() if key != "dispatch"}
    document["saving_per_year"] = {}
    section = PAGE.partition("### Of size")[2].partition("\n## ")[0]
    assert sorted(key for key in set(_keys(document)) if f"`{key}`" not in section) == []


def test_every_column_of_the_cash_flow_is_on_the_page(sizing):
    section = PAGE.partition("## cash_flow.csv")[2].partition("\n## ")[0]
    columns = {name.replace(".bess", ".<asset>") for name in cash_flow_rows(sizing.cash_flow)[0]}
    columns = {"savings.<stream>" if name.startswith("savings.") else name for name in columns}
    together = {"capex", "subsidy", "om", "insurance", "land", "replacement", "salvage"}
    assert sorted(name for name in columns - together if f"`{name}`" not in section) == []
