"""A tariff as charges on the flow it meters."""

from __future__ import annotations

from storage_opt.charges.base import Charge, Line, Stream
from storage_opt.errors import Faults
from storage_opt.lowering.demand import lower_demand
from storage_opt.lowering.energy import lower_energy
from storage_opt.lowering.fixed import lower_fixed, lower_minimum
from storage_opt.lowering.refusal import gathered
from storage_opt.schedule import GRID, Flow, FlowKind, Metered
from storage_opt.spec.resolved import Site
from storage_opt.spec.site import SiteSpec
from storage_opt.spec.tariff import Meter, TariffSpec

__all__ = ["lower_tariff", "metered_flow"]


def metered_flow(meter: Meter, spec: SiteSpec) -> Metered:
    """What a tariff's meter reads. [kW]"""
    imported, exported = Metered.of(Flow(GRID, FlowKind.IMPORT_KW)), Metered.of(Flow(GRID, FlowKind.EXPORT_KW))
    match meter:
        case Meter.IMPORT:
            return imported
        case Meter.EXPORT:
            return exported
        case Meter.NET:
            return imported - exported
        case Meter.LOAD:
            return Metered.of(*(Flow(name, FlowKind.LOAD_KW) for name in spec.consumers))


def lower_tariff(name: str, tariff: TariffSpec, site: Site) -> tuple[Charge, ...]:
    """All charges of one tariff, the minimum bill last.

    Parameters
    ----------
    name : str
        Name of the tariff; lines are called ``<tariff>.<charge>``.
    tariff : TariffSpec
        What the user wrote.
    site : Site
        Horizon, series and the loads a load meter reads.

    Raises
    ------
    InputError
        When charges can't be applied to the horizon; lists all faults of the tariff.
    """
    faults = Faults()
    charges: list[Charge] = []
    metered, key = metered_flow(tariff.meter, site.spec), f"tariff.{name}"
    energy = Stream.EXPORT if tariff.meter is Meter.EXPORT else Stream.ENERGY

    def line(charge: str, stream: Stream) -> Line:
        return Line(f"{name}.{charge}", tariff.payee, stream)

    for number, part in enumerate(tariff.energy):
        with gathered(faults):
            place = f"{key}.energy[{number}]"
            charges.append(lower_energy(part, tariff, line(part.name, energy), metered, site, place))
    for number, peak in enumerate(tariff.demand):
        with gathered(faults):
            place = f"{key}.demand[{number}]"
            charges.extend(lower_demand(peak, line(peak.name, Stream.DEMAND), metered, site, place))
    for number, fee in enumerate(tariff.fixed):
        with gathered(faults):
            place, its_line = f"{key}.fixed[{number}]", line(fee.name, Stream.FIXED)
            charges.extend(lower_fixed(fee, its_line, site.horizon, place, paid_to_site=tariff.paid_to_site))
    faults.raise_if_any()
    if tariff.minimum_bill is not None:
        its_line = line(tariff.minimum_bill.name, Stream.MINIMUM)
        charges.append(lower_minimum(tariff.minimum_bill, its_line, charges, site.horizon))
    return tuple(charges)
