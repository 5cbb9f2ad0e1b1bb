"""What using the assets costs: battery wear, load that is dropped, energy of plants, curtailment."""

from __future__ import annotations

import numpy as np

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.charges.energy import EnergyCharge
from storage_opt.errors import Faults
from storage_opt.lowering.refusal import gathered, refuse
from storage_opt.lowering.wear import lower_wear
from storage_opt.schedule import Flow, FlowKind, Metered
from storage_opt.spec.generator import GeneratorSpec
from storage_opt.spec.resolved import Site

__all__ = ["DROPPED_PAYEE", "lower_assets"]

DROPPED_PAYEE = "users of the load"
"""Who bears that load is dropped."""


def lower_assets(site: Site) -> tuple[Charge, ...]:
    """A charge for each cost of an asset that is not zero.

    Raises
    ------
    InputError
        When a cost given as an array does not fit the horizon, a window of rest cuts an interval, or cycles may be
        deeper than their life is known.
    """
    faults = Faults()
    charges: list[Charge] = []
    for name, battery in site.spec.battery.items():
        with gathered(faults):
            charges.extend(lower_wear(name, battery, site))
    for name, load in site.spec.load.items():
        if load.curtailable_frac and load.curtailment_cost_per_kwh is not None:
            line = Line(f"{name}.dropped", DROPPED_PAYEE, Stream.SERVICE)
            price = np.full(site.horizon.steps, load.curtailment_cost_per_kwh)
            charges.append(EnergyCharge(line, Metered.of(Flow(name, FlowKind.DROPPED_KW)), price))
    for name, plant in site.spec.generator.items():
        with gathered(faults):
            charges.extend(_plant(name, plant, site))
    faults.raise_if_any()
    return tuple(charges)


def _plant(name: str, plant: GeneratorSpec, site: Site) -> list[Charge]:
    charges: list[Charge] = []
    if plant.energy_cost_per_kwh:
        price = np.full(site.horizon.steps, plant.energy_cost_per_kwh)
        line = Line(f"{name}.energy", plant.payee, Stream.GENERATION)
        charges.append(EnergyCharge(line, Metered.of(Flow(name, FlowKind.USED_KW)), price))
    try:
        price = site.values(plant.curtailment_cost_per_kwh)
    except ValueError as error:
        key = f"generator.{name}.curtailment_cost_per_kwh"
        refuse(key, str(error), "give one value for each interval of the horizon")
    if np.any(price):
        line = Line(f"{name}.curtailment", plant.payee, Stream.CURTAILMENT)
        charges.append(EnergyCharge(line, Metered.of(Flow(name, FlowKind.CURTAILED_KW)), price))
    return charges
