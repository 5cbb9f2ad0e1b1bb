"""Sites that are broken in one way each, made from a good one, and what a user must be told about them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.support.site_folders import SiteDraft, stamps

INPUT, INFEASIBLE = 2, 3


@dataclass(frozen=True, slots=True)
class BrokenCase:
    """One mistake.

    Parameters
    ----------
    name : str
        What is wrong.
    mutate : callable
        Makes the mistake in a good site.
    tells : tuple of str
        Pieces of the message: place, value or hint.
    code : int
        Exit code.
    solves : bool
        Whether only `optimize` can find it.
    """

    name: str
    mutate: Callable[[SiteDraft], None]
    tells: tuple[str, ...]
    code: int = INPUT
    solves: bool = False


def text(name: str, old: str, new: str, *tells: str, code: int = INPUT, solves: bool = False) -> BrokenCase:
    """A mistake in the site file."""
    return BrokenCase(name, lambda site: site.replace(old, new), tells, code, solves)


def table(name: str, file: str, change: Callable[[pd.DataFrame], pd.DataFrame | None], *tells: str) -> BrokenCase:
    """A mistake in a table: changed in place, or replaced by what `change` returns."""

    def mutate(site: SiteDraft) -> None:
        changed = change(site.frame(file))
        if changed is not None:
            site.tables[file] = changed

    return BrokenCase(name, mutate, tells)


def content(name: str, file: str, change: Callable[[bytes], bytes], *tells: str) -> BrokenCase:
    """A mistake in the bytes of a table."""

    def mutate(site: SiteDraft) -> None:
        site.tables[file] = change(site.csv(file))

    return BrokenCase(name, mutate, tells)


def stands_for(name: str, old: str, new: str, file: str, data: bytes | None, *tells: str) -> BrokenCase:
    """A table of another kind in place of the load table."""

    def mutate(site: SiteDraft) -> None:
        site.replace(old, new)
        if data is not None:
            site.tables[file] = data

    return BrokenCase(name, mutate, tells)


def set_cell(row: int, column: str, value: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Put a value into a spreadsheet row (the header is row 1)."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        changed = frame.astype(object)
        changed.loc[row - 2, column] = value
        return changed

    return change


def _scaled(frame: pd.DataFrame, column: str, by: float) -> pd.DataFrame:
    return frame.assign(**{column: frame[column] * by})


def _zip_bomb() -> bytes:
    """A workbook of 4 kB whose directory declares 400 MB."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"")
        archive.writestr("xl/worksheets/sheet1.xml", b"<row/>" * 10)
    size = (60).to_bytes(4, "little")
    data = buffer.getvalue()
    declared = (400_000_000).to_bytes(4, "little")
    directory = data.index(b"PK\x01\x02")
    return data[:directory] + data[directory:].replace(size, declared)


def _workbook() -> bytes:
    frame = pd.DataFrame({"time": stamps()[:3], "load (MW)": [1.0, 2.0, 3.0]})
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False, sheet_name="Loads")
    return buffer.getvalue()


_LOAD = '{file = "load.csv", column = "load (MW)"}'
_PV = '{file = "pv.csv", column = "pv_frac"}'
_PRICE = '{file = "price.csv", column = "price_cny_per_mwh"}'
_TOU = """\
tou = [
    {period = "peak", hours = ["08:00-12:00", "18:00-22:00"], price_per_kwh = 1.2},
    {period = "valley", hours = ["23:00-07:00"], price_per_kwh = 0.3},
    {period = "flat", price_per_kwh = 0.7},
]"""
_FLAT = '    {period = "flat", price_per_kwh = 0.7},\n'
_PEAK_HOURS = '["08:00-12:00", "18:00-22:00"]'

