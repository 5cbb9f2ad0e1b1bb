"""Table files of every kind, and those that are none."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest

from storage_opt.errors import InputError
from storage_opt.io import table_csv, tables
from storage_opt.io.numbers import read_numbers
from storage_opt.io.table import Table, object_column
from storage_opt.io.tables import read_table

FRAME = pd.DataFrame({"time": ["2026-01-01 00:00", "2026-01-01 01:00"], "负荷 (MW)": [1.5, 2.25]})
CSV = FRAME.to_csv(index=False)


def _read(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    return read_table(tmp_path / name, name)


@pytest.mark.parametrize(
    ("name", "data", "noted"),
    [
        ("plain.csv", CSV.encode(), False),
        ("marked.csv", b"\xef\xbb\xbf" + CSV.encode(), False),
        ("gbk.csv", CSV.encode("gbk"), True),
        ("semicolon.csv", CSV.replace(",", ";").encode(), False),
        ("tab.csv", CSV.replace(",", "\t").encode(), False),
        ("windows.csv", CSV.replace("\n", "\r\n").encode(), False),
        ("mac.csv", CSV.replace("\n", "\r").encode(), False),
        ("quoted.csv", FRAME.to_csv(index=False, quoting=1).encode(), False),
        ("empty_end.csv", CSV.encode() + b",\n,\n\n \n", False),
        ("no_newline.csv", CSV.rstrip("\n").encode(), False),
        ("packed.csv.gz", gzip.compress(CSV.encode(), mtime=0), False),
        ("UPPER.CSV", CSV.encode(), False),
    ],
)
def test_dialects_of_csv(tmp_path, name, data, noted):
    table = _read(tmp_path, name, data)
    assert table.headers == ("time", "负荷 (MW)")
    assert read_numbers(table.columns[1]).tolist() == [1.5, 2.25]
    assert bool(table.notes) is noted


def test_parquet_and_workbook_hold_the_same(tmp_path):
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_excel(tmp_path / "t.xlsx", index=False)
    for name in ("t.parquet", "t.xlsx"):
        table = read_table(tmp_path / name, name)
        assert table.headers == ("time", "负荷 (MW)")
        assert read_numbers(table.columns[1]).tolist() == [1.5, 2.25]


def test_a_sheet_can_be_chosen_and_defaults_to_the_first(tmp_path):
    with pd.ExcelWriter(tmp_path / "t.xlsx") as book:
        FRAME.to_excel(book, index=False, sheet_name="一月")
        FRAME.assign(**{"负荷 (MW)": 9.0}).to_excel(book, index=False, sheet_name="二月")
    assert read_numbers(read_table(tmp_path / "t.xlsx", "t.xlsx").columns[1])[0] == 1.5
    assert read_numbers(read_table(tmp_path / "t.xlsx", "t.xlsx", "二月").columns[1])[0] == 9.0


def test_blank_rows_inside_a_workbook_keep_their_row_numbers(tmp_path):
    FRAME.reindex([0, 9, 1]).to_excel(tmp_path / "t.xlsx", index=False)
    numbers = read_numbers(read_table(tmp_path / "t.xlsx", "t.xlsx").columns[1])
    assert numbers[[0, 2]].tolist() == [1.5, 2.25]
    assert np.isnan(numbers[1])


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(table_csv, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="unpacks to more than 1,000 bytes"):
        _read(tmp_path, "bomb.csv.gz", gzip.compress(b"a\n" * 1_000_000))


def test_a_huge_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="more than 10 bytes"):
        _read(tmp_path, "t.csv", CSV.encode())
    FRAME.to_parquet(tmp_path / "t.parquet")
    with pytest.raises(InputError, match="more than 10 bytes"):
        read_table(tmp_path / "t.parquet", "t.parquet")


def test_ragged_rows_are_named_as_a_spreadsheet_numbers_them(tmp_path):
    with pytest.raises(InputError) as caught:
        _read(tmp_path, "t.csv", b"a,b\n1,2\n1,2,3\n1,2\n1\n")
    (fault,) = caught.value.faults
    assert fault.row == 3
    assert fault.what.endswith("row 3 has 3, row 5 has 1")


@pytest.mark.parametrize("header", ["负荷 (MW)", " 负荷 (mw) ", "负荷"])
def test_headers_fit_exactly_or_regardless_of_case_space_and_unit(header):
    assert Table("t", ("time", "负荷 (MW)"), ()).find(header) == 1


def test_an_exact_header_wins_over_a_similar_one():
    table = Table("t", ("Load", "load"), ())
    assert (table.find("load"), table.find("Load")) == (1, 0)
    with pytest.raises(InputError, match="occurs 2 times"):
        table.find("LOAD")


def test_the_nearest_header_is_suggested():
    with pytest.raises(InputError) as caught:
        Table("t", ("time", "load_kw"), ()).find("laod_kw", "load.it.power_kw")
    (fault,) = caught.value.faults
    assert fault.hint == "did you mean `load_kw`?"
    assert fault.key == "load.it.power_kw"


def test_numbers_kept_as_text_are_numbers_and_flags_are_not():
    assert read_numbers(object_column(["1.5", 2])).tolist() == [1.5, 2.0]
    assert np.isnan(read_numbers(object_column([True, None, "x"]))).all()
