"""The month computed by hand: every table of the page is worked out, and every amount is the ledger's, to the cent."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import storage_opt
from storage_opt.ledger.ledger import Ledger
from storage_opt.lowering.contract.rules import lower_rules
from storage_opt.schedule import GRID, Flow, FlowKind, Schedule
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from tests.support import markdown
from tests.support.source import DOCS

PAGE = DOCS / "explanation" / "worked-month.md"
REGIMES = {"V2": "direct_single_capacity", "V3": "direct_two_part"}
KINDS = ("load", "available", "used", "charge", "discharge", "export", "import")

Table = tuple[list[str], list[list[str]]]


def _tables() -> list[Table]:
    """Header and rows of every table outside code."""
    text = re.sub(r"^```.*?^```", "", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found: list[Table] = []
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()]
        found.append((lines[0], lines[2:]))
    return found


def _table(first: str) -> list[list[str]]:
    """Rows of the one table whose first header is as given."""
    (rows,) = [rows for header, rows in TABLES if header[0] == first]
    return rows


def _number(cell: str) -> float:
    return float(cell.replace(",", "").replace("−", "-"))


def _worked_out(cell: str) -> float:
    """Value of a calculation as it is printed: thousands with commas, arguments apart with semicolons."""
    plain = cell.replace(",", "").replace(";", ",").replace("×", "*").replace("−", "-")
    assert re.fullmatch(r"[0-9 .,()*/+\-]+", plain.replace("max", "")), cell
    return float(eval(plain, {"__builtins__": {}, "max": max}))


def _key(cell: str) -> str:
    """The name in backquotes that a row begins with; empty when it has none."""
    named = re.match(r"`([\w.]+)`", cell)
    return named[1] if named else ""


TABLES = _tables()
BY_HAND = [
    (f"{header[0]}: {row[0]}", row[column], row[column + 1])
    for header, rows in TABLES
    for column, title in enumerate(header)
    if title.endswith("by hand")
    for row in rows
]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Site]:
    """The site of the page under both regimes."""
    (block,) = [b for b in markdown.blocks(PAGE) if b.marker == "file"]
    found = {}
    for name, regime in REGIMES.items():
        folder: Path = tmp_path_factory.mktemp(name)
        text = block.text.replace(REGIMES["V2"], regime)
        (folder / "site.toml").write_text(text, encoding="utf-8")
        found[name] = storage_opt.load_site(folder)
    return found


@pytest.fixture(scope="module")
def schedule(sites: dict[str, Site]) -> Schedule:
    """The month as the first table of the page has it, MW to kW."""
    day = np.full((24, len(KINDS)), np.nan)
    for hours, *powers in _table("hours"):
        start, end = (int(part) for part in hours.split("–"))
        day[start:end] = [1e3 * _number(power) for power in powers]
    assert not np.isnan(day).any()
    flow = dict(zip(KINDS, np.tile(day, (30, 1)).T, strict=True))
    battery = np.cumsum(0.96 * flow["charge"] - flow["discharge"] / 0.9375)
    return Schedule(
        sites["V2"].horizon,
        {
            Flow(GRID, FlowKind.IMPORT_KW): flow["import"],
            Flow(GRID, FlowKind.EXPORT_KW): flow["export"],
            Flow("park", FlowKind.LOAD_KW): flow["load"],
            Flow("wind", FlowKind.AVAILABLE_KW): flow["available"],
            Flow("wind", FlowKind.USED_KW): flow["used"],
            Flow("wind", FlowKind.CURTAILED_KW): flow["available"] - flow["used"],
            Flow("bess", FlowKind.CHARGE_KW): flow["charge"],
            Flow("bess", FlowKind.DISCHARGE_KW): flow["discharge"],
            Flow("bess", FlowKind.ENERGY_KWH): battery,
        },
    )


@pytest.fixture(scope="module")
def bills(sites: dict[str, Site], schedule: Schedule) -> dict[str, Ledger]:
    return {name: storage_opt.bill(site, schedule) for name, site in sites.items()}


def _changed(site: Site, **supply: Any) -> Site:
    """The site with other terms of supply."""
    described = site.spec.model_dump()
    described["contract"]["supply"] |= supply
    spec = SiteSpec.model_validate(described)
    return replace(site, spec=spec)


def _cents(amount: float) -> str:
    return f"{amount:.2f}"


def _lines_of(name: str) -> dict[str, str]:
    """Line and amount, in cents, of everything the page writes for a regime."""
    rows = [row for header, table in TABLES for row in table if header[0] in {"line", f"{name} line"}]
    lines = {_key(row[0]): _cents(_number(row[3])) for row in rows}
    assert len(lines) == len(rows)
    return lines


@pytest.mark.parametrize(("calculation", "shown"), [case[1:] for case in BY_HAND], ids=[case[0] for case in BY_HAND])
def test_calculation_gives_what_is_written(calculation: str, shown: str) -> None:
    decimals = len(shown.partition(".")[2])
    assert round(_worked_out(calculation), decimals) == _number(shown)


@pytest.mark.parametrize("name", REGIMES)
def test_every_line_is_the_ledgers_to_the_cent(name: str, bills: dict[str, Ledger]) -> None:
    settled = {line.removeprefix("contract."): _cents(amount) for line, amount in bills[name].by_line().items()}
    assert _lines_of(name) == settled
    assert len(settled) == 17


def test_totals(bills: dict[str, Ledger]) -> None:
    rows = {row[0]: row[2] for row in _table("")}
    assert _cents(_number(rows["V2"])) == _cents(bills["V2"].total)
    assert _cents(_number(rows["V3"])) == _cents(bills["V3"].total)
    both = sum(
        float(amount) for line, amount in _lines_of("V2").items() if line not in {"transmission", "power_factor"}
    )
    assert _cents(_number(rows["lines of both"])) == _cents(both)


def test_what_the_code_block_prints_is_what_the_tables_say() -> None:
    (result,) = [block for block in markdown.blocks(PAGE) if block.language == "result"]
    rows = [line.split() for line in result.text.splitlines()[1:]]
    for column, name in enumerate(REGIMES, start=1):
        printed = {row[0]: _cents(_number(row[column])) for row in rows}
        total = printed.pop("total")
        assert printed == _lines_of(name)
        assert total == _cents(sum(float(amount) for amount in printed.values()))


def test_energy_of_the_month(schedule: Schedule) -> None:
    named = {_key(row[0]): _number(row[3]) for row in _table("quantity") if _key(row[0])}
    assert {f"{kind}_kw" for kind in (*KINDS, "curtailed")} == named.keys()
    assert {kind: schedule.energy_kwh(FlowKind(kind)) / 1e3 for kind in named} == pytest.approx(named, rel=1e-12)


def test_every_hour_balances_and_the_battery_ends_as_it_began(sites: dict[str, Site], schedule: Schedule) -> None:
    into = schedule.total(FlowKind.IMPORT_KW) + schedule.total(FlowKind.USED_KW) + schedule.total(FlowKind.DISCHARGE_KW)
    out = schedule.total(FlowKind.LOAD_KW) + schedule.total(FlowKind.CHARGE_KW) + schedule.total(FlowKind.EXPORT_KW)
    assert into == pytest.approx(out)
    stored = schedule[Flow("bess", FlowKind.ENERGY_KWH)]
    assert stored[-1] == pytest.approx(0.0, abs=1e-6)
    assert stored.max() <= sites["V2"].spec.battery["bess"].energy_kwh
    wind = sites["V2"].spec.generator["wind"]
    available = wind.capacity_kw * sites["V2"].values(wind.profile)
    assert schedule[Flow("wind", FlowKind.AVAILABLE_KW)] == pytest.approx(available)


def test_prices_and_energies_of_the_three_levels(sites: dict[str, Site], schedule: Schedule) -> None:
    site = sites["V2"]
    market = site.spec.contract.supply.market
    assert market is not None
    day_ahead, real_time = site.values(market.day_ahead_price_per_kwh), site.values(market.real_time_price_per_kwh)
    curves = (site.values(market.contract_kw), site.values(market.day_ahead_kw), schedule.total(FlowKind.IMPORT_KW))
    seen = np.zeros(site.horizon.steps, dtype=bool)
    for _, hours, price_da, price_rt, *energies in _table("price"):
        spans = [[int(part) for part in span.split("–")] for span in hours.split(", ")]
        of_day = site.horizon.minute_of_day // 60
        inside = np.any([(start <= of_day) & (of_day < end) for start, end in spans], axis=0)
        assert not (seen & inside).any()
        seen |= inside
        assert set(day_ahead[inside]) == {float(price_da)}
        assert set(real_time[inside]) == {float(price_rt)}
        assert [curve[inside].sum() / 1e3 for curve in curves] == pytest.approx([_number(cell) for cell in energies])
    assert seen.all()


def test_ratios(sites: dict[str, Site], schedule: Schedule) -> None:
    checks = {rule.rule.name: rule.check(schedule, sites["V2"].horizon) for rule in lower_rules(sites["V2"])}
    for name, required, _, achieved in _table("ratio"):
        check = checks[_key(name)]
        assert required == f"at {'least' if check.sense == '>=' else 'most'} {check.required:g}"
        assert f"{check.achieved:.2f}" == achieved
        assert check.ok


def test_other_declarations(sites: dict[str, Site], schedule: Schedule) -> None:
    for declared, _, _, amount in _table("declared, kW"):
        basic = sites["V2"].spec.contract.supply.basic.model_dump() | {"contract_kw": _number(declared)}
        lines = storage_opt.bill(_changed(sites["V2"], basic=basic), schedule).by_line()
        assert _cents(lines["contract.basic"] + lines["contract.basic_excess"]) == _cents(_number(amount))


def test_break_even(sites: dict[str, Site], schedule: Schedule, bills: dict[str, Ledger]) -> None:
    two_part = bills["V3"].by_line()["contract.transmission"]
    for factor, _, billed, cheaper in _table("load factor $LF$"):
        ledger = storage_opt.bill(_changed(sites["V2"], load_factor_frac=float(factor)), schedule)
        (entry,) = [entry for entry in ledger.entries if entry.line.name == "contract.transmission"]
        assert entry.quantity == pytest.approx(_number(billed))
        assert cheaper == ("V2" if entry.amount < two_part else "V3")