SITE_FILE_CASES = (
    text("TOML syntax", "energy_kwh = 1000", "energy_kwh = = 1000", "site.toml", "line 20"),
    text("unquoted text", 'name = "works"', "name = works", "line 1", "quotes"),
    text("duplicate key", "power_kw = 500\n", "power_kw = 500\npower_kw = 600\n", "line 22", "once"),
    text("duplicate table", "[tariff.grid]\n", "[grid]\n[tariff.grid]\n", "site.toml", "once"),
    text("unknown key", "soc_min_frac", "soc_min_fraq", "battery.bess.soc_min_fraq", "did you mean `soc_min_frac`"),
    text("unknown table", "[battery.bess]", "[batery.bess]", "`batery`", "did you mean `battery`"),
    text("negative capacity", "energy_kwh = 1000", "energy_kwh = -1000", "battery.bess.energy_kwh", "-1000 kWh"),
    text(
        "efficiency 95",
        "power_kw = 500\n",
        "power_kw = 500\ncharge_efficiency = 95\n",
        "battery.bess.charge_efficiency",
        "write 0.95",
    ),
    text("soc 90", "soc_max_frac = 0.9", "soc_max_frac = 90", "battery.bess.soc_max_frac", "write 0.9"),
    text("SoC window reversed", "soc_min_frac = 0.1", "soc_min_frac = 0.95", "battery.bess", "soc_max_frac"),
    text("SoC window reversed in an hour", "soc_min_frac = 0.1", f"soc_min_frac = {[0.1] * 23 + [0.95]}", "23:00"),
    text("initial SoC outside", "initial_soc_frac = 0.5", "initial_soc_frac = 0.95", "battery.bess.initial_soc_frac"),
    text("final SoC outside", "final_soc = 0.5", "final_soc = 0.05", "battery.bess.final_soc", "0.05"),
    text("final SoC misspelt", "final_soc = 0.5", 'final_soc = "cylic"', 'did you mean "cyclic"'),
    text("free end without start", "initial_soc_frac = 0.5\nfinal_soc = 0.5", 'final_soc = "free"', "initial_soc_frac"),
    text("text for a number", "energy_kwh = 1000", 'energy_kwh = "1000"', "battery.bess.energy_kwh", "without quotes"),
    text("number with a unit", "energy_kwh = 1000", 'energy_kwh = "1 MWh"', "write 1000", "kWh"),
    text("true for a number", "energy_kwh = 1000", "energy_kwh = true", "battery.bess.energy_kwh", "true"),
    text("number for a switch", "power_kw = 500\n", "power_kw = 500\nexport = 0\n", "battery.bess.export"),
    text("infinite limit", "export_limit_kw = 300", "export_limit_kw = inf", "grid.export_limit_kw", "finite"),
    text("not a number", "import_limit_kw = 2000", "import_limit_kw = nan", "grid.import_limit_kw", "finite"),
    text(
        "concave wear",
        "power_kw = 500\n",
        "power_kw = 500\nwear = {replacement_cost_per_kwh = 300, cycle_life = {coefficient = 1e-3, exponent = 0.5}}\n",
        "battery.bess.wear.cycle_life",
        "exponent is 0.5",
    ),
    text(
        "rest inside an interval",
        "power_kw = 500\n",
        'power_kw = 500\nrest = [{hours = ["12:10-13:00"]}]\n',
        "battery.bess.rest[0].hours",
        "12:10",
    ),
    text("huge number", "energy_kwh = 1000", "energy_kwh = 1e300", "battery.bess.energy_kwh", "check the unit"),
    BrokenCase("missing tariff", lambda site: site.cut("[tariff.grid]"), ("`tariff` is missing",)),
    text("misspelt tariff", "[tariff.sale]", "[tarif.sale]", "`tarif`", "did you mean `tariff`"),
    text("GBK in the site file", 'name = "works"', 'name = "\udcb9\udca4"', "line 1", "UTF-8"),
    text("missing required key", "energy_kwh = 1000\n", "", "`energy_kwh` is missing", "battery.bess.energy_kwh"),
    text("bad name", "[battery.bess]", '[battery."my bess"]', "'my bess' is not a name"),
    text("name used twice", "[generator.pv]", "[generator.plant]", "'plant' is used twice"),
    text(
        "eleven months", "import_limit_kw = 2000", f"import_limit_kw = {[2000] * 11}", "grid.import_limit_kw", "got 11"
    ),
    text("negative limit", "import_limit_kw = 2000", "import_limit_kw = -5", "grid.import_limit_kw", "-5 kW"),
    text(
        "text in a list",
        "import_limit_kw = 2000",
        f"import_limit_kw = {['2000'] * 12}",
        "grid.import_limit_kw",
        "entry 1",
    ),
    text("unknown series key", _LOAD, '{file = "load.csv", colum = "load (MW)"}', "did you mean `column`"),
    text("end before start", "end = 2026-03-01", "end = 2025-03-01", "horizon", "must end after its start"),
    text(
        "step does not divide an hour",
        "end = 2026-03-01",
        "end = 2026-03-01\nstep_minutes = 7",
        "step_minutes",
        "7 min",
    ),
    text(
        "wrong zone name", "end = 2026-03-01", 'end = 2026-03-01\nzone = "Asia/Peking"', "horizon.zone", "Asia/Peking"
    ),
    text("impossible date", "end = 2026-03-01", "end = 2026-02-30", "line 6"),
    text("year beyond all bounds", "end = 2026-03-01", "end = 9999-03-01", "9999", "horizon"),
    text("far too many intervals", "end = 2026-03-01", "end = 2199-03-01\nstep_minutes = 1", "intervals", "horizon"),
    text(
        "reading dates do not enclose",
        "end = 2026-03-01",
        "end = 2026-03-01\nreading_dates = [2026-01-05, 2026-02-05]",
        "horizon",
        "enclose",
    ),
    text(
        "holiday and workday at once",
        "end = 2026-03-01",
        "end = 2026-03-01\nholidays = [2026-02-17]\nworkdays = [2026-02-17]",
        "2026-02-17",
        "workday",
    ),
)

