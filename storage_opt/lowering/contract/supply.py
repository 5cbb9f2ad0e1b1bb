"""Direct supply and grid backup as lines of a bill, by component and regime.

With import I, export X, used generation G, load L and step h, a billing period pays (1192号 and its neighbours):

| line | amount | regimes |
|---|---|---|
| grid_energy, contract_difference, day_ahead_difference | h sum I p, or as the market settles | all but off-grid |
| capacity_compensation, line_loss | h sum I p | all but off-grid |
| transmission | h sum I tau; or tau LF 730 S_access; or h sum L tau | ordinary; single capacity; two-part |
| system_operation, system_capacity | h sum I p_system (or of L); p S_access | all but off-grid |
| funds | h sum I p_funds | all but off-grid |
| funds_self_use, cross_subsidy | h sum (G - X - storage losses) p, unless exempt | direct, off-grid |
| basic, basic_band, basic_excess | capacity, declared or actual demand, with rebate | all but off-grid |
| power_factor | share of energy, loss, network, system and basic lines | all but off-grid |
| plant_energy, plant_take_or_pay, plant_cfd | h sum (G - X) p, h sum G p, or a fixed shape | plants of others |
| green_premium, certificates, certificates_sold | green import, missing and sold certificates | any |
| export | - h sum X p_export (1 - loss) | all but off-grid |
"""

from __future__ import annotations

from storage_opt.charges.base import Charge
from storage_opt.errors import Faults
from storage_opt.lowering.contract.basic import lower_basic
from storage_opt.lowering.contract.bill import Bill
from storage_opt.lowering.contract.defaults import contract_with_defaults
from storage_opt.lowering.contract.green import lower_green
from storage_opt.lowering.contract.grid_energy import lower_cross_subsidy, lower_funds, lower_grid_energy
from storage_opt.lowering.contract.network import lower_network
from storage_opt.lowering.contract.plant import lower_export, lower_plant
from storage_opt.lowering.contract.power_factor import lower_power_factor
from storage_opt.lowering.refusal import gathered
from storage_opt.spec.resolved import Site
from storage_opt.spec.supply import Regime

__all__ = ["lower_supply"]


def lower_supply(site: Site) -> tuple[Charge, ...]:
    """Every line of the supply contract; none without one.

    Parameters
    ----------
    site : Site
        A validated site.

    Raises
    ------
    InputError
        When a price that the regime needs is missing; lists all of them.
    """
    if site.spec.contract is None or site.spec.contract.supply is None:
        return ()
    contract = contract_with_defaults(site).contract
    assert contract.supply is not None
    bill = Bill(site, contract, contract.supply)
    off_grid = bill.spec.regime is Regime.OFF_GRID
    faults = Faults()
    adjusted: list[Charge] = []
    for lines in () if off_grid else (lower_grid_energy, lower_network, lower_basic):
        with gathered(faults):
            adjusted += lines(bill)
    charges = list(adjusted)
    with gathered(faults):
        charges += lower_power_factor(bill, tuple(adjusted))
    for lines in (lower_funds, lower_cross_subsidy, lower_plant, lower_green, *(() if off_grid else (lower_export,))):
        with gathered(faults):
            charges += lines(bill)
    faults.raise_if_any()
    return tuple(charges)
