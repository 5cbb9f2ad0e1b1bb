"""What a terminal shows after `optimize`: cost, bill, streams, batteries, rules, proof, limits, time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from storage_opt.charges.base import SITE
from storage_opt.horizon import Horizon
from storage_opt.ledger.ledger import Ledger
from storage_opt.model.certificate import TOLERANCE, Certificate
from storage_opt.report.backup_tables import backup_tables
from storage_opt.report.battery_tables import battery_tables
from storage_opt.report.cents import cents_text
from storage_opt.report.compute_tables import compute_tables, flexibility_tables
from storage_opt.report.contract_tables import compliance_words, declared_words, green_table
from storage_opt.report.layout import Column, bullets, heading, table
from storage_opt.report.marginals import binding_words
from storage_opt.report.numbers import money_scale, significant, tiny
from storage_opt.report.party_words import party_words
from storage_opt.report.product_tables import product_tables
from storage_opt.report.statement import statement_of
from storage_opt.report.summary import line_streams
from storage_opt.report.words import both
from storage_opt.rules.base import RuleCheck
from storage_opt.studies.result import Branch, DispatchResult

__all__ = [
    "bill_table",
    "cost_table",
    "dispatch_tables",
    "party_table",
    "period_table",
    "rule_table",
    "span_words",
    "streams_table",
]


def dispatch_tables(result: DispatchResult) -> Sequence[RenderableType]:
    """Every table of a dispatch, the headline first."""
    currency, certificate = result.site.spec.currency, result.certificate
    state = "certified optimum" if certificate.certified else "NOT CERTIFIED"
    runs = {"baseline": result.baseline_ledger, "optimized": result.ledger}
    shown: list[RenderableType] = [
        heading(f"{result.site.spec.name}: {state}", span_words(result.schedule.horizon)),
        cost_table(runs, currency),
        bill_table(runs, currency),
        party_table(runs, currency),
        streams_table({str(name): value for name, value in result.streams.items()}, currency),
    ]
    shown += _where_there_is(result, currency)
    if certificate.rules:
        shown.append(rule_table(certificate.rules))
    shown.append(_certificate_table(certificate, currency))
    if result.marginals:
        shown.append(bullets(both("marginals"), binding_words(result.marginals, currency)))
    shown.append(_timing_line(result))
    return shown


def _where_there_is(result: DispatchResult, currency: str) -> Sequence[RenderableType]:
    """Tables of what not every site has."""
    shown: list[RenderableType] = []
    if result.compliance is not None:
        shown.append(bullets(both("compliance"), [compliance_words(result.compliance, result.savings, currency)]))
    if result.declared:
        shown.append(bullets(both("declared"), declared_words(result.declared)))
    if result.provenance is not None:
        shown.append(green_table(result.provenance))
    if result.compute is not None:
        shown += compute_tables(result.compute, currency)
    if result.flexibility is not None:
        shown += flexibility_tables(result.flexibility, currency)
    shown += product_tables(result, currency)
    if result.backup is not None:
        shown += backup_tables(result.backup, currency)
    if result.branches:
        shown.append(_branch_table(result.branches, currency))
    if result.batteries:
        shown += battery_tables(result)
    return shown


def span_words(horizon: Horizon) -> str:
    """The horizon in one line."""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (horizon.start_instant, horizon.end_instant))
    return f"{start} to {end} {horizon.zone}, {horizon.steps:,} steps of {horizon.step_minutes} min"


def cost_table(runs: dict[str, Ledger], currency: str) -> RenderableType:
    """The cost of the first run and the second, and what the second saves."""
    (first, before), (second, after) = ((name, ledger.total) for name, ledger in runs.items())
    scale = money_scale((before, after), currency)
    saved = before - after
    share = f"{saved / abs(before):.1%}" if before else ""
    rows = [(both(first), scale.text(before), ""), (both(second), scale.text(after), "")]
    columns: list[Column] = [("", "left"), (currency, "right"), ("share", "right")]
    return table(both("cost"), columns, rows, (both("savings"), scale.text(saved), share))


def bill_table(runs: dict[str, Ledger], currency: str) -> RenderableType:
    """Both runs line by line."""
    first, second = runs
    sums = {name: ledger.by_line() for name, ledger in runs.items()}
    scale = money_scale((amount for amounts in sums.values() for amount in amounts.values()), currency)
    rows = []
    for line, stream in line_streams(runs.values()).items():
        before, after = sums[first].get(line, 0.0), sums[second].get(line, 0.0)
        rows.append((line, both(stream), scale.text(before), scale.text(after), scale.text(after - before)))
    totals = [ledger.total for ledger in runs.values()]
    footer = (both("total"), "", *map(scale.text, totals), scale.text(totals[1] - totals[0]))
    columns: list[Column] = [(both("line"), "left"), (both("kind"), "left")]
    columns += [(f"{both(name)} [{currency}]", "right") for name in (first, second, "change")]
    return table(both("bill"), columns, rows, footer)


def party_table(runs: dict[str, Ledger], currency: str) -> RenderableType:
    """What each party receives in both runs, in cents: so the rows add to what the site pays."""
    before, after = ({party: row[-1] for party, row in statement_of(run).balance().items()} for run in runs.values())
    pairs = {party: (before.get(party, 0), after.get(party, 0)) for party in (*before, *after)}
    site_gets = pairs.pop(SITE)

    def cells(first: int, second: int) -> list[str]:
        return [cents_text(whole, ",") for whole in (first, second, second - first)]

    columns: list[Column] = [(both("party"), "left")]
    columns += [(f"{both(name)} [{currency}]", "right") for name in (*runs, "change")]
    rows = [(party_words(party), *cells(*pair)) for party, pair in pairs.items()]
    footer = (both("site_pays"), *cells(-site_gets[0], -site_gets[1]))
    return table(both("parties"), columns, rows, footer)


def period_table(runs: dict[str, Ledger], currency: str) -> RenderableType:
    """Both runs by billing period."""
    first, second = (ledger.by_period() for ledger in runs.values())
    scale = money_scale((*first.values(), *second.values()), currency)
    periods = sorted({*first, *second})
    pairs = [(first.get(period, 0.0), second.get(period, 0.0)) for period in periods]
    rows = [
        (period, scale.text(before), scale.text(after), scale.text(after - before))
        for period, (before, after) in zip(periods, pairs, strict=True)
    ]
    columns: list[Column] = [(both("period"), "left")]
    columns += [(f"{both(name)} [{currency}]", "right") for name in (*runs, "change")]
    return table(both("periods"), columns, rows)


def streams_table(streams: dict[str, float], currency: str) -> RenderableType:
    """Where the savings come from; the parts sum to the whole."""
    scale = money_scale(streams.values(), currency)
    rows = [(both(name), scale.text(value)) for name, value in streams.items()]
    columns: list[Column] = [("", "left"), (f"{both('savings')} [{currency}]", "right")]
    return table(both("streams"), columns, rows, (both("total"), scale.text(sum(streams.values()))))


def _branch_table(branches: Sequence[Branch], currency: str) -> RenderableType:
    scale = money_scale([branch.cost for branch in branches if branch.cost is not None], currency)
    rows = [
        (
            branch.name,
            "-" if branch.cost is None else scale.text(branch.cost),
            branch.state,
            "chosen" if branch.chosen else "",
        )
        for branch in branches
    ]
    columns: list[Column] = [("", "left"), (f"Cost 费用 [{scale.unit}]", "right"), ("State 状态", "left"), ("", "left")]
    return table(both("branches"), columns, rows)


def rule_table(rules: Sequence[RuleCheck], title: str = both("rules")) -> RenderableType:
    """Contract rules with required and achieved value."""
    rows = [
        (
            rule.words,
            f"{rule.sense} {_ruled(rule.required, rule.unit)}".strip(),
            _ruled(rule.achieved, rule.unit),
            "kept" if rule.ok else "BROKEN",
        )
        for rule in rules
    ]
    columns: list[Column] = [("", "left"), ("Required 要求", "right"), ("Achieved 实际", "right"), ("", "left")]
    return table(title, columns, rows)


def _ruled(value: float, unit: str) -> str:
    return f"{value:.2%}" if unit in {"1", "frac"} else f"{significant(value)} {unit}"


def _certificate_table(certificate: Certificate, currency: str) -> RenderableType:
    limit = f"<= {TOLERANCE:.0e}"
    rows = [
        ("Primal residual 原始残差", tiny(certificate.primal_residual), limit),
        ("Dual residual 对偶残差", tiny(certificate.dual_residual), limit),
        ("Relative gap 相对对偶间隙", tiny(certificate.relative_gap), limit),
        ("Opposite flows at once 同时充放 [kWh]", tiny(certificate.simultaneous_kwh), "= 0"),
        ("Ledger mismatch, relative 账单偏差", tiny(certificate.ledger_mismatch_relative), limit),
    ]
    columns: list[Column] = [(f"Solver {certificate.solver}", "left"), ("Found", "right"), ("Admitted", "right")]
    note, repair = "", certificate.repair
    if repair:
        where = "everywhere" if repair.everywhere else f"in {repair.intervals:,} places"
        if not repair.intervals:
            where = "by the larger of each pair"
        rounds = f", {repair.rounds} round{'' if repair.rounds == 1 else 's'}" if repair.rounds else ""
        windows = f" of {repair.windows:,} window{'' if repair.windows == 1 else 's'}" if repair.windows else ""
        note = f"opposite flows forbidden {where}{windows}{rounds}, at a cost of {significant(repair.cost)} {currency}"
    return table(both("certificate"), columns, rows, note=note)


def _timing_line(result: DispatchResult) -> RenderableType:
    timing = result.timing
    stages = (
        ("read", timing.read_s),
        ("build", timing.build_s),
        ("compile", timing.compile_s),
        ("solve", timing.solve_s),
        ("settle", timing.settle_s),
    )
    parts = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in stages)
    return bullets(both("timing"), [f"{timing.total_s:.2f} s in all: {parts}"])
