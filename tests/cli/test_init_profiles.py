import csv
import io
import json

import pytest

from storage_opt.catalog.profiles import profile_names


def test_profiles_in_all_forms(run):
    names = list(profile_names())
    assert [row["name"] for row in json.loads(run("profiles", "-f", "json").stdout)["profiles"]] == names
    assert [row["name"] for row in csv.DictReader(io.StringIO(run("profiles", "-f", "csv").stdout))] == names
    table = run("profiles").stdout
    assert all(name in table for name in names)


def test_init_copies_a_profile_that_then_checks(run, site_folder):
    result = run("init", "industrial", "mine")
    copied = site_folder.parent / "mine"
    assert sorted(result.stdout.splitlines()) == sorted(f"mine/{file.name}" for file in copied.iterdir())
    assert (copied / "site.toml").is_file()
    assert result.stderr == "next: edit `mine/site.toml`, then `storage-opt check mine`\n"
    run("check", "mine")


def test_init_names_the_folder_after_the_profile(run, site_folder):
    run("init", "industrial")
    assert (site_folder.parent / "industrial" / "site.toml").is_file()


def test_init_overwrites_nothing(run, site_folder):
    before = (site_folder / "site.toml").read_bytes()
    assert run("init", "industrial", "teahouse", code=2).stderr == (
        "error: `teahouse` exists already; `init` overwrites nothing (teahouse)\n"
        "\n"
        "hint: name a folder that does not exist yet\n"
    )
    assert [file.name for file in site_folder.iterdir()] == ["site.toml"]
    assert (site_folder / "site.toml").read_bytes() == before


@pytest.mark.parametrize("name", ["ulanqap", "nothing-like-it"])
def test_init_of_an_unknown_profile_leaves_nothing(run, site_folder, name):
    stderr = run("init", name, "new", code=2).stderr
    assert f"there is no profile named `{name}`" in stderr
    assert not (site_folder.parent / "new").exists()
