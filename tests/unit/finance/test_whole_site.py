"""The project that a site file describes by itself."""

import numpy as np
import pytest

from storage_opt.charges.base import Stream
from storage_opt.finance.project import AssetSize
from storage_opt.finance.whole_site import project_of_site, sizes_of_site
from storage_opt.io.site_file import parse_spec
from tests.support.shipped import shipped
from tests.support.site_folders import SITE

COSTS = "[finance]\nyears = 3\n[finance.cost.bess]\ncapex_per_kwh = 800\n"


def test_what_has_a_cost_is_new_at_its_size():
    spec = parse_spec(SITE + COSTS + "[finance.cost.pv]\ncapex_per_kw = 3000\n")
    project = project_of_site(spec, {Stream.ENERGY: np.ones(3)})
    assert project.sizes == {"bess": AssetSize(500, 1000), "pv": AssetSize(power_kw=500)}


def test_grid_and_tank():
    costs = {"data_centre": {"capex_per_kwh": 90.0}, "grid": {"capex_per_kva": 300.0}}
    plain = shipped("guian").spec
    spec = type(plain).model_validate(plain.model_dump() | {"finance": {"cost": costs}})
    tank = spec.facility["data_centre"].cooling.tank
    sizes = sizes_of_site(spec)
    assert sizes["data_centre"] == AssetSize(max(tank.charge_kw, tank.discharge_kw), tank.energy_kwh)
    assert sizes["grid"].capacity_kva > 0


def test_what_is_missing_is_said():
    with pytest.raises(ValueError, match=r"write a \[finance\] section"):
        project_of_site(parse_spec(SITE), {})
    unsized = parse_spec(SITE.replace("transformer_kva", "# transformer_kva") + "[finance.cost.grid]\ncapex = 5\n")
    with pytest.raises(ValueError, match=r"grid\.transformer_kva"):
        sizes_of_site(unsized)
    assert sizes_of_site(parse_spec(SITE)) == {}
