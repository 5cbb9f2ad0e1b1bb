"""Schedules written, and metered tables read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from storage_opt.errors import InputError
from storage_opt.io.schedule_columns import expected_flows
from storage_opt.io.schedule_file import read_metered, read_schedule, write_schedule
from storage_opt.io.site_file import load_site
from storage_opt.schedule import Flow, FlowKind, Schedule
from storage_opt.studies.billing import bill
from storage_opt.studies.dispatch import optimize
from tests.support.site_folders import good_site, stamps

IMPORT, EXPORT = Flow("grid", FlowKind.IMPORT_KW), Flow("grid", FlowKind.EXPORT_KW)
LOAD, USED = Flow("plant", FlowKind.LOAD_KW), Flow("pv", FlowKind.USED_KW)
CHARGE, DISCHARGE = Flow("bess", FlowKind.CHARGE_KW), Flow("bess", FlowKind.DISCHARGE_KW)
STORED = Flow("bess", FlowKind.ENERGY_KWH)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return load_site(good_site().write(tmp_path_factory.mktemp("site")))


@pytest.fixture
def table(site):
    """A plan whose bus balances: PV used fully, the battery works at random, the grid takes the rest."""
    rng = np.random.default_rng(3)
    steps = site.horizon.steps
    power = rng.uniform(-100, 100, steps)
    load = site.values(site.spec.load["plant"].power_kw)
    used = 500 * site.values(site.spec.generator["pv"].profile)
    net = load + power - used
    return pd.DataFrame(
        {
            "time": stamps(),
            "grid.import_kw": np.maximum(net, 0),
            "grid.export_kw": np.maximum(-net, 0),
            "plant.load_kw": load,
            "pv.available_kw": used,
            "pv.used_kw": used,
            "pv.curtailed_kw": 0.0,
            "bess.charge_kw": np.maximum(power, 0),
            "bess.discharge_kw": np.maximum(-power, 0),
        }
    )


def _read(site, tmp_path, frame):
    frame.to_csv(tmp_path / "m.csv", index=False)
    return read_metered(site, tmp_path / "m.csv")


def _faults(site, tmp_path, frame):
    with pytest.raises(InputError) as caught:
        _read(site, tmp_path, frame)
    return caught.value.faults


def test_what_is_written_is_read_back_to_nine_digits(site, tmp_path):
    rng = np.random.default_rng(5)
    steps = site.horizon.steps
    scale = 10.0 ** rng.integers(-6, 9, steps)
    flows = {flow: rng.random(steps) * scale * (rng.random(steps) > 0.2) for flow in expected_flows(site.spec)}
    write_schedule(Schedule(site.horizon, flows), tmp_path / "s.csv")
    back = read_schedule(site, tmp_path / "s.csv")
    assert list(back) == list(flows)
    for flow, values in flows.items():
        np.testing.assert_allclose(back[flow], values, rtol=5e-9, atol=0)


def test_numbers_are_compact_and_stamps_carry_their_offset(site, tmp_path):
    values = np.full(site.horizon.steps, 1 / 3)
    values[0], values[1] = 1e5, -0.0
    write_schedule(Schedule(site.horizon, {IMPORT: values}), tmp_path / "s.csv")
    lines = (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:4] == [
        "time,grid.import_kw",
        "2026-01-01T00:00:00+08:00,100000",
        "2026-01-01T01:00:00+08:00,0",
        "2026-01-01T02:00:00+08:00,0.333333333",
    ]


def test_a_whole_plan_needs_no_assumption_but_stored_energy(site, tmp_path, table):
    metered = _read(site, tmp_path, table)
    (note,) = metered.notes
    assert "`bess.energy_kwh` integrated" in note
    charge, discharge = metered.schedule[CHARGE], metered.schedule[DISCHARGE]
    expected = 500 + np.cumsum(0.95 * charge - discharge / 0.95)
    np.testing.assert_allclose(metered.schedule[STORED], expected)


@pytest.mark.parametrize(
    ("header", "scale"),
    [
        ("import (MW)", 1e-3),
        ("Import [kW]", 1.0),
        ("下网功率 (kW)", 1.0),
        ("下网电量（kWh）", 1.0),
        ("grid.import_mw", 1e-3),
        ("Grid Import (kWh)", 1.0),
    ],
)
def test_headers_of_meters(site, tmp_path, table, header, scale):
    frame = table.rename(columns={"grid.import_kw": header})
    frame[header] *= scale
    np.testing.assert_allclose(_read(site, tmp_path, frame).schedule[IMPORT], table["grid.import_kw"])


def test_energy_per_interval_becomes_power(tmp_path):
    draft = good_site()
    draft.replace("end = 2026-03-01", "end = 2026-03-01\nstep_minutes = 30")
    for name in ("load.csv", "pv.csv", "price.csv"):
        column = draft.frame(name).columns[1]
        draft.replace(f'column = "{column}"', f'column = "{column}", resample = "hold"')
    half_hours = load_site(draft.write(tmp_path / "site"))
    energy = np.arange(float(half_hours.horizon.steps))
    frame = pd.DataFrame({"time": stamps(step="30min"), "import (kWh)": energy, "export (kWh)": 0.0})
    np.testing.assert_allclose(_read(half_hours, tmp_path, frame).schedule[IMPORT], 2 * energy)


def test_import_and_export_alone_are_enough(site, tmp_path, table):
    metered = _read(site, tmp_path, table[["time", "grid.import_kw", "grid.export_kw"]])
    assert set(metered.schedule) == set(expected_flows(site.spec))
    np.testing.assert_array_equal(metered.schedule[LOAD], site.values(site.spec.load["plant"].power_kw))
    assert metered.schedule[CHARGE].sum() == 0.0
    told = " ".join(metered.notes)
    for piece in ("`plant.load_kw` taken from the site", "`pv.used_kw` is all", "`bess` is taken as idle"):
        assert piece in told


def test_import_and_export_follow_from_everything_else(site, tmp_path, table):
    metered = _read(site, tmp_path, table.drop(columns=["grid.import_kw", "grid.export_kw"]))
    np.testing.assert_allclose(metered.schedule[IMPORT], table["grid.import_kw"], atol=1e-9)
    np.testing.assert_allclose(metered.schedule[EXPORT], table["grid.export_kw"], atol=1e-9)


def test_export_follows_from_the_balance_where_it_is_allowed(site, tmp_path, table):
    metered = _read(site, tmp_path, table.drop(columns="grid.export_kw"))
    np.testing.assert_allclose(metered.schedule[EXPORT], table["grid.export_kw"], atol=1e-9)


def test_export_is_never_made_up(site, tmp_path, table):
    (fault,) = _faults(site, tmp_path, table[["time", "grid.import_kw"]])
    assert "lacks `grid.export_kw`" in fault.what


def test_export_is_zero_where_the_site_may_not_export(tmp_path, table):
    draft = good_site()
    draft.replace("export_limit_kw = 300", "export_limit_kw = 0")
    closed = load_site(draft.write(tmp_path / "site"))
    metered = _read(closed, tmp_path, table[["time", "grid.import_kw"]])
    assert metered.schedule[EXPORT].sum() == 0.0
    assert any("may not export" in note for note in metered.notes)


def test_a_battery_without_meter_takes_the_balance(site, tmp_path, table):
    metered = _read(site, tmp_path, table.drop(columns=["bess.charge_kw", "bess.discharge_kw"]))
    np.testing.assert_allclose(metered.schedule[CHARGE], table["bess.charge_kw"], atol=1e-9)
    np.testing.assert_allclose(metered.schedule[DISCHARGE], table["bess.discharge_kw"], atol=1e-9)


def test_a_plant_without_meter_takes_the_balance(site, tmp_path, table):
    frame = table.drop(columns=["pv.used_kw", "pv.curtailed_kw"])
    frame["grid.import_kw"] += 0.5 * table["pv.used_kw"]
    metered = _read(site, tmp_path, frame)
    used = table["pv.used_kw"] - 0.5 * table["pv.used_kw"]
    np.testing.assert_allclose(metered.schedule[USED], used, atol=1e-9)


def test_curtailment_and_use_complete_each_other(site, tmp_path, table):
    frame = table.drop(columns=["pv.used_kw", "pv.available_kw"]).assign(**{"pv.curtailed_kw": 1.0})
    schedule = _read(site, tmp_path, frame).schedule
    np.testing.assert_allclose(schedule[USED], np.maximum(table["pv.available_kw"] - 1.0, 0.0))
    frame = table.drop(columns=["pv.curtailed_kw"]).assign(**{"pv.used_kw": 0.25 * table["pv.used_kw"]})
    schedule = _read(site, tmp_path, frame).schedule
    np.testing.assert_allclose(schedule[Flow("pv", FlowKind.CURTAILED_KW)], 0.75 * table["pv.used_kw"])


def test_a_bus_that_does_not_balance_is_noted(site, tmp_path, table):
    table.loc[10, "grid.import_kw"] += 500
    notes = _read(site, tmp_path, table).notes
    assert any("do not balance, by up to 500 kW at 2026-01-01 10:00" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "piece"),
    [
        (lambda f: f.rename(columns={"grid.import_kw": "import"}), "has no unit"),
        (lambda f: f.rename(columns={"grid.import_kw": "import (EUR)"}), "not a unit of power"),
        (lambda f: f.rename(columns={"bess.charge_kw": "tess.charge_kw"}), "did you mean `bess`"),
        (lambda f: f.rename(columns={"bess.charge_kw": "pv.charge_kw"}), "no such flow"),
        (lambda f: f.assign(**{"import (kW)": 0.0}), "both hold `grid.import_kw`"),
        (lambda f: f.drop(columns="bess.charge_kw"), "lacks `bess.charge_kw`"),
        (lambda f: f.assign(**{"grid.import_kw": -1.0}), "below 0 kW"),
        (lambda f: f.assign(**{"grid.import_kw": "x"}), "non-numeric"),
        (lambda f: f.drop(index=[5, 6]), "2 missing intervals"),
        (lambda f: f.iloc[::2], "120 min apart"),
        (lambda f: f.iloc[::-1], "backwards"),
    ],
)
def test_broken_meters_are_refused(site, tmp_path, table, change, piece):
    faults = _faults(site, tmp_path, change(table))
    assert any(piece in fault.what for fault in faults)
    assert all(fault.hint and "resample" not in fault.hint for fault in faults)


def test_a_bare_header_that_fits_two_assets_is_refused(tmp_path, table):
    draft = good_site()
    draft.replace("[generator.pv]", "[load.office]\npower_kw = 5\n\n[generator.pv]")
    two = load_site(draft.write(tmp_path / "site"))
    faults = _faults(two, tmp_path, table.rename(columns={"plant.load_kw": "load (kW)"}))
    assert "may belong to `plant`, `office`" in faults[0].what


def test_columns_that_are_not_used_are_told(site, tmp_path, table):
    notes = _read(site, tmp_path, table.assign(remark="-")).notes
    assert any("columns not used: remark" in note for note in notes)


def test_a_missing_file_is_told(site, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_schedule(site, tmp_path / "none.csv")


def test_a_plan_settles_to_the_same_bill_after_the_file(tmp_path):
    draft = good_site()
    draft.replace("end = 2026-03-01", "end = 2026-01-08")
    week = load_site(draft.write(tmp_path / "site"))
    planned = optimize(week)
    write_schedule(planned.schedule, tmp_path / "schedule.csv")
    metered = read_metered(week, tmp_path / "schedule.csv")
    assert metered.notes == ()
    assert bill(week, metered.schedule).total == pytest.approx(planned.ledger.total, rel=1e-8)