TARIFF_CASES = (
    text("TOU overlap", '["23:00-07:00"]', '["21:00-07:00"]', "tariff.grid.energy", "21:00"),
    text("TOU gap", _FLAT, "", "tariff.grid.energy"),
    text("TOU boundary inside an interval", _PEAK_HOURS, '["08:30-12:00"]', "08:30"),
    text("TOU window unreadable", _PEAK_HOURS, '["8-12"]', "'8-12'", "06:00-08:30"),
    text("TOU window empty", _PEAK_HOURS, '["08:00-08:00"]', "is empty"),
    text("TOU and price", _TOU, f"{_TOU}\nprice_per_kwh = 0.5", "tariff.grid.energy[0]", "exactly one"),
    text("month 13", '{period = "valley", ', '{period = "valley", months = [13], ', "months[0]", "13"),
    text("unknown day type", '{period = "valley", ', '{period = "valley", days = ["sunday"], ', "days[0]", "weekend"),
    text(
        "falling tiers",
        _TOU,
        "tiers = [{up_to_kwh = 1000, price_per_kwh = 1.0}, {price_per_kwh = 0.5}]",
        "tariff.grid.energy[0]",
        "fall",
    ),
    text(
        "last tier has an end",
        _TOU,
        "tiers = [{up_to_kwh = 1000, price_per_kwh = 0.5}, {up_to_kwh = 2000, price_per_kwh = 0.7}]",
        "tariff.grid.energy[0]",
        "last must have none",
    ),
    text(
        "net billing without net meter",
        _TOU,
        "net_billing = {price_per_kwh = 0.7, credit_per_kwh = 0.3}",
        "tariff.grid",
        'meter = "net"',
    ),
    text("demand without price", "price_per_kw = 30", "floor_kw = 10", "tariff.grid.demand[0]", "exactly one"),
    text("negative demand price", "price_per_kw = 30", "price_per_kw = -30", "tariff.grid.demand[0].price_per_kw"),
    text("unknown meter", 'meter = "export"', 'meter = "exports"', "tariff.sale.meter", 'did you mean "export"'),
    text("line occurs twice", "price_per_kw = 30", 'price_per_kw = 30\nname = "energy"', "tariff.grid", "occurs twice"),
)

