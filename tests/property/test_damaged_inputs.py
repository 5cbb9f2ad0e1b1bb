"""Whatever stands in the files, the answer is a site or faults with hints, never another exception."""

from __future__ import annotations

import gzip
import io
import re
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage_opt.errors import Fault, InputError
from storage_opt.io.site_file import load_site
from storage_opt.io.tables import read_table
from tests.support.site_folders import SITE, good_site

VALUES = (
    *("1", "-1", "0.5", "1e400", "nan", "true", '""', '"x"', "[]", "[1]", "[[1]]", "{}", "{a = 1}", "[{}]", "[nan, 1]"),
    *("2026-01-01", "10:00:00", "2026-01-01T00:00:00Z", "9223372036854775808", '"\\u0000"', '["a"]', "99999999"),
    *(
        '{file = "load.csv"}',
        "{file = 1, column = 2}",
        '{file = "", column = ""}',
        '{file = "pv.csv", column = "time"}',
    ),
)
LINES = SITE.splitlines()
KEYS = [number for number, line in enumerate(LINES) if re.match(r"^\w+ = ", line)]
HEADERS = [number for number, line in enumerate(LINES) if line.startswith("[")]


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory() as name:
        yield good_site().write(Path(name))


def _load(folder, lines):
    (folder / "site.toml").write_text("\n".join(lines), encoding="utf-8")
    faults: tuple[Fault, ...] = ()
    try:
        assert load_site(folder).horizon.steps > 0
    except InputError as error:
        faults = error.faults or (Fault("", ""),)
    assert all(fault.what and fault.hint for fault in faults)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), min_size=1, max_size=3))
def test_any_value_at_any_key(folder, changes):
    lines = list(LINES)
    for number, value in changes.items():
        lines[number] = f"{lines[number].split(' = ')[0]} = {value}"
    _load(folder, lines)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.sampled_from(HEADERS),
    st.sampled_from(["", "[x]", "[[load]]", "[load]", "[[tariff]]", "[horizon.start]", "[grid.x]"]),
)
def test_any_table_in_place_of_another(folder, number, header):
    _load(folder, [*LINES[:number], header, *LINES[number + 1 :]])


def _packed(name):
    frame = good_site().frame("load.csv").head(60)
    buffer = io.BytesIO()
    if name.endswith("xlsx"):
        frame.to_excel(buffer, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(buffer)
    else:
        buffer.write(gzip.compress(frame.to_csv(index=False).encode(), mtime=0))
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["t.xlsx", "t.parquet", "t.csv.gz"])
def test_any_bytes_in_a_packed_table(tmp_path, name):
    rng = np.random.default_rng(11)
    good = np.frombuffer(_packed(name), dtype=np.uint8)
    read = refused = 0
    for _ in range(250):
        data = good.copy()
        places = rng.integers(0, data.size, rng.integers(1, 6))
        data[places] = rng.integers(0, 256, places.size)
        end = rng.integers(1, data.size) if rng.random() < 0.2 else data.size
        (tmp_path / name).write_bytes(data[:end].tobytes())
        try:
            read_table(tmp_path / name, name)
            read += 1
        except InputError:
            refused += 1
    assert refused > 0
    assert read + refused == 250


def test_the_undamaged_tables_are_read(tmp_path):
    for name in ("t.xlsx", "t.parquet", "t.csv.gz"):
        (tmp_path / name).write_bytes(_packed(name))
        assert read_table(tmp_path / name, name).rows == 60
