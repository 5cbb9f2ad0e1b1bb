"""A site that is written to a file and read again is the same site."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings

from storage_opt.io.site_file import load_site, read_spec
from storage_opt.io.site_writer import write_site
from tests.support.site_strategies import site_specs


@settings(max_examples=40, deadline=None, derandomize=True)
@given(site_specs(files=True))
def test_the_spec_survives_the_file(spec):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.toml"
        write_site(spec, path)
        assert read_spec(path) == spec


@settings(max_examples=20, deadline=None, derandomize=True)
@given(site_specs())
def test_a_site_without_tables_loads_from_what_was_written(spec):
    with tempfile.TemporaryDirectory() as folder:
        write_site(spec, Path(folder) / "site.toml")
        site = load_site(folder)
    assert site.spec == spec
    assert site.horizon == spec.horizon.build()
    assert site.notes == ()