TABLE_CASES = (
    table(
        "no such column", "load.csv", lambda f: f.rename(columns={"load (MW)": "Last (MW)"}), "load.csv", "`load (MW)`"
    ),
    table(
        "wrong unit", "load.csv", lambda f: f.rename(columns={"load (MW)": "load (MWh)"}), "load.csv", "MWh", "power"
    ),
    text(
        "unit contradicts header", _LOAD, '{file = "load.csv", column = "load (MW)", unit = "kW"}', "contradicts", "MW"
    ),
    text("wrong currency", 'currency = "CNY"', 'currency = "EUR"', "price.csv", "CNY", "EUR"),
    text("columns swapped", _PV, '{file = "load.csv", column = "load (MW)"}', "generator.pv.profile", "fraction"),
    text("price column for a load", _LOAD, _PRICE, "load.plant.power_kw", "price.csv", "power"),
    text(
        "wrong file named", _LOAD, '{file = "load2.csv", column = "load (MW)"}', "load2.csv", "did you mean `load.csv`"
    ),
    text("path outside", _LOAD, '{file = "../load.csv", column = "load (MW)"}', "../load.csv", "outside"),
    text("absolute path", _LOAD, '{file = "/etc/passwd", column = "load (MW)"}', "/etc/passwd", "outside"),
    text("Windows path", _LOAD, '{file = "C:\\\\data\\\\load.csv", column = "load (MW)"}', "load.csv", "outside"),
    text("folder for a file", _LOAD, '{file = ".", column = "load (MW)"}', "is a folder"),
    text("unknown kind of file", _LOAD, '{file = "site.toml", column = "load (MW)"}', "site.toml", ".parquet"),
    text("time column not there", _LOAD, _LOAD.replace("}", ', time_column = "zeit"}'), "`zeit`", "load.csv"),
    table("percent for shares", "pv.csv", lambda f: _scaled(f, "pv_frac", 100.0), "pv.csv", "pv_frac", 'unit = "%"'),
    table("negative load", "load.csv", set_cell(50, "load (MW)", -1.0), "load.csv", "row 50", "-1000 kW"),
    table("gap", "load.csv", lambda f: f.drop(index=range(100, 103)), "load.csv", "3 missing intervals", "row 102"),
    table("missing month", "load.csv", lambda f: f.iloc[:744], "load.csv", "672 intervals", "2026-02-01 00:00"),
    table("starts late", "price.csv", lambda f: f.iloc[24:], "price.csv", "24 intervals", "2026-01-02 00:00"),
    table(
        "wrong year", "load.csv", lambda f: f.assign(time=f.time.str.replace("2026", "2020")), "load.csv", "2020-01-01"
    ),
    table("duplicate stamp", "load.csv", lambda f: pd.concat([f.iloc[:11], f.iloc[10:]]), "row 13", "2026-01-01 10:00"),
    table("duplicated file", "load.csv", lambda f: pd.concat([f, f]), "1,416 duplicate stamps", "and 1,396 more"),
    table("unsorted rows", "load.csv", lambda f: f.iloc[::-1], "load.csv", "backwards", "sort"),
    table("two rows swapped", "load.csv", lambda f: f.iloc[[1, 0, *range(2, len(f))]], "row 3", "backwards at 1 row"),
    table("NaN", "load.csv", set_cell(8, "load (MW)", "NaN"), "load.csv", "row 8", "NaN"),
    table("blank cell", "load.csv", set_cell(9, "load (MW)", ""), "load.csv", "row 9", "blank"),
    table("text in a cell", "load.csv", set_cell(10, "load (MW)", "n/a"), "load.csv", "row 10", "n/a"),
    table("thousands separator", "load.csv", set_cell(11, "load (MW)", "1,250"), "load.csv", "row 11", "1,250"),
    table("infinite cell", "load.csv", set_cell(12, "load (MW)", "inf"), "load.csv", "row 12", "inf"),
    table("huge cell", "load.csv", set_cell(13, "load (MW)", "1e15"), "load.csv", "row 13", "check the unit"),
    table("unreadable stamp", "load.csv", set_cell(14, "time", "yesterday"), "load.csv", "row 14", "yesterday"),
    table("hour 24", "load.csv", set_cell(25, "time", "2026-01-01 24:00"), "row 25", "00:00 of the following day"),
    table(
        "day or month first",
        "load.csv",
        lambda f: f.iloc[:200].assign(time=stamps(form="%d/%m/%Y %H:%M")[:200]),
        "year first",
    ),
    table("mixed offsets", "load.csv", set_cell(15, "time", "2026-01-01T13:00:00+08:00"), "load.csv", "offset"),
    table(
        "half-hourly",
        "load.csv",
        lambda f: f.assign(time=stamps(step="30min")[: len(f)]),
        "30 min",
        'resample = "mean"',
    ),
    table("four-hourly", "load.csv", lambda f: f.iloc[::4], "240 min", 'resample = "hold"'),
    table("stamps off the hour", "load.csv", lambda f: f.assign(time=f.time.str.replace(":00", ":10")), "10 min after"),
    table(
        "stamps at the ends",
        "load.csv",
        lambda f: f.assign(time=stamps("2026-01-01 01:00", "2026-03-01 01:00")),
        "starts",
    ),
    table("no time column", "load.csv", lambda f: f[["load (MW)"]].iloc[:-1], "load.csv", "no time column", "1,415"),
    table("header only", "load.csv", lambda f: f.iloc[:0], "load.csv", "no rows"),
    content("empty file", "load.csv", lambda _: b"", "load.csv", "empty"),
    content("binary garbage", "load.csv", lambda _: bytes(range(256)) * 20, "load.csv", "binary"),
    content("random bytes", "load.csv", lambda _: np.random.default_rng(1).bytes(9999), "load.csv"),
    content("UTF-16", "load.csv", lambda b: b.decode().encode("utf-16"), "load.csv", "UTF-16"),
    content(
        "GBK bytes under a UTF-8 mark", "load.csv", lambda b: b"\xef\xbb\xbf" + b + "负荷".encode("gbk"), "UTF-8 mark"
    ),
    content("ragged rows", "load.csv", lambda b: b.replace(b"05:00,", b"05:00,7,", 1), "load.csv", "row 7 has 3"),
    content(
        "decimal commas", "load.csv", lambda b: b.replace(b",", b";").replace(b"0.", b"0,"), "load.csv", "decimal point"
    ),
    content("no header", "load.csv", lambda b: b.split(b"\n", 1)[1], "load.csv", "no column `load (MW)`"),
    content("header twice", "load.csv", lambda b: b.replace(b"time,", b"load (MW),", 1), "load.csv", "2 times"),
    stands_for("XLSX zip bomb", '"load.csv"', '"load.xlsx"', "load.xlsx", _zip_bomb(), "load.xlsx", "400,000,"),
    stands_for(
        "XLSX that is none", '"load.csv"', '"load.xlsx"', "load.xlsx", b"time,load\n1,2\n", "load.xlsx", "workbook"
    ),
    stands_for(
        "XLSX without sheet",
        _LOAD,
        '{file = "a.xlsx", column = "load (MW)", sheet = "Load"}',
        "a.xlsx",
        _workbook(),
        "Loads",
    ),
    stands_for("XLSX too short", '"load.csv"', '"a.xlsx"', "a.xlsx", _workbook(), "a.xlsx", "1,413 intervals"),
    stands_for("Parquet that is none", '"load.csv"', '"load.parquet"', "load.parquet", b"PAR1xxxxPAR1", "load.parquet"),
    stands_for("gzip that is none", '"load.csv"', '"load.csv.gz"', "load.csv.gz", b"time,load\n", "gzip"),
)

