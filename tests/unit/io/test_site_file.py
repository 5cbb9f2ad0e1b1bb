"""From a site folder to a site."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from storage_opt.errors import InputError
from storage_opt.io.site_file import load_site, parse_spec
from storage_opt.spec.fields import Spec
from storage_opt.spec.series import FileColumn
from tests.support.site_folders import good_site, one_series_site, stamps

DAY = {"start": "2026-01-01", "end": "2026-01-02"}


def _load(tmp_path, text, **files):
    (tmp_path / "site.toml").write_text(text, encoding="utf-8")
    for name, frame in files.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    return load_site(tmp_path)


def _faults(call, *arguments, **named):
    with pytest.raises(InputError) as caught:
        call(*arguments, **named)
    return caught.value.faults


def _values(site):
    (values,) = site.columns.values()
    return values


def test_folder_and_file_are_the_same_site(tmp_path):
    folder = good_site().write(tmp_path)
    site = load_site(folder)
    assert site.spec == load_site(str(folder / "site.toml")).spec
    assert site.source == folder / "site.toml"
    assert site.horizon.steps == 59 * 24
    assert len(site.columns) == 3
    assert site.notes == ()


def test_a_byte_order_mark_does_not_matter(tmp_path):
    folder = good_site().write(tmp_path)
    plain = (folder / "site.toml").read_bytes()
    (folder / "site.toml").write_bytes(b"\xef\xbb\xbf" + plain)
    assert load_site(folder).spec.name == "works"


@pytest.mark.parametrize(
    ("header", "unit", "scale"),
    [("load (MW)", None, 1000.0), ("load_kw", None, 1.0), ("负荷", "万千瓦", 10_000.0), ("load", "kW", 1.0)],
)
def test_units_come_from_the_key_or_the_header(tmp_path, header, unit, scale):
    declared = "" if unit is None else f', unit = "{unit}"'
    column = f'{{file = "t.csv", column = "{header}"{declared}, multiply = 2}}'
    frame = pd.DataFrame({"time": stamps(**DAY), header: np.arange(24.0)})
    site = _load(tmp_path, one_series_site(column, **DAY), t=frame)
    np.testing.assert_allclose(_values(site), 2 * scale * np.arange(24.0))


@pytest.mark.parametrize(("key", "unit"), [("load.it.power_kw", "kW"), ("price", "CNY/kWh")])
def test_a_column_without_unit_is_refused_where_it_matters(tmp_path, key, unit):
    frame = pd.DataFrame({"time": stamps(**DAY), "x (all year)": 1.0})
    text = one_series_site('{file = "t.csv", column = "x"}', **DAY, key=key)
    (fault,) = _faults(_load, tmp_path, text.replace('"x"', '"x (all year)"'), t=frame)
    assert fault.what == "the column has no unit"
    assert f'unit = "{unit}"' in fault.hint
    assert (fault.file, fault.row, fault.column) == ("t.csv", 1, "x (all year)")


def test_shares_need_no_unit_and_percent_can_be_declared(tmp_path):
    frame = pd.DataFrame({"time": stamps(**DAY), "cf": 50.0})
    text = one_series_site('{file = "t.csv", column = "cf", unit = "%"}', **DAY, key="generator.wind.profile")
    assert _values(_load(tmp_path, text, t=frame)).tolist() == [0.5] * 24


def test_rounding_noise_around_a_share_is_clipped_and_more_is_refused(tmp_path):
    text = one_series_site('{file = "t.csv", column = "cf"}', **DAY, key="generator.wind.profile")
    frame = pd.DataFrame({"time": stamps(**DAY), "cf": [1 + 5e-10, -5e-10] * 12})
    assert set(_values(_load(tmp_path, text, t=frame))) == {0.0, 1.0}
    faults = _faults(_load, tmp_path, text, t=frame.assign(cf=[1 + 1e-6, -1e-6] * 12))
    assert [fault.row for fault in faults] == [3, 2]


def test_resampling_is_noted(tmp_path):
    frame = pd.DataFrame({"time": stamps(**DAY, step="15min"), "x_kw": np.arange(96.0)})
    text = one_series_site('{file = "t.csv", column = "x_kw", resample = "mean"}', **DAY)
    site = _load(tmp_path, text, t=frame)
    assert site.notes == ("t.csv: rows of 15 min averaged to 60 min",)
    assert _values(site)[0] == 1.5


def test_a_file_is_read_once_and_its_fault_told_once(tmp_path):
    draft = good_site()
    draft.replace("import_limit_kw = 2000", 'import_limit_kw = {file = "load.csv", column = "load (MW)", multiply = 3}')
    draft.tables["load.csv"] = draft.frame("load.csv").drop(index=5)
    faults = _faults(load_site, draft.write(tmp_path))
    assert [fault.what.split(":")[0] for fault in faults] == ["1 missing interval"]


def test_values_cannot_be_changed(tmp_path):
    site = load_site(good_site().write(tmp_path))
    with pytest.raises(ValueError, match="read-only"):
        next(iter(site.columns.values()))[0] = 1.0


def test_one_mistake_in_a_series_is_one_fault(tmp_path):
    (fault,) = _faults(_load, tmp_path, one_series_site("[1, 2, 3]", **DAY))
    assert fault.key == "load.it.power_kw"


def test_a_part_of_the_horizon_keeps_its_values(tmp_path):
    site = load_site(good_site().write(tmp_path))
    part = site.between(site.horizon.stamps[24].to_pydatetime(), site.horizon.stamps[48].to_pydatetime())
    column = next(column for column in site.columns if column.file == "load.csv")
    assert part.values(column).tolist() == site.values(column)[24:48].tolist()


def test_seven_mistakes_are_told_at_once(tmp_path):
    draft = good_site()
    draft.replace("energy_kwh = 1000", "energy_kwh = -1000")
    draft.replace("export_limit_kw = 300", "export_limit_kw = -300")
    draft.replace('currency = "CNY"', 'currency = "yuan"')
    draft.replace("price_per_kw = 30", 'price_per_kw = "30"')
    draft.tables["load.csv"] = draft.frame("load.csv").drop(index=range(5))
    draft.tables["pv.csv"] = draft.frame("pv.csv").rename(columns={"pv_frac": "solar"})
    draft.tables["price.csv"] = b""
    keys = {fault.key for fault in _faults(load_site, draft.write(tmp_path))}
    assert keys == {
        "battery.bess.energy_kwh",
        "grid.export_limit_kw",
        "currency",
        "tariff.grid.demand[0].price_per_kw",
        "load.plant.power_kw",
        "generator.pv.profile",
        "tariff.sale.energy[0].price_per_kwh",
    }


def test_what_is_written_out_is_judged_on_a_broken_horizon_too(tmp_path):
    text = one_series_site("-3", **DAY).replace("step_minutes = 60", "step_minutes = 7")
    assert {fault.key for fault in _faults(_load, tmp_path, text)} == {"horizon", "load.it.power_kw"}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "true", '"5"', "1e13", "[5]", "{}", "2026-01-01"])
def test_no_number_is_made_of_what_is_none(value):
    text = one_series_site("100", **DAY).replace("capacity_kw = 50", f"capacity_kw = {value}")
    (fault,) = _faults(parse_spec, text)
    assert fault.key == "generator.wind.capacity_kw"
    assert fault.hint


def test_every_fault_of_a_spec_names_key_and_hint():
    text = one_series_site("100", **DAY)
    spec = parse_spec(text)
    assert isinstance(spec, Spec)
    for line in text.splitlines():
        if "=" not in line:
            continue
        key = line.split(" = ")[0]
        for fault in _faults(parse_spec, text.replace(line, f"{line}\n{key}_x = 1")):
            assert fault.hint == f"did you mean `{key}`?"
            assert fault.key.endswith(f"{key}_x")


def test_a_column_knows_what_was_written():
    spec = parse_spec(one_series_site('{file = "t.csv", column = "x", time_column = "时间"}', **DAY))
    assert spec.load["it"].power_kw == FileColumn(file="t.csv", column="x", time_column="时间")


@pytest.mark.parametrize("name", ["nowhere", "site.csv", "a\0b"])
def test_what_is_no_site_is_refused(tmp_path, name):
    (tmp_path / "site.csv").write_text("a,b\n", encoding="utf-8")
    (fault,) = _faults(load_site, f"{tmp_path}/{name}")
    assert fault.hint
