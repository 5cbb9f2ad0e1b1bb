"""A sizing for several years as a document and as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from storage_opt.report.view import Document, Row

if TYPE_CHECKING:
    from storage_opt.studies.sizing.scenario_result import Candidate, ScenarioOutcome, ScenarioSizing

__all__ = ["scenario_document", "scenario_rows"]


def scenario_document(result: ScenarioSizing) -> Document:
    """What JSON holds: sizes, years, other choices, what choosing for all is worth, the proof."""
    certificate = result.certificate
    return {
        "site": result.site.spec.name,
        "currency": result.site.spec.currency,
        "status": "certified" if certificate.certified else "not certified",
        "sizes": [
            {
                "name": built.size.name,
                "value": built.value,
                "unit": str(built.size.kind),
                "capex": built.capex,
                "cost_per_year": built.cost_per_year,
                "worth_per_unit_year": built.worth_per_unit_year,
            }
            for built in result.sizes
        ],
        "risk": {"cvar_level_frac": result.risk.level_frac, "cvar_weight_frac": result.risk.weight_frac},
        "expected_npv": result.expected_npv,
        "expected_npv_out_of_sample": result.expected_npv_outside,
        "expected_cost_per_year": result.expected_cost_per_year,
        "cvar_per_year": result.cvar_per_year,
        "vss_per_year": result.vss_per_year,
        "evpi_per_year": result.evpi_per_year,
        "over_best_single_per_year": result.over_best_single_per_year,
        "worth_of_saving": result.worth_of_saving,
        "scenarios": [_outcome(outcome) for outcome in result.outcomes],
        "candidates": [_candidate(candidate, result) for candidate in result.candidates],
        "certificate": {
            "cost": certificate.cost,
            "bound": certificate.bound,
            "relative_gap": certificate.relative_gap,
            "dispatch_certified": certificate.dispatch_certified,
            "certified": certificate.certified,
            "solves": certificate.solves,
        },
        "timing": {
            "compile_s": result.timing.compile_s,
            "solve_s": result.timing.solve_s,
            "dispatch_s": result.timing.dispatch_s,
            "total_s": result.timing.total_s,
        },
        "notes": list(result.notes),
    }


def scenario_rows(result: ScenarioSizing) -> Iterator[Row]:
    """What CSV holds: a row a year."""
    for outcome in result.outcomes:
        yield _outcome(outcome)


def _outcome(outcome: ScenarioOutcome) -> dict[str, object]:
    return {
        "scenario": outcome.name,
        "probability": outcome.weight,
        "out_of_sample": outcome.out_of_sample,
        "bill_before_per_year": outcome.bill_before_per_year,
        "bill_per_year": outcome.bill_per_year,
        "cost_per_year": outcome.cost_per_year,
        "npv": outcome.npv,
        "certified": outcome.dispatch is not None and outcome.dispatch.certificate.certified,
    }


def _candidate(candidate: Candidate, result: ScenarioSizing) -> dict[str, object]:
    names = [outcome.name for outcome in result.outcomes]
    return {
        "name": candidate.name,
        "sizes": dict(zip([built.size.name for built in result.sizes], candidate.values.tolist(), strict=True)),
        "objective_per_year": candidate.objective_per_year,
        "cost_per_year": dict(zip(names, candidate.costs_per_year.tolist(), strict=True)),
        "regret_per_year": dict(zip(names, result.regret_per_year(candidate).tolist(), strict=True)),
    }