SOLVER_CASES = (
    text(
        "import limit below the load",
        "import_limit_kw = 2000",
        "import_limit_kw = 300",
        "import limit",
        code=INFEASIBLE,
        solves=True,
    ),
    text(
        "must-take above the load without export",
        "export_limit_kw = 300",
        "export_limit_kw = 0\n\n[generator.wind]\ncapacity_kw = 5000\nprofile = 1\ncurtailable = false",
        "must",
        code=INFEASIBLE,
        solves=True,
    ),
    text(
        "final SoC out of reach",
        "final_soc = 0.5",
        "final_soc = 0.9\nmax_throughput_kwh_per_year = 0\ncharge_efficiency = 0.001",
        "final state of charge of bess",
        code=INFEASIBLE,
        solves=True,
    ),
    text(
        "transformer below the load",
        "import_limit_kw = 2000",
        "transformer_kva = 400",
        "transformer",
        code=INFEASIBLE,
        solves=True,
    ),
    text(
        "auxiliary power with no way to charge",
        "power_kw = 500\n",
        "power_kw = 0\nauxiliary_kw = 5\n",
        "bess",
        code=INFEASIBLE,
        solves=True,
    ),
)


def _outside_link(site: SiteDraft) -> None:
    site.links["linked.csv"] = Path(__file__)
    site.replace('"load.csv"', '"linked.csv"')


LINK_CASE = BrokenCase("link that leads outside", _outside_link, ("linked.csv", "outside"))
ALL_CASES = (*SITE_FILE_CASES, *TARIFF_CASES, *TABLE_CASES, LINK_CASE, *SOLVER_CASES)
