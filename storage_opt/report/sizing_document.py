"""The answer of a sizing as a document: what is built, what it earns, and the proof."""

from __future__ import annotations

import math
from dataclasses import asdict

from storage_opt.finance.cash_flow import CashFlow
from storage_opt.finance.measures import (
    discounted_payback,
    dscr,
    irr,
    lcos,
    mirr,
    npv,
    profitability_index,
    roi,
    simple_payback,
)
from storage_opt.finance.project import Row
from storage_opt.report.explored import explored_document
from storage_opt.report.summary import summarise
from storage_opt.studies.life_result import LifeResult
from storage_opt.studies.sizing.exploring import Explored
from storage_opt.studies.sizing.result import BuiltSize, SizingResult

__all__ = ["cash_flow_rows", "finance_document", "sizing_document"]


def sizing_document(result: SizingResult, more: Explored | None = None) -> dict[str, object]:
    """What `summary.json` of `storage-opt size` holds, in the model's units (kW, kWh, kVA, money).

    Parameters
    ----------
    result : SizingResult
        What :func:`~storage_opt.studies.sizing.study.size` returned.
    more : Explored or None
        What was asked beside it.
    """
    certificate = result.certificate
    return {
        "site": result.site.spec.name,
        "status": "optimal" if certificate.certified else "not certified",
        "currency": result.site.spec.currency,
        "sizes": [size_document(built) for built in result.sizes],
        "limits": [asdict(limit) for limit in result.limits],
        "bill_before_per_year": result.bill_before_per_year,
        "saving_per_year": {str(stream): amount for stream, amount in result.saving_per_year.items()},
        "cash_saving_per_year": result.cash_saving_per_year,
        "finance": finance_document(result.cash_flow),
        "certificate": {
            "cost": certificate.cost,
            "bound": certificate.bound,
            "relative_gap": certificate.relative_gap,
            "solves": certificate.solves,
            "certified": certificate.certified,
        },
        "timing": asdict(result.timing),
        "notes": list(result.notes),
        "explored": explored_document(more, result.site.spec.currency),
        "life": life_document(result.life),
        "dispatch": summarise(result.dispatch),
    }


def life_document(life: LifeResult | None) -> dict[str, object] | None:
    """What becomes of the batteries year by year; None where nothing ages."""
    if life is None:
        return None
    return {
        "dispatched_years": list(life.dispatched_years),
        "interpolation_error_relative": life.interpolation_error_relative,
        "converged": life.converged,
        "batteries": {
            name: {
                "mean_energy_kwh": battery.energy_kwh.tolist(),
                "round_trip_efficiency": battery.efficiency.tolist(),
                "new_cells_kwh": (battery.augmented_kwh + battery.replaced_kwh).tolist(),
                "end_of_life_year": battery.end_of_life_year,
            }
            for name, battery in life.batteries.items()
        },
    }


def size_document(built: BuiltSize) -> dict[str, object]:
    """One size: its value, range, price and worth."""
    range_ = built.size.range
    return {
        "name": built.size.name,
        "value": built.value,
        "unit": str(built.size.kind),
        "existing": range_.existing,
        "least": range_.lowest,
        "most": range_.highest,
        "at_end": built.at_end,
        "capex": built.capex,
        "cost_per_year": built.cost_per_year,
        "worth_per_unit_year": built.worth_per_unit_year,
    }


def finance_document(flow: CashFlow) -> dict[str, object]:
    """Measures of the project, of the owner after the loan, and of each party; None where there is none."""
    rate = flow.project.spec.discount_rate_frac
    judged = {"pre_tax": flow.pre_tax, "after_tax": flow.after_tax}
    if flow.debt:
        judged["equity"] = flow.equity_cash
    if len(flow.parties) > 1:
        judged |= {party: book["after_tax"] for party, book in flow.parties.items()}
    cover = dscr(flow)
    return {
        "years": flow.project.spec.years,
        "discount_rate_frac": rate,
        **{name: _measures(cash, rate) for name, cash in judged.items()},
        "lcos_per_kwh": lcos(flow),
        "dscr_least": cover.least,
        "dscr_average": cover.average,
    }


def _measures(cash: Row, rate: float) -> dict[str, object]:
    found = irr(cash)
    return {
        "npv": npv(rate, cash),
        "irr": found.rate,
        "irr_words": found.reason,
        "mirr": mirr(cash, rate, rate),
        "simple_payback_years": simple_payback(cash),
        "discounted_payback_years": discounted_payback(cash, rate),
        "profitability_index": profitability_index(cash, rate),
        "roi": roi(cash),
    }


def cash_flow_rows(flow: CashFlow) -> list[dict[str, object]]:
    """One row a year: every line before tax, then taxes, loan and what is left."""
    rows = dict(flow.details)
    rows |= {name: row for name, row in flow.whole.items() if name not in rows}
    rows |= {f"debt.{name}": row for name, row in flow.debt.items()}
    rows["equity.cash"] = flow.equity_cash
    if len(flow.parties) > 1:
        rows |= {f"{party}.after_tax": book["after_tax"] for party, book in flow.parties.items()}
    count = flow.project.spec.years + 1
    return [{"year": year, **{name: _told(row[year]) for name, row in rows.items()}} for year in range(count)]


def _told(amount: float) -> float | None:
    """An amount, never a minus before zero; nothing where there is none, as of a ratio without a loan."""
    return float(amount) + 0.0 if math.isfinite(amount) else None
