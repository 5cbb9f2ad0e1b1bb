"""`summary.json`: the whole answer in one document for machines. Keys are only ever added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from storage_opt.horizon import Horizon
from storage_opt.ledger.ledger import Ledger
from storage_opt.ledger.provenance import Provenance
from storage_opt.model.certificate import Certificate
from storage_opt.report.backup_document import backup_document
from storage_opt.report.compute_document import compute_document, flexibility_document, jobs_document
from storage_opt.report.product_document import products_document, stack_document
from storage_opt.studies.result import DispatchResult

__all__ = ["bill_lines", "green_document", "horizon_document", "line_streams", "party_amounts", "summarise"]


def summarise(result: DispatchResult) -> dict[str, object]:
    """The summary of a dispatch, in the model's units (kW, kWh, money).

    Parameters
    ----------
    result : DispatchResult
        What :func:`~storage_opt.studies.dispatch.optimize` returned.
    """
    site = result.site
    return {
        "site": site.spec.name,
        "status": "optimal" if result.certificate.certified else "not certified",
        "currency": site.spec.currency,
        "horizon": horizon_document(result.schedule.horizon),
        "cost": {
            "baseline": result.baseline_ledger.total,
            "optimized": result.ledger.total,
            "savings": result.savings,
        },
        "bill": bill_lines({"baseline": result.baseline_ledger, "optimized": result.ledger}),
        "parties": party_amounts({"baseline": result.baseline_ledger, "optimized": result.ledger}),
        "value_streams": {str(stream): value for stream, value in result.streams.items()},
        "batteries": {name: asdict(use) for name, use in result.batteries.items()},
        "rules": _rules(result),
        "compliance": asdict(result.compliance) if result.compliance else None,
        "green_energy": green_document(result.provenance),
        "compute": compute_document(result.compute),
        "jobs": jobs_document(result.compute),
        "flexibility": flexibility_document(result.flexibility),
        "products": products_document(result),
        "stack": stack_document(result.stack),
        "backup": backup_document(result.backup),
        "declared": [asdict(quantity) for quantity in result.declared],
        "branches": [asdict(branch) for branch in result.branches],
        "certificate": _certificate(result.certificate),
        "marginals": [asdict(value) for value in result.marginals],
        "timing": asdict(result.timing),
        "notes": list(result.notes),
    }


def green_document(provenance: Provenance | None) -> dict[str, float] | None:
    """Energy of each flow by origin; None without plants. [kWh]"""
    return None if provenance is None else {f"{name}_kwh": value for name, value in provenance.energy_kwh.items()}


def horizon_document(horizon: Horizon) -> dict[str, object]:
    """Span, step and zone of a horizon."""
    return {
        "start": horizon.start_instant.isoformat(),
        "end": horizon.end_instant.isoformat(),
        "zone": horizon.zone,
        "step_minutes": horizon.step_minutes,
        "steps": horizon.steps,
    }


def bill_lines(ledgers: dict[str, Ledger]) -> list[dict[str, object]]:
    """Amount of every line in each ledger, in the order of the charges; a line absent from one is 0 there."""
    sums = {run: ledger.by_line() for run, ledger in ledgers.items()}
    return [
        {"line": line, "stream": stream, **{run: amounts.get(line, 0.0) for run, amounts in sums.items()}}
        for line, stream in line_streams(ledgers.values()).items()
    ]


def party_amounts(ledgers: dict[str, Ledger]) -> list[dict[str, object]]:
    """What every party receives in each ledger, the site included, so that it sums to zero; exact, not in cents."""
    sums = {run: ledger.by_party() for run, ledger in ledgers.items()}
    parties = dict.fromkeys(party for amounts in sums.values() for party in amounts)
    return [{"party": party, **{run: amounts.get(party, 0.0) for run, amounts in sums.items()}} for party in parties]


def line_streams(ledgers: Iterable[Ledger]) -> dict[str, str]:
    """Kind of money of every line that occurs, in the order of the charges."""
    return {entry.line.name: str(entry.line.stream) for ledger in ledgers for entry in ledger.entries}


def _certificate(certificate: Certificate) -> dict[str, object]:
    document = asdict(certificate)
    del document["rules"]  # they stand at the top of the summary
    return {**document, "certified": certificate.certified}


def _rules(result: DispatchResult) -> list[dict[str, object]]:
    """Every contract rule with what the plan and the baseline achieve."""
    baseline = {check.name: check.achieved for check in result.baseline_rules}
    return [asdict(rule) | {"baseline": baseline.get(rule.name)} for rule in result.certificate.rules]
