import csv
import io
import json
import re

COLUMNS = ["kind", "name", "rows", "equation", "words", "unit", "worth"]


def test_every_charge_and_rule_is_told_with_its_equation(run, site_folder):
    rows = list(csv.DictReader(io.StringIO(run("explain", site_folder, "-f", "csv").stdout)))
    assert list(rows[0]) == COLUMNS
    charges = {row["name"]: row for row in rows if row["kind"] == "charge"}
    assert set(charges) == {"two_part.energy", "two_part.demand", "sale.energy"}
    assert all(row["equation"] for row in rows if row["kind"] != "variable")
    assert {"grid.import_kw", "bess.charge_kw"} <= {row["name"] for row in rows if row["kind"] == "variable"}
    assert {"grid.import_limit", "bess.dynamics"} <= {row["name"] for row in rows if row["kind"] == "constraint"}


def test_table_is_grouped_by_owner(run, site_folder):
    text = run("explain", site_folder).stdout
    for words in ("Charges 计费项", "Variables 变量", "Constraints 约束: bess", "Constraints 约束: grid"):
        assert words in text
    assert "`battery.bess.power_kw`" in text


def test_after_a_solve_binding_limits_are_told_in_words(run, site_folder):
    found = json.loads(run("explain", site_folder, "--solve", "-f", "json").stdout)
    assert found["currency"] == "CNY"
    sentence = re.compile(
        r"(one more kWh? of|one kWh? less of) [\w ]+ in 2027-0[67] is worth [\d.,]+ CNY \(binds in \d+ intervals?\)"
        r"|moving [\w ]+ by one kWh? in (2027-0[67]|horizon) is worth [\d.,]+ CNY \(binds in \d+ intervals?\)"
    )
    assert found["binding"]
    assert all(sentence.fullmatch(line) for line in found["binding"]), found["binding"]
    assert found["binding"][0] in run("explain", site_folder, "--solve").stdout


def test_csv_holds_the_worth_as_a_number(run, site_folder):
    rows = list(csv.DictReader(io.StringIO(run("explain", site_folder, "--solve", "-f", "csv").stdout)))
    binding = [row for row in rows if row["kind"] == "binding"]
    assert binding
    assert all(float(row["worth"]) > 0.0 and int(row["rows"]) > 0 for row in binding)
