import pytest

from storage_opt.cli.failures import failure_text
from storage_opt.errors import (
    Conflict,
    Fault,
    FormulationError,
    InfeasibleError,
    InputError,
    SolverError,
    UnboundedError,
)


def test_each_fault_has_its_place_and_hint():
    faults = [
        Fault("power is -200 kW, must be at least 0", "give a positive number", "site.toml", "battery.bess.power_kw"),
        Fault("gap of 3 h", "fill it", "load.csv", row=17, column="load_mw"),
    ]
    assert failure_text(InputError(faults)) == (
        "error: power is -200 kW, must be at least 0 (site.toml, `battery.bess.power_kw`)\n"
        "\n"
        "hint: give a positive number\n"
        "\n"
        "error: gap of 3 h (load.csv, row 17, column `load_mw`)\n"
        "\n"
        "hint: fill it"
    )


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (
            FormulationError("two_part.demand", "falls with demand", "give rising tiers"),
            "error: `two_part.demand` falls with demand\n\nhint: give rising tiers",
        ),
        (
            UnboundedError(["grid.export_kw"], "give `grid.export_limit_kw`"),
            "error: cost falls without end along `grid.export_kw`\n\nhint: give `grid.export_limit_kw`",
        ),
        (
            SolverError("PIQP: ended after 60 s", "try `--solver CLARABEL`"),
            "error: PIQP: ended after 60 s\n\nhint: try `--solver CLARABEL`",
        ),
        (
            InfeasibleError([Conflict("grid.import_limit", "grid import limit", 120.5, "kW", "grid.import_limit_kw")]),
            "error: no schedule keeps all rules; this one cannot be kept:\n"
            "  - grid import limit (`grid.import_limit_kw`): would have to give by 120.5 kW\n"
            "\n"
            "hint: relax `grid.import_limit_kw` by 120.5 kW",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_failures_end_with_one_action(failure, text):
    assert failure_text(failure) == text


def test_all_faults_of_a_site_are_printed_at_once(run, change):
    change("energy_kwh = 4000", "energy_kwh = -4000")
    change("import_limit_kw = 4000", "import_limits_kw = 4000")
    result = run("check", "teahouse", code=2)
    assert result.stdout == ""
    assert result.stderr.count("error: ") == 2
    assert result.stderr.count("\n\nhint: ") == 2
    assert "`battery.bess.energy_kwh`" in result.stderr
    assert "`grid.import_limits_kw`" in result.stderr


def test_an_unknown_site_lists_the_profiles(run, site_folder):
    del site_folder
    assert run("check", "nowhere", code=2).stderr == (
        "error: there is no folder, site file or profile named `nowhere`\n"
        "\n"
        "hint: give a folder with site.toml, or one of the profiles "
        "`guian`, `industrial`, `stacking`, `ulanqab`, `yangtze`\n"
    )


def test_a_part_outside_the_horizon_is_refused(run, site_folder):
    del site_folder
    stderr = run("optimize", "teahouse", "--from", "2026-01-01", code=2).stderr
    assert "outside the horizon" in stderr
    assert "hint: choose --from and --to within 2027-06-28 and 2027-07-05" in stderr
