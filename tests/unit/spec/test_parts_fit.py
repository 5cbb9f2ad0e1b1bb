"""What does not fit together at a site is told at once: every name and number, where it stands and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from storage_opt.errors import Fault, InputError
from storage_opt.io.site_file import parse_spec

SITE = """
name = "all wrong"
[horizon]
start = 2027-01-01
end = 2027-01-02
step_minutes = 60
[load.hall]
power_kw = 100
[battery.hall]
energy_kwh = 10
power_kw = 5
[cluster.gpu]
facility = "nowhere"
installed_units = 4
idle_kw_per_unit = 0.1
full_kw_per_unit = 0.7
[workload.train]
cluster = "none"
kind = "batch"
units = 1.0
max_delay_h = 4
[backup]
ride_through_h = 1
critical_frac = 0.5
batteries = ["bes", "bess"]
[finance.cost.wind]
capex_per_kw = 3000
[finance.cost.hall]
capex_per_kva = 10
[sizing.battery.bss]
energy_kwh = { most = 100 }
[sizing.generator.pv]
capacity_kw = { most = 100 }
[sizing.grid]
transformer_kva = { most = 100 }
"""

TOLD = {
    "`tariff` is missing": "tariff",
    "name 'hall' is used twice": "battery.hall",
    "cluster 'gpu' stands in facility 'nowhere'": "cluster.gpu.facility",
    "workload 'train' runs on cluster 'none'": "workload.train.cluster",
    "backup names battery 'bes'": "backup.batteries",
    "backup names battery 'bess'": "backup.batteries",
    "finance.cost names 'wind'": "finance.cost.wind",
    "sizing.battery names 'bss'": "sizing.battery.bss",
    "sizing.generator names 'pv'": "sizing.generator.pv",
}
OF_NUMBERS = {
    "finance.cost.hall.capex_per_kva does not fit a battery": "finance.cost.hall.capex_per_kva",
    "sizing.grid opens transformer_kva": "sizing.grid.transformer_kva",
}


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as refused:
        parse_spec(text)
    return refused.value.faults


def assert_told(faults: Sequence[Fault], expected: Mapping[str, str]) -> None:
    assert len(faults) == len(expected)
    for fault, (words, key) in zip(faults, expected.items(), strict=True):
        assert fault.what.startswith(words)
        assert fault.key == key
        assert fault.hint


def test_everything_that_does_not_fit_is_told_at_once():
    assert_told(faults_of(SITE), TOLD | OF_NUMBERS)


def test_names_are_told_beside_broken_fields():
    """Also where fields are wrong, so that mending them does not bring up the next round of faults."""
    broken = SITE.replace("energy_kwh = 10\n", "energy_kwh = -10\n").replace("end = 2027-01-02", "end = 2026-01-02")
    of_fields, of_names = faults_of(broken)[:2], faults_of(broken)[2:]
    assert {fault.key for fault in of_fields} == {"horizon", "battery.hall.energy_kwh"}
    assert_told(of_names, TOLD)


def test_what_follows_from_a_misspelt_section_is_not_told():
    misspelt = SITE.replace("[workload.train]", "[workloads.train]")
    assert [fault.key for fault in faults_of(misspelt)] == ["workloads"]


@pytest.mark.parametrize("section", ["cluster = 3", "backup = []", 'battery = "b"', "finance = { cost = [1] }"])
def test_sections_of_a_wrong_kind_are_passed_over(section):
    rest = "[horizon]" + SITE.partition("[horizon]")[2].partition("[battery.hall]")[0]
    found = faults_of(f'name = "x"\n{section}\n{rest}[tariff.t]\nenergy = [{{ price_per_kwh = 1.0 }}]\n')
    assert section.partition(" ")[0] in {fault.key.partition(".")[0] for fault in found}
